//! The user's cache folder, which several processes may use at once.

mod folder;

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};

pub use self::folder::folder;

/// Waits until no other process holds the lock. It is released with the value.
pub(crate) fn lock(path: &Path, what: &str) -> Result<File> {
    let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
    if file.try_lock().is_err() {
        eprintln!("test-cluster: waiting for another process that prepares {what}");
        file.lock()
            .with_context(|| format!("locking {}", path.display()))?;
    }
    Ok(file)
}
