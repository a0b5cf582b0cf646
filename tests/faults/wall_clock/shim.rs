//! Candidates whose wall clocks a test sets, each its own. Their other clocks run on as they do.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use tempfile::TempDir;

use crate::candidates::CandidateProcess;

pub(crate) struct WallClocks {
    folder: TempDir,
}

impl WallClocks {
    /// Builds the library that is called before the C library's clock.
    pub(crate) fn new() -> Result<Self> {
        let clocks = Self {
            folder: tempfile::tempdir()?,
        };
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let status = Command::new("cc")
            .args(["-shared", "-fPIC", "-Wall", "-Werror", "-O", "-o"])
            .arg(clocks.folder.path().join(LIBRARY))
            .arg(package.join("faults/wall_clock/shim.c"))
            .status()?;
        ensure!(status.success(), "cc ended with {status}");
        Ok(clocks)
    }

    /// What a program is run by, so that it has such a clock.
    pub(crate) fn words(&self) -> Vec<String> {
        let folder = self.folder.path();
        let library = folder.join(LIBRARY);
        vec![
            "env".to_owned(),
            format!("LD_PRELOAD={}", library.display()),
            format!("WALL_CLOCKS={}", folder.display()),
        ]
    }

    /// The candidate's wall clock is wrong by so many seconds from now on.
    pub(crate) fn shift(&self, candidate: &CandidateProcess, seconds: i64) -> Result<()> {
        let clock = self.folder.path().join(candidate.id().to_string());
        Ok(std::fs::write(clock, seconds.to_string())?)
    }
}

const LIBRARY: &str = "shim.so";
