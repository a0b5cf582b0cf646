//! `leasehold`: leader election from the command line.

#![warn(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "they panic when nobody reads"
)]

mod check;
mod command;
mod exit;
mod keeper;
mod output;
mod run;
mod settings;
mod status;
mod watch;

use std::io;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};
use leasehold::stderr;

use crate::output::complain;

/// Leader election on Kubernetes Leases.
#[derive(Parser)]
#[command(name = "leasehold", version, arg_required_else_help = true)]
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
    #[command(hide = true)]
    Keep(keeper::Keep),
}

fn arguments() -> Arguments {
    Arguments::try_parse().unwrap_or_else(|mut error| {
        if let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg)
            && error.kind() == ErrorKind::UnknownArgument
            && !unknown.starts_with('-')
        {
            // Only `run` takes no word of its own.
            let fix = format!("put `--` before the command: `-- {unknown}`");
            let fix = ContextValue::StyledStrs(vec![fix.into()]);
            error.insert(ContextKind::Suggested, fix);
        }
        error.exit()
    })
}

fn main() -> ExitCode {
    let outcome = match arguments().command {
        Subcommands::Run(options) => run::run(*options),
        Subcommands::Status(options) => status::run(&options),
        Subcommands::Watch(options) => watch::run(&options),
        Subcommands::Check(options) => check::run(&options),
        Subcommands::Become(become_it) => become_it.exec(),
        Subcommands::Keep(keep) => keep.run(),
    };
    let code = outcome.unwrap_or_else(|error| {
        let io_error = error.downcast_ref::<io::Error>();
        if io_error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            // Whoever read the output, `head` for one, has seen enough.
            return ExitCode::SUCCESS;
        }
        complain(format_args!("{error:#}"));
        ExitCode::from(exit::FAILURE)
    });
    stderr::flush();
    code
}
