//! Where the cache is. The development commands include this file, so that they need not build the cluster.

use std::env;
use std::path::PathBuf;

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
