//! Archives of the program, for people and scripts that download them.

use std::fs;
use std::path::Path;

use anyhow::Result;
use xshell::{Cmd, Shell, cmd};

use super::PROGRAM;
use crate::build::shell;
use crate::commit_time::CommitTime;
use crate::platform::{Platform, System};
use crate::steps::Step;
use crate::{copy_file, root};

/// Makes an archive of the program for `platform` in the folder `packages`.
pub(super) fn pack(
    step: &Step,
    platform: &Platform,
    time: &CommitTime,
    packages: &Path,
) -> Result<()> {
    if !platform.has_programs() {
        return Ok(());
    }
    let shell = shell()?;
    shell.create_dir(packages)?;
    let name = [
        "leasehold-",
        env!("CARGO_PKG_VERSION"),
        "-",
        platform.archive(),
    ]
    .concat();
    let contents = shell.create_temp_dir()?;
    let folder = contents.path().join(&name);
    let (package, [program, alias]) = PROGRAM;
    let program = platform.program(program);
    let files = [
        (root().join("LICENSE"), "LICENSE".to_owned()),
        (platform.notice(package), "NOTICE".to_owned()),
        (root().join("cli/README.md"), "README.md".to_owned()),
        (platform.staged().join(&program), program.clone()),
    ];
    for (from, to) in files {
        copy_file(from, folder.join(to))?;
    }
    shell.change_dir(contents.path());
    if platform.system == System::Windows {
        let archive = packages.join([&name, ".zip"].concat());
        // It knows no links, so that the program is in it under one name.
        // It has the times of files, of which zipfile knows no other way.
        let time = ["--date=", time.rfc3339()].concat();
        let names = shell.read_dir(&name)?;
        step.run(cmd!(shell, "touch {time} {names...} {name}"))?;
        let zip = cmd!(shell, "python3 -m zipfile --create {archive} {name}");
        return step.run(zip.env("TZ", "UTC"));
    }
    fs::hard_link(folder.join(program), folder.join(alias))?;
    let tar = "leasehold.tar";
    step.run(self::tar(&shell, tar, time.rfc3339()).arg(&name))?;
    // It would add the name and the time of the file.
    step.run(cmd!(shell, "gzip --no-name --best {tar}"))?;
    let archive = contents.path().join("leasehold.tar.gz");
    copy_file(archive, packages.join([&name, ".tar.gz"].concat()))
}

/// GNU tar that makes `file`, the same for the same files; what to put into it comes after that.
pub(super) fn tar<'a>(shell: &'a Shell, file: &str, time: &str) -> Cmd<'a> {
    cmd!(
        shell,
        "tar --create --file {file} --sort=name --mtime={time} --owner=0 --group=0 --numeric-owner --mode=go-w --format=ustar"
    )
}
