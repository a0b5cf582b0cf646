//! Programs that are installed from crates.io, once, beside the cached test cluster.

use std::path::PathBuf;

use anyhow::Result;

use crate::steps::{cargo, run};
use crate::utf8;

pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) features: &'static [&'static str],
}

impl Tool {
    /// Installs it if that has not been done, and returns where it is.
    pub(crate) fn program(&self) -> Result<PathBuf> {
        let Self {
            name,
            version,
            features,
        } = self;
        let cache = leasehold_test_cluster::cache_folder()?;
        let folder = cache.join(format!("{name}-{version}"));
        let program = folder.join("bin").join(name);
        if !program.exists() {
            println!("installing {name} {version}, once (some minutes) …");
            let root = utf8(folder)?;
            let install = ["install", name, "--version", version, "--root", &root];
            let install = [&install[..], &["--locked", "--quiet", "--debug"]].concat();
            // Built apart: its settings are not those of this workspace.
            run(&cargo(), &[&install[..], features].concat())?;
        }
        Ok(program)
    }
}
