//! `cargo xtask bench`: builds a candidate, and lets `leasehold-bench` measure it.

use anyhow::Result;
use clap::Args;

use crate::candidate::{self, Language};
use crate::steps::{cargo, run};

#[derive(Args)]
pub(crate) struct Options {
    /// Whose candidate to measure.
    #[arg(long, value_enum, default_value = "rust")]
    language: Language,
    /// What to measure, and how often: `cargo xtask bench -- --help`.
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub(crate) fn run_all(options: &Options) -> Result<()> {
    let candidate = candidate::build(options.language)?;
    let bench = "run --quiet --locked --package leasehold-bench --".split(' ');
    let arguments = options.arguments.iter().map(String::as_str);
    let candidate = ["--"]
        .into_iter()
        .chain(candidate.iter().map(String::as_str));
    let all: Vec<_> = bench.chain(arguments).chain(candidate).collect();
    run(&cargo(), &all)
}
