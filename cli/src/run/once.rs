//! `leasehold once`: a program that runs once and for all, such as a migration of a database.

use std::pin::pin;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use leasehold::bindings::{ForeignElection, RunOnce, wait};
use leasehold::{ErrorKind, MOST_ATTEMPTS, Term};
use rustix::process::Signal;

use super::command::Ended;
use super::{OfCommand, Singleton, adopted, in_background};
use crate::exit;
use crate::output::complain;
use crate::settings::with_default;

/// Runs a command once and for all, such as a migration of a database: as an init container, for one.
///
/// Start it on each replica with the same election and key. One of them at a time runs the
/// command. When it has ended with 0, the key is recorded in the Lease, and all the others end
/// with 0 as well, also those that start later. Until then they wait, and log for which one.
///
/// The command gets the fencing token in `LEASEHOLD_FENCING_TOKEN`. It may start again if it
/// was killed, or if its end could not be recorded, so it must be safe to repeat. Two never run
/// at once, with the same limits as `leasehold run`. When the command fails, `leasehold` ends
/// with its code, and another candidate starts it again after a retry period, then two, and so
/// on; after --attempts starts all give up.
///
/// The Lease remembers the last 32 keys, so that a rollback does not run an old one again.
/// Deleting the Lease forgets them.
///
/// SIGTERM or SIGINT stops the command, then the Lease is released; a second one kills the
/// command. Other signals go to the command.
///
/// Exits with 0 when it is done, here or elsewhere; the command's own code if that fails, or
/// 128 + n if signal n ended the command, or asked to stop before it was done; 125 if the command was
/// started as often as it may be, and failed; 2 for a wrong flag or setting; 126 and 127 if the
/// command cannot be run or found.
///
/// A TIME is a number of seconds, or a form such as `15s`, `500ms` or `1m30s`.
#[derive(Args)]
pub(crate) struct Options {
    /// The name of the work with its version, such as the image's tag
    #[arg(long)]
    key: String,
    #[arg(long, value_name = "NUMBER", help = with_default("How often the command may be started", MOST_ATTEMPTS))]
    attempts: Option<u32>,
    #[command(flatten)]
    of_command: OfCommand,
}

pub(crate) fn run(options: Options) -> Result<ExitCode> {
    in_background(campaign(options))
}

/// Takes part until the command is done, here or elsewhere, has failed, or somebody wants it stopped.
async fn campaign(options: Options) -> Result<ExitCode> {
    let mut singleton = Singleton::new(options.of_command)?;
    let (election, key) = (singleton.election, options.key);
    let start = move || wait(election.once(&key), Duration::MAX);
    let once = match singleton.signals.unless_stopped(start).await {
        Ok(once) => once.expect("nothing limits the wait")?,
        Err(signal) => return Ok(exit::by(signal)),
    };
    let mut once = once.most_attempts(options.attempts.unwrap_or(MOST_ATTEMPTS));
    loop {
        let term = match singleton.wait_for(&mut once).await {
            Ok(Some(term)) => term,
            Ok(None) => {
                singleton.leave(true).await?;
                return Ok(ExitCode::SUCCESS);
            }
            Err(error) => return singleton.give_up(error).await,
        };
        match singleton.lead(&term).await? {
            Some(Ended { status, all }) => {
                if once.ended(failure(status)).await? {
                    singleton.leave(all).await?;
                    return Ok(exit::of(status));
                }
            }
            None => once.interrupted(),
        }
    }
}

impl Singleton {
    /// Waits until it is this instance's turn to run the command, and returns under which term; `None` if it is done.
    async fn wait_for(&mut self, once: &mut RunOnce) -> leasehold::Result<Option<Term>> {
        let mut next = pin!(once.next());
        loop {
            // It only fails if the kernel does.
            let _ = adopted::reap(&[]);
            tokio::select! {
                begun = &mut next => return begun,
                // What goes on under a term that is over is not this one's to wait for.
                _ = self.events.recv() => {}
                _ = self.endings.recv() => {}
                signal = self.signals.next() => match signal {
                    Signal::TERM | Signal::INT | Signal::HUP | Signal::QUIT => {
                        self.is_asked_again(signal);
                        self.request_stop()?;
                    }
                    _ => {}
                }
            }
        }
    }

    async fn give_up(&mut self, error: leasehold::Error) -> Result<ExitCode> {
        if let Some(signal) = self.asked {
            self.leave(true).await?;
            return Ok(exit::by(signal));
        }
        if error.kind() == ErrorKind::WorkFailed {
            self.leave(true).await?;
            complain(error);
            return Ok(ExitCode::from(exit::GIVEN_UP));
        }
        Err(error).context("the command was not run")
    }
}

/// How the command has failed, for those who wait.
fn failure(status: ExitStatus) -> Option<String> {
    (!status.success()).then(|| status.to_string())
}
