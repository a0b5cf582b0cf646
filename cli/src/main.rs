//! `leasehold`: leader election from the command line.

mod command;
mod exit;
mod run;
mod settings;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Leader election on Kubernetes Leases.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Subcommand)]
enum Subcommands {
    Run(Box<run::Options>),
    #[command(hide = true)]
    Become(command::Become),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Subcommands::Run(options) => run::run(*options),
        Subcommands::Become(become_it) => become_it.exec(),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("leasehold: {error:#}");
        ExitCode::from(exit::FAILURE)
    })
}
