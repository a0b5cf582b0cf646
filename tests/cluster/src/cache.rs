//! The user's cache folder, which several processes may use at once.

use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folder for what is built once. Outside the source tree, so that a clean checkout need not
/// build again.
pub fn folder() -> Result<PathBuf> {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .context("no folder for the cache: neither XDG_CACHE_HOME nor HOME is an absolute path")?;
    Ok(base.join("leasehold/test-cluster"))
}

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
