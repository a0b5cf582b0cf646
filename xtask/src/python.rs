//! Python: the wheel, and what is run with it installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::steps::{Steps, run_in, run_with};
use crate::{language, root, target_folder, utf8};

const PACKAGE: &str = "bindings-python";
const TESTS: &str = "bindings-python/tests";
const EXAMPLE: &str = "examples/python-worker";
const LISTINGS: &str = "docs/listings/python";
const CANDIDATES: &str = "tests/candidates/python";
const CANDIDATE: &str = "tests/candidates/python/agent.py";
const DEMO: &str = "examples/demo/python/demo_worker.py";
const MANIFEST: &str = "bindings-python/Cargo.toml";
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
    let wheel = install(options.release)?;
    println!("{}", wheel.display());
    println!("{}", program("python").display());
    Ok(())
}

pub(crate) fn add_to(steps: &mut Steps) {
    steps.run("Python: wheel (maturin), installed", || {
        install(false).map(drop)
    });
    steps.run("Python: lints and types (ruff, mypy, stubtest)", lint);
    steps.run("Python: tests (pytest)", || {
        python(PACKAGE, "-m pytest --quiet", &[])
    });
    steps.run("Python: example (pytest)", || {
        python(EXAMPLE, "-m pytest --quiet", &[])
    });
    steps.run("Python: what the documentation shows", || {
        python(LISTINGS, "-m pytest --quiet", &[])?;
        language::first_program("python", &wheels())
    });
    steps.run("Python: conformance", || {
        language::test_agent("conformance", &command_line(CANDIDATE)?)
    });
    steps.run("Python: candidates on a real API server", || {
        language::test_agent("one_leader", &command_line(CANDIDATE)?)
    });
}

/// Installs the wheel (release), and returns the candidate's program and argument.
pub(crate) fn candidate() -> Result<Vec<String>> {
    install(true)?;
    command_line(CANDIDATE)
}

/// Installs the wheel, and returns the program and argument of the demo's worker.
pub(crate) fn demo() -> Result<Vec<String>> {
    install(false)?;
    command_line(DEMO)
}

/// The command line that runs a script where the wheel is installed.
fn command_line(script: &str) -> Result<Vec<String>> {
    Ok(vec![interpreter()?, utf8(root().join(script))?])
}

fn lint() -> Result<()> {
    let settings = root().join(SETTINGS);
    for check in ["check --quiet", "format --check --quiet"] {
        let mut ruff = Command::new(program("ruff"));
        ruff.args(check.split(' ')).arg("--config").arg(&settings);
        run_with(ruff.args([PACKAGE, EXAMPLE, DEMO, LISTINGS, CANDIDATES]))?;
    }
    let sources = [
        "bindings-python/python",
        TESTS,
        EXAMPLE,
        DEMO,
        LISTINGS,
        CANDIDATES,
    ]
    .map(Path::new);
    let mypy = ["-m mypy --config-file", SETTINGS].join(" ");
    python(".", &mypy, &sources)?;
    // Not beside the sources: what it compares with the stub is what is installed.
    let stubtest = "-m mypy.stubtest leasehold._leasehold --mypy-config-file";
    python(TESTS, stubtest, &[&settings])
}

/// Builds the wheel and installs it in place of an earlier one.
fn install(release: bool) -> Result<PathBuf> {
    prepare_environment()?;
    let wheels = wheels();
    if wheels.exists() {
        fs::remove_dir_all(&wheels)?;
    }
    let build = if release {
        "build --quiet --locked --profile release --manifest-path"
    } else {
        "build --quiet --locked --profile dev --manifest-path"
    };
    let mut maturin = Command::new(program("maturin"));
    maturin.args(build.split(' ')).arg(MANIFEST);
    run_with(maturin.arg("--out").arg(&wheels))?;
    let wheel = fs::read_dir(&wheels)?.next();
    let wheel = wheel.context("maturin has made no wheel")??.path();
    let pip = "-m pip install --quiet --force-reinstall --no-deps";
    python(".", pip, &[&wheel])?;
    Ok(wheel)
}

/// Makes the environment anew when what it must have has changed.
fn prepare_environment() -> Result<()> {
    let wanted = fs::read(root().join(REQUIREMENTS))?;
    let installed = environment().join("requirements.txt");
    if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let advice = "install Python 3.10 or newer (https://python.org)";
    language::check_installed("python3", advice)?;
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(environment());
    run_with(&mut make)
        .context("install Python 3.10 or newer with its module venv (Debian: python3-venv)")?;
    let pip = "-m pip install --quiet --disable-pip-version-check --requirement";
    python(".", pip, &[Path::new(REQUIREMENTS)])?;
    Ok(fs::write(installed, wanted)?)
}

/// Runs the environment's Python in `folder`, with `arguments` and then `files`.
fn python(folder: &str, arguments: &str, files: &[&Path]) -> Result<()> {
    let mut python = Command::new(program("python"));
    run_in(folder, python.args(arguments.split(' ')).args(files))
}

fn interpreter() -> Result<String> {
    utf8(program("python"))
}

fn program(name: &str) -> PathBuf {
    environment().join("bin").join(name)
}

/// Where the wheel is built.
fn wheels() -> PathBuf {
    environment().join("wheels")
}

/// Where the wheel, and what tests need, is installed.
fn environment() -> PathBuf {
    target_folder().join("python")
}
