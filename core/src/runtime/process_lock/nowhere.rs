//! On other systems.

use std::io;
use std::path::Path;

use super::FileNumbers;

/// Fails: others could not tell.
pub(crate) fn hold_until_death(_: &Path, _: u64) -> io::Result<(String, FileNumbers)> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Fails: nobody can tell.
pub(crate) fn wait_until_free(_: &Path, _: FileNumbers, _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
