//! Leasehold's development commands: `cargo xtask --help`.

mod bench;
mod build;
// Also in the cluster's crate, which is too much to build for a path.
#[path = "../../tests/cluster/src/cache/folder.rs"]
#[expect(unreachable_pub, reason = "the crate that it belongs to is a library")]
mod cache;
mod candidate;
mod check;
mod cluster;
mod codegen;
mod commit_time;
mod demo;
mod everywhere;
mod figures;
mod fuzz;
mod java;
mod measured;
mod mutants;
mod node;
mod output;
mod package;
mod platform;
mod progress;
mod python;
mod simulate;
mod site;
mod soak;
mod steps;
mod test;
mod tool;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::{Parser, Subcommand};

/// Leasehold's development commands.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows programs in four languages that compete for one Lease. Needs no cluster.
    Demo(demo::Options),
    /// Runs all checks and tests; builds or installs what they need.
    Test(test::Options),
    /// Checks form, spelling, lints, what is generated, architecture, parity, licences and
    /// documentation.
    Check,
    /// Makes the documentation site, with the APIs of all languages.
    Site,
    /// Makes from the core what other languages and the documentation say of settings and words.
    Codegen(codegen::Options),
    /// Builds, starts and ends a real API server for experiments.
    #[command(subcommand)]
    Cluster(cluster::Command),
    /// Builds a candidate program for cluster tests; its last line is the command line.
    Candidate(candidate::Options),
    /// Runs elections in virtual time, under faults that follow from a number, and says what they went
    /// through.
    Simulate(simulate::Options),
    /// Makes the page of the documentation that says what each method of looking for defects went through.
    Figures,
    /// Fuzzes the code that reads foreign input.
    Fuzz(fuzz::Options),
    /// Builds the native half and the jars of Java, and tests them.
    Java(java::Options),
    /// Takes each rule of the core out once, and sees whether a test finds its absence. Takes hours.
    Mutants(mutants::Options),
    /// Builds the native library and the packages of Node.
    Node(node::Options),
    /// Builds the wheel of Python and installs it into an environment of its own.
    Python(python::Options),
    /// Builds, checks and packs what is published, for this platform or others.
    Package(package::Options),
    /// Measures what elections cost, with Leasehold and with its peers, and makes tables and plots of it.
    Bench(bench::Options),
    /// Does one fault after another to candidates of all languages in one election, on the test cluster.
    Trial(trial::Options),
    /// Looks whether processes of all languages come to use more and more, in many elections or under faults.
    Soak(soak::Options),
    /// Puts the Spring example's two applications on the test cluster; `cargo xtask java` first.
    Spring,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Demo(options) => demo::run(&options),
        Command::Test(options) => test::run_tests(&options),
        Command::Check => check::run_checks(),
        Command::Site => site::run_site(),
        Command::Codegen(options) => codegen::run_codegen(&options),
        Command::Cluster(command) => cluster::run(&command),
        Command::Candidate(options) => candidate::run_build(&options),
        Command::Simulate(options) => simulate::run_simulate(&options),
        Command::Figures => figures::make_page(),
        Command::Fuzz(options) => fuzz::run_fuzz(&options),
        Command::Java(options) => java::run_build(&options),
        Command::Mutants(options) => mutants::run_mutants(&options),
        Command::Node(options) => node::run_build(&options),
        Command::Python(options) => python::run_build(&options),
        Command::Package(options) => package::run_package(&options),
        Command::Bench(options) => bench::run_bench(&options),
        Command::Trial(options) => trial::run_trial(&options),
        Command::Soak(options) => soak::run_soak(&options),
        Command::Spring => cluster::run_spring_example(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} {error:#}", console::style("error:").red().bold());
            ExitCode::FAILURE
        }
    }
}

/// The root of the checkout.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(PathBuf::from)
        .unwrap_or_default()
}

/// Where cargo puts what it builds.
fn target_folder() -> PathBuf {
    let folder =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    root().join(folder)
}

/// A path as text, for command lines.
fn utf8(path: PathBuf) -> Result<String> {
    let text = path.into_os_string().into_string();
    text.map_err(|path| anyhow!("{}: not a path in UTF-8", path.display()))
}

/// Copies a folder with all that is in it.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let entries = fs::read_dir(from).with_context(|| format!("no {}", from.display()))?;
    for entry in entries {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &copy)?;
        } else {
            copy_file(entry.path(), copy)?;
        }
    }
    Ok(())
}

/// Copies a file to a place whose folder it makes.
fn copy_file(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    let (from, to) = (from.as_ref(), to.as_ref());
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let copied = fs::copy(from, to);
    copied.with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}
