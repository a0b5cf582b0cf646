//! `leasehold run` and `leasehold once` where they cannot keep what they promise.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

/// Runs a command while this instance leads: not on this system.
///
/// It must be able to ask any command to stop, and to kill all that it has started, also when it is
/// killed itself. On Windows no program can ask another one to stop, unless that has agreed to.
///
/// Run it in a Linux container or under WSL; or let the program ask `leasehold serve` before each piece
/// of work; or use the library for Java, Node.js or Python.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    #[command(flatten)]
    _arguments: Anything,
}

// No words of documentation here: they would be those of the command line.
#[derive(Args)]
struct Anything {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _words: Vec<OsString>,
}

pub(crate) fn run(_: Options) -> Result<ExitCode> {
    bail!(
        "`leasehold run` does not work on Windows, where not every command can be asked to stop: run it \
         in a Linux container or under WSL, let the program ask `leasehold serve` before each piece of \
         work, or use the library for Java, Node.js or Python"
    )
}

pub(crate) mod once {
    use super::{Anything, Args, ExitCode, Result, bail};

    /// Runs a command once and for all, such as a migration of a database: not on this system.
    ///
    /// As `leasehold run`, it must be able to ask any command to stop, which no program can on Windows, unless
    /// the command has agreed to.
    ///
    /// Run it in a Linux container or under WSL; or use `run_once` of the library for Java, Node.js or
    /// Python.
    #[derive(Args)]
    #[command(disable_help_flag = true)]
    pub(crate) struct Options {
        #[command(flatten)]
        _arguments: Anything,
    }

    pub(crate) fn run(_: Options) -> Result<ExitCode> {
        bail!(
            "`leasehold once` does not work on Windows, where not every command can be asked to stop: \
             run it in a Linux container or under WSL, or use `run_once` of the library for Java, \
             Node.js or Python"
        )
    }
}
