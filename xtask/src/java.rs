//! Java: the native half, the jars around it, and what is run with them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::steps::{Steps, run};
use crate::{language, root, utf8};

pub(crate) const PROJECT: &str = "bindings-java/pom.xml";
/// Where the jars are that the first programs of the documentation need.
const PACKAGES: [(&str, &str); 2] = [
    ("java", "bindings-java/leasehold/target"),
    ("spring", "docs/listings/spring/target"),
];
const CANDIDATE: &str = "tests/candidates/java/target/candidate.jar";
const ADVICE: &str = "install a JDK, 17 or newer, and Maven 3.8 or newer";
const DEMO: &str = "examples/demo/spring/target/demo.jar";

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
        // The benchmarks as well: they are not run, but must not rot.
        build(
            false,
            &["--quiet", "--activate-profiles", "bench", "verify"],
        )
    });
    steps.run("Java: what the documentation shows", || {
        let mut pages = PACKAGES.iter();
        pages.try_for_each(|(page, folder)| language::first_program(page, &root().join(folder)))
    });
    steps.run("Java: conformance", || {
        language::test_agent("conformance", &java_jar(CANDIDATE)?)
    });
    steps.run("Java: candidates on a real API server", || {
        language::test_agent("one_leader", &java_jar(CANDIDATE)?)
    });
}

/// Builds the candidate (release), and returns its program and first arguments.
pub(crate) fn candidate() -> Result<Vec<String>> {
    package(true, "../tests/candidates/java")?;
    java_jar(CANDIDATE)
}

/// Builds the Spring Boot application of the demo, and returns its program and arguments.
pub(crate) fn demo() -> Result<Vec<String>> {
    // Maven may know of a JDK that the command line does not.
    language::check_installed("java", ADVICE)?;
    package(false, "../examples/demo/spring")?;
    java_jar(DEMO)
}

/// The command line that runs a jar.
fn java_jar(jar: &str) -> Result<Vec<String>> {
    let jar = utf8(root().join(jar))?;
    Ok(vec!["java".to_owned(), "-jar".to_owned(), jar])
}

/// Builds the jar of one module, and those that it needs.
fn package(release: bool, module: &str) -> Result<()> {
    let only = [
        "--batch-mode",
        "--quiet",
        "--projects",
        module,
        "--also-make",
    ];
    let goals = ["-DskipTests", "-Dmaven.javadoc.skip", "package"];
    build(release, &[&only[..], &goals].concat())
}

fn build(release: bool, goals: &[&str]) -> Result<()> {
    language::check_installed("mvn", ADVICE)?;
    build_native_half(release)?;
    run("mvn", &[&["--file", PROJECT], goals].concat())
}

/// Builds the native half and puts it where Maven takes it from.
fn build_native_half(release: bool) -> Result<()> {
    let built = language::native_library("leasehold-java", "leasehold_java", release)?;
    let folder = root().join("bindings-java/target/native").join(platform());
    fs::create_dir_all(&folder)?;
    let file = built.file_name().context("a library has a name")?;
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
