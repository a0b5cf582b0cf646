//! What went wrong with a file.

use std::io;
use std::path::Path;

use crate::error::{Error, ErrorKind};

/// An input or output error, which may pass.
pub(super) fn unavailable(action: &str, path: &Path, error: io::Error) -> Error {
    let message = format!("cannot {action} {}: {error}", path.display());
    Error::new(ErrorKind::Unavailable, message).with_source(error)
}
