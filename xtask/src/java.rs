//! Java: the native half, the jars around it, and what is run with them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use xshell::{Cmd, Shell, cmd};

use crate::build::{self, check_installed, shell};
use crate::cluster;
use crate::commit_time::CommitTime;
use crate::platform::NativeHalf;
use crate::steps::{Step, Steps, run_shown};
use crate::{copy_file, copy_folder, root, utf8};

/// For all that is Java here.
pub(crate) const MAVEN: [&str; 4] = ["mvn", "--batch-mode", "--file", "bindings-java/pom.xml"];
/// Where the jars are that the first programs of the documentation need.
const PACKAGES: [(&str, &str); 2] = [
    ("java", "bindings-java/leasehold/target"),
    ("spring", "docs/listings/spring/target"),
];
/// The modules that are published.
const PUBLISHED: [&str; 5] = [
    "leasehold",
    "leasehold-test",
    "leasehold-camel",
    "leasehold-shedlock",
    "leasehold-spring-boot-starter",
];
/// The frameworks of which tests run processes, and how the names of their Leases end.
const PROCESSES_OF: [(&str, &[&str]); 3] = [
    ("camel", &["", "-events"]),
    ("shedlock", &[""]),
    ("integration", &["", "-lock"]),
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
    check_tools()?;
    run_shown("Java: native half (cargo build)", |step| {
        if !options.release {
            build::debug(step, &["--lib"])?;
        }
        place_native_halves(&[build::native_half(step, options.release)?])
    })?;
    if options.maven.is_empty() {
        return run_shown("Java: jars, their tests (mvn verify)", |step| {
            step.run(maven(&shell()?, &["verify"]))
        });
    }
    Ok(maven(&shell()?, &[]).args(&options.maven).run()?)
}

/// To be run when [`build::debug`] has built all.
pub(crate) fn add_to(steps: &Steps) {
    steps.run("Java: jars, their tests (mvn verify)", |step| {
        check_tools()?;
        place_native_halves(&[build::native_half(step, false)?])?;
        // The benchmarks as well: they are not run, but must not rot. A test that fails skips the modules that need
        // its own, and no others: so the steps below have their jars, and one fault is one failure.
        let verify = ["--activate-profiles", "bench", "--fail-at-end", "verify"];
        let words = [&MAVEN[..], &verify].concat();
        let leases = PROCESSES_OF.iter().flat_map(|(framework, leases)| {
            let faults = ["terminated", "killed", "cut-off"].into_iter();
            faults.flat_map(move |fault| {
                leases
                    .iter()
                    .map(move |it| format!("{framework}-{fault}{it}"))
            })
        });
        let leases = leases.collect::<Vec<_>>();
        let leases = leases.iter().map(String::as_str).collect::<Vec<_>>();
        let networks = ["JAVA", "JAVA_CAMEL", "JAVA_SHEDLOCK", "JAVA_INTEGRATION"];
        cluster::run_beside(step, &shell()?, &leases, &networks, &words)
    });
    steps.run("Java: what the documentation shows", |step| {
        let mut pages = PACKAGES.iter();
        pages.try_for_each(|(page, folder)| build::first_program(step, page, &root().join(folder)))
    });
    steps.run("Java: conformance", |step| {
        build::test_agent(step, "conformance", &java_jar(CANDIDATE)?)
    });
    steps.run("Java: candidates on a real API server", |step| {
        build::test_agent(step, "one_leader", &java_jar(CANDIDATE)?)
    });
}

/// Builds the candidate, in debug when [`build::debug`] has built all, and returns its program and first
/// arguments.
pub(crate) fn candidate(step: &Step, release: bool) -> Result<Vec<String>> {
    package(step, release, "../tests/candidates/java")?;
    java_jar(CANDIDATE)
}

/// Builds the Spring Boot applications that run in pods when [`build::debug`] has built all.
pub(crate) fn in_pods(step: &Step) -> Result<()> {
    package(
        step,
        false,
        "../examples/spring-scheduled-jobs,../tests/pods/examples/article",
    )
}

/// Builds the Spring Boot application of the demo when `libraries` are there, and returns its program
/// and arguments.
pub(crate) fn demo(step: &Step, libraries: &dyn Fn() -> Result<()>) -> Result<Vec<String>> {
    check_tools()?;
    libraries()?;
    package(step, false, "../examples/demo/spring")?;
    java_jar(DEMO)
}

fn check_tools() -> Result<()> {
    // Maven may know of a JDK that the command line does not.
    check_installed("java", ADVICE)?;
    check_installed("mvn", ADVICE)
}

/// The command line that runs a jar.
fn java_jar(jar: &str) -> Result<Vec<String>> {
    let jar = utf8(root().join(jar))?;
    Ok(vec!["java".to_owned(), "-jar".to_owned(), jar])
}

/// Builds the jar of one module, and those that it needs.
fn package(step: &Step, release: bool, module: &str) -> Result<()> {
    check_tools()?;
    place_native_halves(&[build::native_half(step, release)?])?;
    let shell = shell()?;
    let only = ["--projects", module, "--also-make"];
    let maven = maven(&shell, &only);
    step.run(maven.args(["-DskipTests", "-Dmaven.javadoc.skip", "package"]))
}

/// Makes the jars that are published, with these native halves, into `folder`, and those of
/// `papers` as files of `META-INF`. All of it is of `time`.
pub(crate) fn pack(
    step: &Step,
    halves: &[NativeHalf],
    papers: &[(&str, PathBuf)],
    time: &CommitTime,
    folder: &Path,
) -> Result<()> {
    check_tools()?;
    let shell = shell()?;
    let only = ["--projects", &PUBLISHED.join(","), "--also-make"];
    // First, since it removes what is placed as well.
    step.run(maven(&shell, &only).arg("clean"))?;
    place_native_halves(halves)?;
    for (name, file) in papers {
        copy_file(file, root().join("bindings-java/target/papers").join(name))?;
    }
    let time = ["-Dproject.build.outputTimestamp=", time.rfc3339()].concat();
    // Form is for checks.
    let options = [
        "-DskipTests",
        "-Dspotless.check.skip",
        "-Dleasehold.classifiers",
        &time,
        "package",
    ];
    step.run(maven(&shell, &only).args(options))?;
    shell.create_dir(folder)?;
    for module in PUBLISHED {
        let module = root().join("bindings-java").join(module);
        for file in shell.read_dir(module.join("target"))? {
            if file.extension().is_some_and(|it| it == "jar") {
                shell.copy_file(&file, folder)?;
            }
        }
    }
    Ok(())
}

/// Documents the modules that are published, as one, into `folder`.
pub(crate) fn document(step: &Step, folder: &Path) -> Result<()> {
    check_tools()?;
    let pages = root().join("bindings-java/target/reports/apidocs");
    let shell = shell()?;
    shell.remove_path(&pages)?;
    let only = ["--projects", &PUBLISHED.join(","), "--also-make"];
    // Form is for checks.
    let options = ["-Dspotless.check.skip", "javadoc:aggregate@site"];
    step.run(maven(&shell, &only).args(options))?;
    copy_folder(&pages, folder)
}

fn maven<'a>(shell: &'a Shell, goals: &[&str]) -> Cmd<'a> {
    let [maven, settings @ ..] = MAVEN;
    cmd!(shell, "{maven} {settings...} {goals...}")
}

/// Puts native halves where Maven takes them from, in place of all others.
pub(crate) fn place_native_halves(halves: &[NativeHalf]) -> Result<()> {
    let folder = root().join("bindings-java/target/native");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    for half in halves {
        let folder = folder.join(half.platform.name);
        fs::create_dir_all(&folder)?;
        let built = half.library("leasehold_java");
        let file = built.file_name().context("a library has a name")?;
        fs::copy(&built, folder.join(file)).with_context(|| format!("no {}", built.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_module_with_our_name_is_published() -> Result<()> {
        let modules = fs::read_to_string(root().join("bindings-java/pom.xml"))?;
        let modules = modules.split("<module>").skip(1);
        let modules = modules.filter_map(|it| it.split("</module>").next());
        let ours = modules.filter(|it| it.starts_with("leasehold") && !it.contains('/'));
        assert_eq!(ours.collect::<Vec<_>>(), PUBLISHED);
        let workflow = fs::read_to_string(root().join(".github/workflows/release.yml"))?;
        let projects = ["--projects ", &PUBLISHED.join(","), " "].concat();
        assert!(workflow.contains(&projects), "no {projects}");
        Ok(())
    }
}
