//! `cargo xtask test --everywhere`: what `cargo xtask package` has made, on each system and runtime
//! that can be had on this machine.
//!
//! A row is a platform and a runtime. It installs the packages of its platform into a folder of its
//! own, as somebody who uses them does, and runs a program of `tests/everywhere` with its Lease in
//! a folder, and with one on a real API server. Nothing comes from the build tree but the programs.

mod images;
mod installed;
mod kubernetes;
mod native_image;
mod registries;
mod runtimes;
mod systems;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use xshell::cmd;

use self::installed::{Installed, Packing, environment};
use self::runtimes::Row;
use self::systems::How;
use crate::platform::PLATFORMS;
use crate::steps::{Ran, Step, Steps};
use crate::{build, cluster, target_folder};

const LEASE: &str = "everywhere";
/// How the last line of a program begins that has found nothing wrong.
const PASSED: &str = "guarded; ";
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// An emulated runtime that hangs is ended after so many seconds, and again so many later.
const LIMIT: [&str; 3] = ["timeout", "--kill-after=10", "900"];

/// Node under wine cannot write to a pipe, and Python cannot write to a file.
const TO_A_FILE: [&str; 4] = [
    "sh",
    "-c",
    "said=$(mktemp) && \"$@\" >$said 2>&1 </dev/null; code=$?; cat $said; rm $said; exit $code",
    "sh",
];

/// Runs every row that can be run and has this in its name, and says of each other one why it was not.
pub(crate) fn add_to(steps: &Steps, wanted: &str) {
    let mut table = String::from("| platform | runtime | how | outcome |\n|---|---|---|---|\n");
    steps.run("everywhere: an API server", |step| {
        build::debug(step, &["--bin", "test-cluster"])?;
        cluster::prepare(step)
    });
    if steps.have_failed() {
        return;
    }
    for row in runtimes::all() {
        let name = format!("everywhere: {} {}", row.platform, row.name);
        if !name.contains(wanted) {
            continue;
        }
        let mut outcome = "FAILED".to_owned();
        steps.run_if_possible(&name, |step| {
            Ok(match run(step, &row)? {
                Ok(said) => {
                    outcome = format!("passed: {said}");
                    Ran::Yes
                }
                Err(why) => {
                    outcome = format!("not run: {why}");
                    Ran::No(why)
                }
            })
        });
        let (platform, how) = (row.platform, row.how.said());
        let _ = writeln!(table, "| {platform} | {} | {how} | {outcome} |", row.name);
    }
    images::add_to(steps, wanted);
    kubernetes::add_to(steps, wanted);
    let name = "everywhere: what a native image must know";
    if name.contains(wanted) {
        steps.run_if_possible(name, native_image::check);
    }
    println!("\n{table}");
    steps.run("everywhere: the table", |_| {
        Ok(fs::write(folder().join("table.md"), table)?)
    });
}

/// What its program said at the end, or why it was not run.
fn run(step: &Step, row: &Row) -> Result<std::result::Result<String, String>> {
    let mut platforms = PLATFORMS.iter();
    let platform = platforms.find(|it| it.name == row.platform);
    let platform = platform.context("a platform of ours")?;
    if let Some(why) = row.how.is_missing() {
        return Ok(Err(why.to_owned()));
    }
    step.tell("runtime");
    let runtime = match (row.runtime)(step)? {
        Ok(program) => program,
        Err(why) => return Ok(Err(why)),
    };
    row.how.prepare(step)?;
    let Some(installed) = installed::install(step, row, platform, runtime)? else {
        let name = platform.name;
        return Ok(Err(format!("first `cargo xtask package --target {name}`")));
    };
    let words = command(step, row, &installed)?;
    step.tell("in a folder");
    let records = folder().join("records").join(row.slug());
    if records.exists() {
        fs::remove_dir_all(&records)?;
    }
    fs::create_dir_all(&records)?;
    let shell = environment(row, &installed.folder)?;
    shell.set_var("LEASEHOLD_LEASE", LEASE);
    shell.set_var("LEASEHOLD_MODE", "file");
    shell.set_var("LEASEHOLD_DIRECTORY", row.how.path(&records)?);
    let (program, rest) = words.split_first().context("a program")?;
    step.run(cmd!(shell, "{program} {rest...}"))?;
    let said = last_line(step)?;
    step.tell("on an API server");
    let shell = environment(row, &installed.folder)?;
    shell.set_var("LEASEHOLD_LEASE", LEASE);
    shell.set_var("LEASEHOLD_MODE", "kubernetes");
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    // It then says where in `LEASEHOLD_KUBECONFIG`.
    cluster::run_beside(step, &shell, &[LEASE], &["LEASEHOLD"], &words)?;
    last_line(step)?;
    Ok(Ok(said))
}

/// The whole command line of what was installed.
fn command(step: &Step, row: &Row, installed: &Installed) -> Result<Vec<String>> {
    let prefix = match row.how {
        _ if !installed.is_foreign => Vec::new(),
        How::Wine if row.packing == Packing::Npm => {
            let to_a_file = TO_A_FILE.map(str::to_owned).into();
            [to_a_file, row.how.prefix(step)?].concat()
        }
        _ => row.how.prefix(step)?,
    };
    let limit = LIMIT.map(str::to_owned).into();
    Ok([limit, prefix, installed.words.clone()].concat())
}

/// What the last program that has run said at its end.
fn last_line(step: &Step) -> Result<String> {
    let log = fs::read_to_string(step.log())?;
    // Not of an earlier one.
    let last = log.rsplit("\n$ ").next().unwrap_or_default();
    let said = last.lines().rev().find_map(|it| it.strip_prefix(PASSED));
    Ok(said
        .context("the program did not say that it has passed")?
        .to_owned())
}

/// For what is fetched and installed.
fn folder() -> PathBuf {
    target_folder().join("everywhere")
}
