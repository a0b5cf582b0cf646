//! Candidates whose wall clocks a test sets, each its own. Their other clocks run on as they do.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use leasehold_tests::{CandidateProcess, Testbed, command_under_test};
use tempfile::TempDir;

pub(crate) struct WallClocks {
    testbed: Testbed,
    folder: TempDir,
}

impl WallClocks {
    /// Builds the library that is called before the C library's clock, and a cluster.
    pub(crate) fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let library = folder.path().join("shim.so");
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let status = Command::new("cc")
            .args(["-shared", "-fPIC", "-Wall", "-Werror", "-O", "-o"])
            .arg(&library)
            .arg(package.join("faults/wall_clock/shim.c"))
            .status()?;
        ensure!(status.success(), "cc ended with {status}");
        let shifted = [
            "env".to_owned(),
            format!("LD_PRELOAD={}", library.display()),
            format!("WALL_CLOCKS={}", folder.path().display()),
        ];
        let candidate = command_under_test(env!("CARGO_BIN_EXE_candidate"));
        let command = [&shifted[..], &candidate].concat();
        let testbed = Testbed::start(&command)?;
        Ok(Self { testbed, folder })
    }

    pub(crate) fn testbed(&self) -> &Testbed {
        &self.testbed
    }

    /// The candidate's wall clock is wrong by so many seconds from now on.
    pub(crate) fn shift(&self, candidate: &CandidateProcess, seconds: i64) -> Result<()> {
        let clock = self.folder.path().join(candidate.id().to_string());
        Ok(std::fs::write(clock, seconds.to_string())?)
    }
}
