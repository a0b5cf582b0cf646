//! `cargo xtask candidate`: the candidate programs of the cluster tests, one for each language; and
//! `cargo xtask bench`, which measures one.

use anyhow::Result;
use clap::{Args, ValueEnum};
use xshell::cmd;

use crate::build::{self, cargo, shell};
use crate::steps::{Step, run_shown};
use crate::{cluster, java, node, python, target_folder, utf8};

#[derive(Args)]
pub(crate) struct Options {
    /// The language of the candidate.
    #[arg(value_enum)]
    language: Language,
}

#[derive(Args)]
pub(crate) struct Bench {
    /// Whose candidate to measure.
    #[arg(long, value_enum, default_value = "rust")]
    language: Language,
    /// What to measure, and how often: `cargo xtask bench -- --help`.
    #[arg(last = true)]
    options: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// The core itself.
    Rust,
    /// The jar.
    Java,
    /// The npm package.
    Node,
    /// The wheel.
    Python,
    /// client-go, as a peer to measure and to share a Lease with.
    Go,
}

pub(crate) fn run_build(options: &Options) -> Result<()> {
    println!("{}", build(options.language)?.join(" "));
    Ok(())
}

pub(crate) fn run_bench(bench: &Bench) -> Result<()> {
    let candidate = build(bench.language)?;
    let program = "leasehold-bench";
    run_shown("bench (cargo build)", |step| {
        build::debug(step, &["--bin", program])
    })?;
    let (shell, program, options) = (shell()?, build::program(program)?, &bench.options);
    let bench = cmd!(shell, "{program} {options...} -- {candidate...}");
    Ok(bench.quiet().run()?)
}

/// Builds a candidate (release) and returns its program and first arguments.
fn build(language: Language) -> Result<Vec<String>> {
    if language == Language::Go {
        let program = cluster::go_program("client-go-candidate", "tests/candidates/go")?;
        return Ok(vec![program]);
    }
    run_shown("candidate", |step| match language {
        Language::Java => java::candidate(step),
        Language::Node => node::candidate(step),
        Language::Python => python::candidate(step),
        Language::Rust | Language::Go => rust(step),
    })
}

fn rust(step: &Step) -> Result<Vec<String>> {
    let (shell, cargo) = (shell()?, cargo());
    step.run(cmd!(
        shell,
        "{cargo} build --release --locked --package leasehold-tests"
    ))?;
    let program = target_folder().join("release").join("candidate");
    Ok(vec![utf8(program)?])
}
