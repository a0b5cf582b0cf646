//! `leasehold`: leader election from the command line.

#![warn(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "they panic when nobody reads"
)]

mod check;
#[cfg(unix)]
mod children;
mod exit;
mod leader_elector;
mod output;
#[cfg(unix)]
mod run;
#[cfg(not(unix))]
mod run_refused;
mod serve;
mod settings;
mod signals;
mod status;
mod watch;

use std::env;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};
use leasehold::bindings::stderr;

use crate::output::complain;
#[cfg(not(unix))]
use crate::run_refused as run;

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
    Once(Box<run::once::Options>),
    Serve(Box<serve::Options>),
    Status(status::Options),
    Watch(watch::Options),
    Check(check::Options),
    #[cfg(unix)]
    #[command(hide = true)]
    Become(run::Become),
    #[cfg(unix)]
    #[command(hide = true)]
    Watchdog(run::Watchdog),
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

/// Whether this file was started under the name of the old sidecar.
fn is_leader_elector() -> bool {
    let name = env::args_os().next();
    let name = name.as_deref().map(Path::new).and_then(Path::file_name);
    let name = name.unwrap_or_default().to_string_lossy();
    name.strip_suffix(env::consts::EXE_SUFFIX).unwrap_or(&name) == leader_elector::NAME
}

fn run() -> Result<ExitCode> {
    if is_leader_elector() {
        return leader_elector::run();
    }
    match arguments().command {
        Subcommands::Run(options) => run::run(*options),
        Subcommands::Once(options) => run::once::run(*options),
        Subcommands::Serve(options) => serve::run(&options),
        Subcommands::Status(options) => signals::interruptible(move || status::run(&options)),
        Subcommands::Watch(options) => watch::run(options),
        Subcommands::Check(options) => signals::interruptible(move || check::run(&options)),
        #[cfg(unix)]
        Subcommands::Become(become_it) => become_it.exec(),
        #[cfg(unix)]
        Subcommands::Watchdog(watchdog) => watchdog.run(),
    }
}

fn main() -> ExitCode {
    let code = run().unwrap_or_else(|error| {
        let io_error = error.downcast_ref::<io::Error>();
        if io_error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            // The reader of the output, such as `head`, has seen enough.
            return ExitCode::SUCCESS;
        }
        complain(format_args!("{error:#}"));
        ExitCode::from(exit::FAILURE)
    });
    stderr::flush();
    code
}
