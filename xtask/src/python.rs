//! Python: the wheel, and what is run with it installed.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::steps::{Steps, run_in, run_with};
use crate::{language, root, target_folder};

const PACKAGE: &str = "bindings-python";
const SETTINGS: &str = "bindings-python/pyproject.toml";
const REQUIREMENTS: &str = "bindings-python/tests/requirements.txt";
const AGENT: &str = "conformance/agents/python/agent.py";
const CANDIDATE: &str = "bench/candidates/python/candidate.py";
const EXAMPLE: &str = "examples/python-worker";

/// The oldest Python that the wheel is for: `requires-python`.
const OLDEST: &str = "import sys; sys.exit(sys.version_info < (3, 10))";

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
        python(PACKAGE, &["-m", "pytest", "--quiet"])
    });
    steps.run("Python: example (pytest)", || {
        python(EXAMPLE, &["-m", "pytest", "--quiet"])
    });
    steps.run("Python: conformance", || {
        language::conformance(&[&interpreter()?, AGENT])
    });
    steps.run("Python: candidates on a real API server", || {
        language::one_leader(&command_line()?)
    });
}

/// Installs the wheel (release), and returns the candidate's program and argument.
pub(crate) fn candidate() -> Result<Vec<String>> {
    install(true)?;
    command_line()
}

fn command_line() -> Result<Vec<String>> {
    let script = root().join(CANDIDATE);
    let script = script.to_str().context("a path in UTF-8")?;
    Ok(vec![interpreter()?, script.to_owned()])
}

fn lint() -> Result<()> {
    let programs = [PACKAGE, AGENT, CANDIDATE, EXAMPLE];
    let ruff = |arguments: &[&str]| {
        let settings = ["--quiet", "--config", SETTINGS];
        run_with(
            Command::new(program("ruff"))
                .args(arguments)
                .args(settings)
                .args(programs),
        )
    };
    ruff(&["check"])?;
    ruff(&["format", "--check"])?;
    let mypy = ["-m", "mypy", "--config-file", SETTINGS];
    let sources = ["bindings-python/python", AGENT, CANDIDATE, EXAMPLE];
    python(".", &[&mypy[..], &sources].concat())?;
    let stubtest = ["-m", "mypy.stubtest", "leasehold._leasehold"];
    let settings = root().join(SETTINGS);
    let settings = [
        "--mypy-config-file",
        settings.to_str().context("a path in UTF-8")?,
    ];
    python(
        "bindings-python/tests",
        &[&stubtest[..], &settings].concat(),
    )
}

/// Builds the wheel and installs it.
fn install(release: bool) -> Result<PathBuf> {
    prepare_environment()?;
    let wheels = environment().join("wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels)?;
    }
    let profile = if release { "release" } else { "dev" };
    let build = [
        "build",
        "--quiet",
        "--locked",
        "--profile",
        profile,
        "--out",
    ];
    run_with(
        Command::new(program("maturin"))
            .args(build)
            .arg(&wheels)
            .args(["--manifest-path", "bindings-python/Cargo.toml"]),
    )?;
    let wheel = fs::read_dir(&wheels)?
        .next()
        .context("maturin has made no wheel")??;
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--force-reinstall",
        "--no-deps",
    ];
    run_with(
        Command::new(program("python"))
            .args(install)
            .arg(wheel.path()),
    )?;
    Ok(wheel.path())
}

/// Makes the environment anew when what it must have has changed.
fn prepare_environment() -> Result<()> {
    let wanted = fs::read(root().join(REQUIREMENTS))?;
    let installed = environment().join("requirements.txt");
    if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    check_toolchain()?;
    let make = ["-m", "venv", "--clear"];
    run_with(Command::new("python3").args(make).arg(environment()))?;
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    run_with(
        Command::new(program("python"))
            .args(install)
            .args(["--requirement", REQUIREMENTS]),
    )?;
    Ok(fs::write(installed, wanted)?)
}

fn check_toolchain() -> Result<()> {
    let oldest = Command::new("python3")
        .args(["-c", OLDEST])
        .stderr(Stdio::null())
        .status();
    ensure!(
        oldest.is_ok_and(|status| status.success()),
        "install Python 3.10 or newer with its venv module (https://python.org; on Debian \
         python3-venv): `python3` must be it"
    );
    Ok(())
}

/// Runs the environment's Python in `folder`.
fn python(folder: &str, arguments: &[&str]) -> Result<()> {
    let mut python = Command::new(program("python"));
    run_in(folder, python.args(arguments))
}

fn interpreter() -> Result<String> {
    let interpreter = program("python");
    Ok(interpreter.to_str().context("a path in UTF-8")?.to_owned())
}

fn program(name: &str) -> PathBuf {
    environment().join("bin").join(name)
}

/// Where the wheel and what the tests need is installed.
fn environment() -> PathBuf {
    target_folder().join("python")
}
