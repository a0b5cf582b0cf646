//! Java: the native half, the jars around it, and what is run with them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::steps::{Steps, cargo, run, run_with};
use crate::{root, target_folder};

const PROJECT: &str = "bindings-java/pom.xml";
const AGENT: &str = "conformance/agents/java/target/agent.jar";
const CANDIDATE: &str = "bench/candidates/java/target/candidate.jar";

#[derive(Args)]
pub(crate) struct Options {
    /// With the native half as it is delivered: small and fast, and minutes to build.
    #[arg(long)]
    release: bool,
    /// What Maven is to do; by default `verify`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    maven: Vec<String>,
}

/// Builds the native half and the jars, and tests them.
pub(crate) fn run_build(options: &Options) -> Result<()> {
    let asked_for: Vec<_> = options.maven.iter().map(String::as_str).collect();
    let goals = if asked_for.is_empty() {
        &["verify"][..]
    } else {
        &asked_for
    };
    build(options.release, goals)
}

pub(crate) fn add_to(steps: &mut Steps) {
    steps.run("Java: native half, jars, their tests (mvn verify)", || {
        build(false, &["--quiet", "verify"])
    });
    steps.run("Java: conformance", || {
        let conformance = [
            "run",
            "--quiet",
            "--locked",
            "--package",
            "leasehold-conformance",
            "--bin",
            "conformance",
        ];
        let agent = ["--", "--", "java", "-jar", AGENT];
        run(&cargo(), &[&conformance[..], &agent].concat())
    });
    steps.run("Java: candidates on a real API server", || {
        let trials = [
            "test",
            "--quiet",
            "--locked",
            "--workspace",
            "--test",
            "one_leader",
        ];
        let command = command_line()?.join(" ");
        run_with(
            Command::new(cargo())
                .args(trials)
                .env("LEASEHOLD_CANDIDATE", command),
        )
    });
}

/// Builds the candidate (release), and returns its program and first arguments.
pub(crate) fn candidate() -> Result<Vec<String>> {
    build(
        true,
        &["--quiet", "-DskipTests", "-Dmaven.javadoc.skip", "package"],
    )?;
    command_line()
}

fn command_line() -> Result<Vec<String>> {
    let jar = root().join(CANDIDATE);
    let jar = jar.to_str().context("a path in UTF-8")?;
    Ok(["java", "-jar", jar].map(str::to_owned).to_vec())
}

fn build(release: bool, goals: &[&str]) -> Result<()> {
    check_toolchain()?;
    build_native_half(release)?;
    run("mvn", &[&["--file", PROJECT], goals].concat())
}

fn check_toolchain() -> Result<()> {
    let version = Command::new("mvn")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !version.is_ok_and(|status| status.success()) {
        bail!("install a JDK, 17 or newer, and Maven 3.8 or newer: `mvn --version` must work");
    }
    Ok(())
}

/// Builds the native half and puts it where Maven takes it from.
fn build_native_half(release: bool) -> Result<()> {
    let mut build = vec![
        "build",
        "--quiet",
        "--locked",
        "--package",
        "leasehold-java",
    ];
    let profile = if release {
        build.push("--release");
        "release"
    } else {
        "debug"
    };
    run(&cargo(), &build)?;
    let file = if cfg!(target_os = "macos") {
        "libleasehold_java.dylib"
    } else {
        "libleasehold_java.so"
    };
    let folder = root().join("bindings-java/target/native").join(platform());
    fs::create_dir_all(&folder)?;
    let built = target_folder().join(profile).join(file);
    fs::copy(&built, folder.join(file)).with_context(|| format!("no {}", built.display()))?;
    Ok(())
}

/// As `io.leasehold.Platform` calls it.
fn platform() -> PathBuf {
    let libc = if cfg!(target_env = "musl") {
        "-musl"
    } else {
        ""
    };
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    format!("{system}-{machine}{libc}").into()
}
