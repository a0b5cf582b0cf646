//! Archives of the programs, for people and scripts that download them.

use std::path::Path;

use anyhow::Result;
use xshell::cmd;

use super::PROGRAMS;
use crate::build::shell;
use crate::platform::{Platform, System};
use crate::root;
use crate::steps::Step;

/// Makes an archive of the programs for `platform` in the folder `packages`.
pub(super) fn pack(step: &Step, platform: &Platform, packages: &Path) -> Result<()> {
    if !platform.has_programs() {
        return Ok(());
    }
    let shell = shell()?;
    let name = [
        "leasehold-",
        env!("CARGO_PKG_VERSION"),
        "-",
        platform.name.trim_end_matches("-musl"),
    ]
    .concat();
    let contents = shell.create_temp_dir()?;
    let folder = contents.path().join(&name);
    for program in PROGRAMS.1 {
        let file = platform.program(program);
        shell.copy_file(platform.staged().join(&file), folder.join(&file))?;
    }
    shell.copy_file(root().join("LICENSE"), folder.join("LICENSE"))?;
    shell.copy_file(root().join("cli/README.md"), folder.join("README.md"))?;
    shell.change_dir(contents.path());
    if platform.system == System::Windows {
        let archive = packages.join([&name, ".zip"].concat());
        return step.run(cmd!(shell, "python3 -m zipfile --create {archive} {name}"));
    }
    let archive = packages.join([&name, ".tar.gz"].concat());
    // The same bytes for the same files. gzip has no name and time of what it reads from a pipe.
    step.run(cmd!(
        shell,
        "tar --create --gzip --file {archive} --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar {name}"
    ))
}
