//! `cargo xtask test --everywhere`: what `cargo xtask package` has made, on each system and runtime
//! that can be had on this machine.
//!
//! A row is a platform and a runtime. It installs the packages of its platform into a folder of its
//! own, as somebody who uses them does, and runs a program of `tests/everywhere` with its Lease in
//! a folder, and with one on a real API server. Nothing comes from the build tree but the programs.

mod runtimes;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use self::runtimes::Runtime;
use crate::build::{self, shell};
use crate::platform::{PLATFORMS, Platform};
use crate::steps::{Step, Steps};
use crate::{cluster, package, root, target_folder, utf8};

const PROGRAMS: &str = "tests/everywhere";
const LEASE: &str = "everywhere";
/// How the last line of a program begins that has found nothing wrong.
const PASSED: &str = "guarded; ";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whose packages a row installs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Java,
    Node,
    Python,
}

impl Language {
    fn name(self) -> &'static str {
        match self {
            Self::Java => "java",
            Self::Node => "node",
            Self::Python => "python",
        }
    }
}

/// Runs every row that can be run and has this in its name, and says of each other one why it was not.
pub(crate) fn add_to(steps: &Steps, wanted: &str) {
    let mut table = String::from("| platform | runtime | how | outcome |\n|---|---|---|---|\n");
    let mut is_ready = false;
    steps.run("everywhere: an API server", |step| {
        build::debug(step, &["--bin", "test-cluster"])?;
        cluster::prepare(step)?;
        is_ready = true;
        Ok(())
    });
    if is_ready {
        for row in runtimes::all() {
            let name = format!("everywhere: {} {}", row.platform, row.name);
            if !name.contains(wanted) {
                continue;
            }
            let mut outcome = "FAILED".to_owned();
            steps.run(&name, |step| {
                outcome = run(step, &row)?;
                Ok(())
            });
            let (platform, how) = (row.platform, row.how.said());
            let _ = writeln!(table, "| {platform} | {} | {how} | {outcome} |", row.name);
        }
    }
    for platform in PLATFORMS.iter().filter(|it| it.name.starts_with("macos")) {
        let why = "built, not run: it takes a Mac";
        let _ = writeln!(table, "| {} | | | {why} |", platform.name);
    }
    println!("\n{table}");
    steps.run("everywhere: the table", |_| {
        Ok(fs::write(folder().join("table.md"), table)?)
    });
}

/// What came of a row, for the table.
fn run(step: &Step, row: &Runtime) -> Result<String> {
    let mut platforms = PLATFORMS.iter();
    let platform = platforms.find(|it| it.name == row.platform);
    let platform = platform.context("a platform of ours")?;
    if let Some(why) = row.how.is_missing() {
        return Ok(format!("built, not run: {why}"));
    }
    let Some(installed) = install(step, row.language, platform)? else {
        let name = platform.name;
        return Ok(format!("not built: `cargo xtask package --target {name}`"));
    };
    step.tell("runtime");
    let Some(program) = (row.program)(step)? else {
        return Ok("built, not run: this runtime is not to be had here".to_owned());
    };
    let words = [
        row.how.prefix(step)?,
        vec![program],
        arguments(row, &installed)?,
    ]
    .concat();
    step.tell("in a folder");
    let records = folder().join("records").join(row.slug());
    if records.exists() {
        fs::remove_dir_all(&records)?;
    }
    fs::create_dir_all(&records)?;
    let shell = environment(row, &installed)?;
    shell.set_var("LEASEHOLD_LEASE", LEASE);
    shell.set_var("LEASEHOLD_MODE", "file");
    shell.set_var("LEASEHOLD_DIRECTORY", row.how.path(&records)?);
    let (program, rest) = words.split_first().context("a program")?;
    step.run(cmd!(shell, "{program} {rest...}"))?;
    let said = last_line(step)?;
    step.tell("on an API server");
    let shell = environment(row, &installed)?;
    shell.set_var("LEASEHOLD_LEASE", LEASE);
    shell.set_var("LEASEHOLD_MODE", "kubernetes");
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    // It then says where in `LEASEHOLD_KUBECONFIG`.
    cluster::run_beside(step, &shell, &[LEASE], &["LEASEHOLD"], &words)?;
    last_line(step)?;
    Ok(format!("passed: {said}"))
}

/// What the program of a row is called with.
fn arguments(row: &Runtime, installed: &Path) -> Result<Vec<String>> {
    Ok(match row.language {
        Language::Node => [row.options, &[]]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .chain([utf8(installed.join("guarded.mjs"))?])
            .collect(),
        Language::Python => vec![utf8(installed.join("guarded.py"))?],
        Language::Java => {
            let separator = if row.platform.starts_with("windows") {
                ";"
            } else {
                ":"
            };
            let jar = row.how.path(&installed.join("leasehold.jar"))?;
            let classes = row.how.path(&installed.join("classes"))?;
            let path = [jar, classes].join(separator);
            vec!["-cp".to_owned(), path, "Guarded".to_owned()]
        }
    })
}

/// A shell without settings of ours, with what a row needs beside.
fn environment(row: &Runtime, installed: &Path) -> Result<Shell> {
    let shell = shell()?;
    shell.change_dir(installed);
    shell.set_var("PYTHONPATH", row.how.path(&installed.join("packages"))?);
    for (name, value) in row.how.variables()? {
        shell.set_var(name, value);
    }
    Ok(shell)
}

fn last_line(step: &Step) -> Result<String> {
    let log = fs::read_to_string(step.log())?;
    let last = log.lines().rev().find_map(|it| it.strip_prefix(PASSED));
    Ok(last
        .context("the program did not say that it has passed")?
        .to_owned())
}

/// Installs the packages of a platform, and the program beside them; `None` if they were not built.
fn install(step: &Step, language: Language, platform: &Platform) -> Result<Option<PathBuf>> {
    let from = package::packages().join(language.name());
    let to = folder()
        .join("installed")
        .join([language.name(), "-", platform.name].concat());
    if to.exists() {
        fs::remove_dir_all(&to)?;
    }
    fs::create_dir_all(&to)?;
    step.tell("installing");
    let is_there = match language {
        Language::Java => install_jar(step, &from, platform, &to)?,
        Language::Node => install_packages(step, &from, platform, &to)?,
        Language::Python => install_wheel(step, &from, platform, &to)?,
    };
    Ok(is_there.then_some(to))
}

/// The jar for this platform alone, which is what an image has.
fn install_jar(step: &Step, from: &Path, platform: &Platform, to: &Path) -> Result<bool> {
    let jar = from.join(format!("leasehold-{VERSION}-{}.jar", platform.name));
    if !jar.exists() {
        return Ok(false);
    }
    fs::copy(&jar, to.join("leasehold.jar"))?;
    let (shell, classes) = (shell()?, to.join("classes"));
    let source = root().join(PROGRAMS).join("Guarded.java");
    step.run(cmd!(
        shell,
        "javac --release 17 -cp {jar} -d {classes} {source}"
    ))?;
    Ok(true)
}

/// As a package manager on that platform would.
fn install_packages(step: &Step, from: &Path, platform: &Platform, to: &Path) -> Result<bool> {
    let npm = &platform.npm;
    let main = from.join(format!("leasehold-{VERSION}.tgz"));
    let library = from.join(format!("leasehold-{}-{VERSION}.tgz", npm.package));
    if !library.exists() {
        return Ok(false);
    }
    fs::write(to.join("package.json"), "{ \"private\": true }\n")?;
    fs::copy(
        root().join(PROGRAMS).join("guarded.mjs"),
        to.join("guarded.mjs"),
    )?;
    let shell = shell()?;
    shell.change_dir(to);
    let (os, cpu) = (npm.os, npm.cpu);
    let libc = npm.libc.map(|libc| ["--libc=", libc].concat());
    // Forced: what is named outright must be for the machine that installs, otherwise.
    step.run(cmd!(
        shell,
        "npm install --offline --no-audit --no-fund --force --os={os} --cpu={cpu} {libc...} {main} {library}"
    ))?;
    Ok(true)
}

/// By the name that a package index would find it by.
fn install_wheel(step: &Step, from: &Path, platform: &Platform, to: &Path) -> Result<bool> {
    let tag = platform.wheel_tag.split('.').next().unwrap_or_default();
    let is_for = |name: &str| {
        let tags = name
            .strip_suffix(".whl")
            .and_then(|it| it.rsplit('-').next());
        tags.is_some_and(|tags| tags.split('.').any(|it| it == tag))
    };
    let wheels = fs::read_dir(from).into_iter().flatten().flatten();
    let mut names = wheels.map(|wheel| wheel.file_name());
    if !names.any(|name| is_for(&name.to_string_lossy())) {
        return Ok(false);
    }
    fs::copy(
        root().join(PROGRAMS).join("guarded.py"),
        to.join("guarded.py"),
    )?;
    let shell = shell()?;
    let packages = to.join("packages");
    step.run(cmd!(
        shell,
        "python3 -m pip install --quiet --disable-pip-version-check --no-index --find-links {from} --only-binary=:all: --platform {tag} --python-version 3.10 --target {packages} leasehold"
    ))?;
    ensure!(packages.join("leasehold").exists(), "nothing was installed");
    Ok(true)
}

/// For what is fetched and installed.
fn folder() -> PathBuf {
    target_folder().join("everywhere")
}
