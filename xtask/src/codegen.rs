//! `cargo xtask codegen`: what is made from the core's settings and words, by a program of its own, so
//! that only what needs the core waits for it to be compiled.

use anyhow::Result;
use clap::Args;
use xshell::cmd;

use crate::build::{self, shell};
use crate::steps::{Step, run_shown};

#[derive(Args)]
pub(crate) struct Options {
    /// Changes nothing, names what is stale and fails.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run_codegen(options: &Options) -> Result<()> {
    run_shown("settings and words of other languages", |step| {
        if options.check {
            return check(step);
        }
        make(step, &[])
    })
}

/// Fails if a file is stale.
pub(crate) fn check(step: &Step) -> Result<()> {
    make(step, &["--check"])
}

fn make(step: &Step, options: &[&str]) -> Result<()> {
    let program = "leasehold-codegen";
    build::debug(step, &["--bin", program])?;
    let (shell, program) = (shell()?, build::program(program)?);
    step.run(cmd!(shell, "{program} {options...}"))
}
