//! Whether the same commit makes the same bytes, no matter where it is built.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use xshell::cmd;

use super::sums;
use crate::build::{cargo, shell};
use crate::platform::Platform;
use crate::steps::Step;
use crate::target_folder;

/// Below the folder of what is built, which makes each path in it longer.
const CLONE: &str = "a-clone-in-another-folder";

/// Makes the packages for `platforms` again from a clone of the commit, and compares them with those
/// in `packages`.
pub(super) fn check(step: &Step, platforms: &[&Platform], packages: &Path) -> Result<()> {
    let (shell, cargo) = (shell()?, cargo());
    let changes = cmd!(shell, "git status --porcelain").quiet().read()?;
    ensure!(
        changes.is_empty(),
        "commit first: what is built again is the commit, without\n{changes}"
    );
    // With nothing of an earlier one but what cargo knows to be as it would build it.
    let clone = target_folder().join(CLONE);
    if !clone.exists() {
        let here = shell.current_dir();
        step.run(cmd!(
            shell,
            "git clone --quiet --no-checkout {here} {clone}"
        ))?;
    }
    let commit = cmd!(shell, "git rev-parse HEAD").quiet().read()?;
    shell.change_dir(&clone);
    step.run(cmd!(shell, "git fetch --quiet origin {commit}"))?;
    step.run(cmd!(
        shell,
        "git checkout --quiet --force --detach {commit}"
    ))?;
    let chosen = platforms.iter().flat_map(|it| ["--target", it.name]);
    let again = cmd!(shell, "{cargo} xtask package {chosen...}");
    step.run(again.env_remove("CARGO_TARGET_DIR"))?;
    let again = clone.join("target/packages");
    let [first, second] = [packages, &again].map(|it| fs::read_to_string(it.join(sums::FILE)));
    let (first, second) = (first?, second?);
    let others: Vec<_> = second
        .lines()
        .filter(|line| !first.lines().any(|it| it == *line))
        .collect();
    ensure!(
        first == second,
        "other bytes in {}:\n{}",
        again.display(),
        others.join("\n")
    );
    Ok(())
}
