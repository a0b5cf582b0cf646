//! What is built and run alike for each language with a binding.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::steps::{cargo, run, run_with};
use crate::target_folder;

/// Fails with `advice` where `program` cannot be run.
pub(crate) fn check_installed(program: &str, advice: &str) -> Result<()> {
    let version = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    ensure!(
        version.is_ok_and(|status| status.success()),
        "{advice}: `{program} --version` must work"
    );
    Ok(())
}

/// Builds the native library of `package`, called `lib<library>`, and returns its file.
pub(crate) fn native_library(package: &str, library: &str, release: bool) -> Result<PathBuf> {
    // With all others in debug, so that their dependencies are those of the tests, and built once.
    let (which, profile) = if release {
        (&["--release", "--package", package][..], "release")
    } else {
        (&["--workspace", "--lib"][..], "debug")
    };
    let build = ["build", "--quiet", "--locked"];
    run(&cargo(), &[&build[..], which].concat())?;
    let extension = if cfg!(target_os = "macos") {
        "dylib"
    } else {
        "so"
    };
    let file = format!("lib{library}.{extension}");
    Ok(target_folder().join(profile).join(file))
}

/// Puts the agent that `command` runs to the test of `tests/` called `name`.
pub(crate) fn test_agent(name: &str, command: &[String]) -> Result<()> {
    let test = ["test", "--quiet", "--locked", "--workspace", "--test", name];
    run_with(
        Command::new(cargo())
            .args(test)
            .env("LEASEHOLD_CANDIDATE", command.join(" ")),
    )
}

/// Runs the first program of a page of the documentation as a newcomer does, with what stands in
/// the folder `packages`.
pub(crate) fn first_program(page: &str, packages: &Path) -> Result<()> {
    let newcomer = [
        "test",
        "--quiet",
        "--locked",
        "--workspace",
        "--test",
        "first_program",
    ];
    run_with(
        Command::new(cargo())
            .args(newcomer)
            .env("LEASEHOLD_PAGE", page)
            .env("LEASEHOLD_PACKAGES", packages),
    )
}
