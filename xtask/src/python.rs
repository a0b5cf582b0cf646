//! Python: the wheel, and what is run with it installed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use xshell::cmd;

use crate::build::{self, check_installed, shell};
use crate::cluster;
use crate::commit_time::CommitTime;
use crate::platform::{NativeHalf, Platform};
use crate::steps::{Step, Steps, run_shown};
use crate::{copy_file, root, target_folder, utf8};

const PACKAGE: &str = "bindings-python";
const TESTS: &str = "bindings-python/tests";
const EXAMPLE: &str = "examples/python-worker";
const LISTINGS: &str = "docs/listings/python";
const CANDIDATES: &str = "tests/candidates/python";
const CANDIDATE: &str = "tests/candidates/python/agent.py";
const DEMO: &str = "examples/demo/python/demo_worker.py";
/// Of ruff and mypy, for all that is Python here.
const SETTINGS: &str = "bindings-python/pyproject.toml";
const REQUIREMENTS: &str = "bindings-python/tests/requirements.txt";

#[derive(Args)]
pub(crate) struct Options {
    /// With the native library as it is delivered: small and fast, and minutes to build.
    #[arg(long)]
    release: bool,
}

/// Builds the wheel, installs it into an environment of its own, and says where both are.
pub(crate) fn run_build(options: &Options) -> Result<()> {
    let wheel = run_shown("Python: native library, wheel, installed", |step| {
        if !options.release {
            build::debug(step, &["--lib"])?;
        }
        install(step, options.release)
    })?;
    println!("{}", wheel.display());
    println!("{}", program("python")?);
    Ok(())
}

/// To be run when [`build::debug`] has built all.
pub(crate) fn add_to(steps: &Steps) {
    steps.run("Python: wheel, installed", |step| {
        install(step, false).map(drop)
    });
    steps.run("Python: lints and types (ruff, mypy, stubtest)", lint);
    steps.run("Python: tests (pytest)", |step| {
        // What tests of processes call their Leases and their ways to the server.
        let leases = [
            "apscheduler-terminated",
            "apscheduler-killed",
            "apscheduler-cut-off",
            "beat-terminated",
            "beat-sending",
            "beat-killed",
            "beat-cut-off",
            "beat-paused",
            "beat-claimed",
            "beat-missed",
        ];
        let networks = ["REPLICA_FIRST", "REPLICA_SECOND", "REPLICA_THIRD"];
        let (shell, python) = (shell()?, program("python")?);
        shell.change_dir(PACKAGE);
        let pytest = [&python, "-m", "pytest", "--quiet"];
        cluster::run_beside(step, &shell, &leases, &networks, &pytest)
    });
    steps.run("Python: example (pytest)", |step| pytest(step, EXAMPLE));
    steps.run("Python: what the documentation shows", |step| {
        pytest(step, LISTINGS)?;
        build::first_program(step, "python", &wheels())
    });
    steps.run("Python: conformance", |step| {
        build::test_agent(step, "conformance", &command_line(CANDIDATE)?)
    });
    steps.run("Python: candidates on a real API server", |step| {
        build::test_agent(step, "one_leader", &command_line(CANDIDATE)?)
    });
}

/// Installs the wheel, in debug when [`build::debug`] has built all, and returns the candidate's program and
/// argument.
pub(crate) fn candidate(step: &Step, release: bool) -> Result<Vec<String>> {
    install(step, release)?;
    command_line(CANDIDATE)
}

/// Installs the wheel when `libraries` are there, and returns the program and argument of the demo's
/// worker.
pub(crate) fn demo(step: &Step, libraries: &dyn Fn() -> Result<()>) -> Result<Vec<String>> {
    // Mostly waits for the network.
    prepare_environment(step)?;
    libraries()?;
    install(step, false)?;
    command_line(DEMO)
}

/// The command line that runs a script where the wheel is installed.
fn command_line(script: &str) -> Result<Vec<String>> {
    Ok(vec![program("python")?, utf8(root().join(script))?])
}

/// Documents the modules that users import into `folder`, from the wheel: [`build::debug`] has built
/// its library.
pub(crate) fn document(step: &Step, folder: &Path) -> Result<()> {
    install(step, false)?;
    let mut modules = vec!["leasehold".to_owned()];
    for file in fs::read_dir(root().join(PACKAGE).join("python/leasehold"))? {
        let name = utf8(file?.file_name().into())?;
        if let Some(module) = name.strip_suffix(".py")
            && !module.starts_with('_')
        {
            modules.push(["leasehold.", module].concat());
        }
    }
    step.tell("pdoc");
    let (shell, python) = (shell()?, program("python")?);
    // Not beside the sources: what is documented is what is installed.
    shell.change_dir(TESTS);
    step.run(cmd!(
        shell,
        "{python} -m pdoc --docformat markdown --no-show-source --output-directory {folder} {modules...}"
    ))
}

fn lint(step: &Step) -> Result<()> {
    let (shell, ruff) = (shell()?, program("ruff")?);
    let settings = utf8(root().join(SETTINGS))?;
    let programs = [EXAMPLE, DEMO, LISTINGS, CANDIDATES];
    step.run(cmd!(
        shell,
        "{ruff} check --config {settings} {PACKAGE} {programs...}"
    ))?;
    step.run(cmd!(
        shell,
        "{ruff} format --check --config {settings} {PACKAGE} {programs...}"
    ))?;
    let python = program("python")?;
    step.run(cmd!(
        shell,
        "{python} -m mypy --config-file {settings} bindings-python/python {TESTS} {programs...}"
    ))?;
    // Not beside the sources: what it compares with the stub is what is installed.
    shell.change_dir(TESTS);
    step.run(cmd!(
        shell,
        "{python} -m mypy.stubtest leasehold._leasehold --mypy-config-file {settings}"
    ))
}

fn pytest(step: &Step, folder: &str) -> Result<()> {
    let (shell, python) = (shell()?, program("python")?);
    shell.change_dir(folder);
    step.run(cmd!(shell, "{python} -m pytest --quiet"))
}

/// Makes the wheel and installs it in place of an earlier one.
pub(crate) fn install(step: &Step, release: bool) -> Result<PathBuf> {
    prepare_environment(step)?;
    let wheels = wheels();
    if wheels.exists() {
        fs::remove_dir_all(&wheels)?;
    }
    step.tell("wheel");
    let wheel = pack(step, &build::native_half(step, release)?, None, &wheels)?;
    let (shell, python) = (shell()?, program("python")?);
    step.run(cmd!(
        shell,
        "{python} -m pip install --quiet --force-reinstall --no-deps {wheel}"
    ))?;
    Ok(wheel)
}

/// Makes a wheel of a library that cargo has built with all others, into `wheels`: to be published,
/// if a time is given, and otherwise for this machine and those like it. maturin would compile all of
/// it again, since it selects one package, whose dependencies then have other features; but what the
/// wheel says of itself is from maturin.
pub(crate) fn pack(
    step: &Step,
    half: &NativeHalf,
    published: Option<&CommitTime>,
    wheels: &Path,
) -> Result<PathBuf> {
    prepare_environment(step)?;
    let (shell, python, maturin) = (shell()?, program("python")?, program("maturin")?);
    let contents = environment().join("contents");
    shell.remove_path(&contents)?;
    shell.create_dir(wheels)?;
    shell.change_dir(PACKAGE);
    step.run(cmd!(
        shell,
        "{maturin} pep517 write-dist-info --interpreter {python} --metadata-directory {contents}"
    ))?;
    let sources = shell.current_dir().join("python");
    for file in files(&sources.join("leasehold"))? {
        let to = contents.join(file.strip_prefix(&sources)?);
        copy_file(&file, to)?;
    }
    let module = half.platform.python_module("_leasehold");
    copy_file(
        half.library("_leasehold"),
        contents.join("leasehold").join(module),
    )?;
    if published.is_some() {
        add_papers(half.platform, &contents)?;
    }
    let unpacked = environment().join("untagged");
    shell.remove_path(&unpacked)?;
    shell.create_dir(&unpacked)?;
    let _time = published.map(|time| shell.push_env("SOURCE_DATE_EPOCH", time.epoch()));
    step.run(cmd!(
        shell,
        "{python} -m wheel pack {contents} --dest-dir {unpacked}"
    ))?;
    if published.is_some() {
        let (untagged, tag) = (only_file(&unpacked)?, half.platform.wheel_tag);
        step.run(cmd!(
            shell,
            "{python} -m wheel tags --remove --platform-tag {tag} {untagged}"
        ))?;
    }
    let tagged = only_file(&unpacked)?;
    let wheel = wheels.join(tagged.file_name().context("a wheel has a name")?);
    fs::rename(tagged, &wheel)?;
    Ok(wheel)
}

/// Makes what pip builds where no wheel fits: the module with the core below it.
pub(crate) fn pack_sources(step: &Step, time: &CommitTime, folder: &Path) -> Result<()> {
    prepare_environment(step)?;
    let (shell, maturin) = (shell()?, program("maturin")?);
    let sources = cmd!(
        shell,
        "{maturin} sdist --manifest-path bindings-python/Cargo.toml --out {folder}"
    );
    step.run(sources.env("SOURCE_DATE_EPOCH", time.epoch()))
}

/// Puts licences (PEP 639) and the list of what is inside (PEP 770) into a wheel's contents.
fn add_papers(platform: &Platform, contents: &Path) -> Result<()> {
    let package = "leasehold-python";
    let info = contents.join(["leasehold-", env!("CARGO_PKG_VERSION"), ".dist-info"].concat());
    copy_file(root().join("LICENSE"), info.join("licenses/LICENSE"))?;
    copy_file(platform.notice(package), info.join("licenses/NOTICE"))?;
    copy_file(
        platform.sbom(package),
        info.join("sboms/leasehold.cdx.json"),
    )?;
    let file = info.join("METADATA");
    let metadata = fs::read_to_string(&file)?;
    // What follows the first empty line is the description.
    let (headers, description) = metadata
        .split_once("\n\n")
        .context("METADATA has headers")?;
    let licences = "License-File: LICENSE\nLicense-File: NOTICE";
    Ok(fs::write(
        file,
        [headers, "\n", licences, "\n\n", description].concat(),
    )?)
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let file = fs::read_dir(folder)?.next();
    Ok(file.context("there is no wheel")??.path())
}

/// The sources in `folder`, and in those below.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "__pycache__") {
            files.extend(self::files(&path)?);
        } else if path.is_file() && path.extension().is_none_or(|it| it != "so") {
            files.push(path);
        }
    }
    Ok(files)
}

/// Makes the environment again when what it must have has changed.
pub(crate) fn prepare_environment(step: &Step) -> Result<()> {
    let wanted = fs::read(root().join(REQUIREMENTS))?;
    let installed = environment().join("requirements.txt");
    if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let advice = "install Python 3.10 or newer (https://python.org)";
    check_installed("python3", advice)?;
    let (shell, environment) = (shell()?, environment());
    step.tell("environment");
    step.run(cmd!(shell, "python3 -m venv --clear {environment}"))
        .context("install Python 3.10 or newer with its module venv (Debian: python3-venv)")?;
    let python = program("python")?;
    step.run(cmd!(
        shell,
        "{python} -m pip install --quiet --disable-pip-version-check --requirement {REQUIREMENTS}"
    ))?;
    Ok(fs::write(installed, wanted)?)
}

/// A program of the environment.
pub(crate) fn program(name: &str) -> Result<String> {
    utf8(environment().join("bin").join(name))
}

/// Where the wheel is built.
fn wheels() -> PathBuf {
    environment().join("wheels")
}

/// Where the wheel, and what tests need, is installed.
fn environment() -> PathBuf {
    target_folder().join("python")
}
