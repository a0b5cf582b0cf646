//! What cargo builds: for all languages at once, so that each crate is compiled once.

use std::path::Path;

use anyhow::{Result, anyhow};
use xshell::{Shell, cmd};

use crate::platform::NativeHalf;
use crate::steps::Step;
use crate::{root, target_folder, utf8};

/// The programs and libraries of the whole workspace, in debug.
pub(crate) const ALL: [&str; 2] = ["--lib", "--bins"];

/// A shell in the root of the checkout.
pub(crate) fn shell() -> Result<Shell> {
    let shell = Shell::new()?;
    shell.change_dir(root());
    Ok(shell)
}

/// The cargo that runs us, so that all of it is one toolchain.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Builds `targets` of the workspace in debug.
pub(crate) fn debug(step: &Step, targets: &[&str]) -> Result<()> {
    let (shell, cargo) = (shell()?, cargo());
    // With `--examples`, the features of what tests depend on are in it, as in `cargo test`: else
    // the core and all below it would be compiled twice. With `--package` it would be once more.
    let build = cmd!(shell, "{cargo} build --workspace --locked --examples");
    step.run(build.args(targets))
}

/// Builds `tests` of the workspace and runs them, with `environment`.
pub(crate) fn test(step: &Step, test: &str, environment: &[(&str, &str)]) -> Result<()> {
    let (shell, cargo) = (shell()?, cargo());
    let test = cmd!(shell, "{cargo} test --workspace --locked --test {test}");
    step.run(test.envs(environment.iter().copied()))
}

/// A program of this workspace that [`debug`] has built.
pub(crate) fn program(name: &str) -> Result<String> {
    utf8(target_folder().join("debug").join(name))
}

/// The libraries of this machine, in debug as [`debug`] has built them, or built here as they are
/// delivered.
pub(crate) fn native_half(step: &Step, release: bool) -> Result<NativeHalf> {
    if !release {
        return NativeHalf::of_host("debug");
    }
    let (shell, cargo) = (shell()?, cargo());
    // Without tests, whose features are not to be in it; for all languages, which then share.
    let packages = ["leasehold-java", "leasehold-node", "leasehold-python"];
    let packages = packages.iter().flat_map(|package| ["--package", package]);
    step.run(cmd!(
        shell,
        "{cargo} build --release --locked --lib {packages...}"
    ))?;
    NativeHalf::of_host("release")
}

/// Puts the agent that `command` runs to the test of `tests/` called `name`.
pub(crate) fn test_agent(step: &Step, name: &str, command: &[String]) -> Result<()> {
    let command = command.join(" ");
    test(step, name, &[("LEASEHOLD_CANDIDATE", &command)])
}

/// Runs the first program of a page of the documentation as a newcomer does, with what is in the
/// folder `packages`.
pub(crate) fn first_program(step: &Step, page: &str, packages: &Path) -> Result<()> {
    let packages = utf8(packages.to_owned())?;
    let environment = [("LEASEHOLD_PAGE", page), ("LEASEHOLD_PACKAGES", &packages)];
    test(step, "first_program", &environment)
}

/// Fails with `advice` if `program` cannot be run.
pub(crate) fn check_installed(program: &str, advice: &str) -> Result<()> {
    let shell = shell()?;
    let version = cmd!(shell, "{program} --version").quiet();
    let version = version.ignore_stdout().ignore_stderr().run();
    version.map_err(|_| anyhow!("{advice}: `{program} --version` must work"))
}
