//! `leasehold`: leader election from the command line.

mod check;
mod command;
mod exit;
mod output;
mod run;
mod settings;
mod status;
mod watch;

use std::io;
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
    Status(status::Options),
    Watch(watch::Options),
    Check(check::Options),
    #[command(hide = true)]
    Become(command::Become),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Subcommands::Run(options) => run::run(*options),
        Subcommands::Status(options) => status::run(&options),
        Subcommands::Watch(options) => watch::run(&options),
        Subcommands::Check(options) => check::run(&options),
        Subcommands::Become(become_it) => become_it.exec(),
    };
    outcome.unwrap_or_else(|error| {
        let io_error = error.downcast_ref::<io::Error>();
        if io_error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            // Whoever read the output, `head` for one, has seen enough.
            return ExitCode::SUCCESS;
        }
        eprintln!("leasehold: {error:#}");
        ExitCode::from(exit::FAILURE)
    })
}
