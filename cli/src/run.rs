//! `leasehold run`: a program that runs on one instance only.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use leasehold::{Event, LeaderElection, LogLevel, Subscription, Term};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::command::Running;
use crate::exit;
use crate::settings::Settings;

/// Runs a command while this instance leads, and nowhere else.
///
/// The command is started with each term, with the fencing token in `LEASEHOLD_FENCING_TOKEN`. When
/// the term ends it gets SIGTERM, and it and its process group SIGKILL before another instance may
/// lead; it dies with this process. On SIGTERM or SIGINT the command is stopped, then the Lease is
/// released.
///
/// Exits with the command's own code once that has ended by itself; 128 + n where signal n ended
/// it; 0 when asked to stop; 2 for a wrong flag or setting; 126 and 127 where the command cannot be
/// run or found.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Options {
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    // Last, since its heading would be that of what follows.
    #[command(flatten)]
    settings: Settings,
}

pub(crate) fn run(options: Options) -> Result<ExitCode> {
    leasehold::set_log_sink(LogLevel::Info, |record| {
        eprintln!("leasehold: {}", record.message);
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(campaign(options))
}

/// Takes part until the command has ended by itself, or somebody wants it stopped.
async fn campaign(options: Options) -> Result<ExitCode> {
    let mut singleton = Singleton::start(options)?;
    loop {
        match singleton.next().await {
            Some(Event::Acquired(term)) => {
                if let Some(code) = singleton.lead(&term).await? {
                    return Ok(code);
                }
            }
            Some(Event::Stopped) | None => return Ok(ExitCode::SUCCESS),
            Some(_) => {}
        }
    }
}

struct Singleton {
    election: LeaderElection,
    events: Subscription,
    command: Vec<OsString>,
    terminate: Signal,
    interrupt: Signal,
}

impl Singleton {
    fn start(options: Options) -> Result<Self> {
        let election = LeaderElection::new(&options.settings.config()?)?;
        let singleton = Self {
            events: election.subscribe()?,
            command: options.command,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            election,
        };
        singleton.election.start()?;
        Ok(singleton)
    }

    /// The next event. A signal to stop is passed on to the election, which then tells what follows
    /// from it.
    async fn next(&mut self) -> Option<Event> {
        loop {
            tokio::select! {
                event = self.events.recv() => return event,
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
            self.election.request_stop().ok()?;
        }
    }

    /// Runs the command for as long as `term` lasts. Returns the exit code where it ended by itself.
    async fn lead(&mut self, term: &Term) -> Result<Option<ExitCode>> {
        let mut running = Running::start(&self.command, term)?;
        loop {
            let event = tokio::select! {
                status = running.ended() => {
                    let code = exit::of(status?);
                    self.leave().await?;
                    return Ok(Some(code));
                }
                event = self.next() => event,
            };
            if let Some(Event::Lost(loss)) = event {
                running.stop(&loss).await?;
                // Only as the loss is dropped may the Lease be released.
                return Ok(None);
            }
        }
    }

    /// Gives the Lease back: there is nothing left to run.
    async fn leave(&mut self) -> Result<()> {
        self.election.request_stop()?;
        while !matches!(self.events.recv().await, Some(Event::Stopped) | None) {}
        Ok(())
    }
}
