//! `leasehold run`: a program that runs on one instance only.

mod command;
mod own_program;
mod watchdog;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use leasehold::{DEFAULT_DRAIN_TIMEOUT, Event, LeaderElection, LogLevel, Loss, Subscription, Term};
use rustix::process;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

pub(crate) use self::command::Become;
use self::command::Running;
pub(crate) use self::watchdog::Watchdog;
use crate::exit;
use crate::output::{log, printable};
use crate::settings::{Settings, set, with_time};

/// How long a sleep may be, since a suspended machine does not count it.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Runs a command while this instance leads, and nowhere else.
///
/// The command is started with each term, with the fencing token in `LEASEHOLD_FENCING_TOKEN`. When
/// the term ends it gets SIGTERM, and it and all that it has started SIGKILL before another instance
/// may lead; also when this process is killed. Out of reach is what leaves the command's process
/// group (setsid, an interactive shell's jobs), a machine or a `leasehold` that is frozen (SIGSTOP),
/// and what goes on where `leasehold` and its watchdog are killed at once: for these, check the token.
///
/// It is for programs that do not end. When the command ends by itself, with whatever code, this
/// instance gives the Lease back and ends too, and the next one starts the command.
///
/// On SIGTERM or SIGINT the command is stopped, then the Lease is released. Its input is that of
/// `leasehold`, but empty where that is a terminal.
///
/// Exits with the command's own code once that has ended by itself; 128 + n where signal n ended
/// it; 0 when asked to stop; 2 for a wrong flag or setting; 126 and 127 where the command cannot be
/// run or found.
///
/// A TIME is a number of seconds, or a form such as `15s`, `500ms` or `1m30s`.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Options {
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    #[arg(long, value_name = "TIME", help = with_time("How long the command may take to stop when it is asked to", DEFAULT_DRAIN_TIMEOUT))]
    drain_timeout: Option<String>,
    // Last, since its heading would be that of what follows.
    #[command(flatten)]
    settings: Settings,
}

pub(crate) fn run(options: Options) -> Result<ExitCode> {
    leasehold::set_log_sink(LogLevel::Warn, |record| log(record.message))?;
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
            // It is over already where this process was paused meanwhile.
            Some(Event::Acquired(term)) if term.is_valid() => {
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
    stopping: bool,
    terminate: Signal,
    interrupt: Signal,
    /// Only held: Ctrl-Z would stop the renewals, and not the command.
    _suspend: Signal,
}

impl Singleton {
    fn start(options: Options) -> Result<Self> {
        let drain_timeout = [("drain_timeout", &options.drain_timeout)];
        let config = set(options.settings.config()?, drain_timeout)?;
        let election = LeaderElection::new(&config)?;
        let singleton = Self {
            events: election.subscribe()?,
            command: options.command,
            stopping: false,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            _suspend: signal(SignalKind::from_raw(process::Signal::TSTP.as_raw()))?,
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
                event = self.events.recv() => {
                    event.as_ref().inspect(|event| self.tell(event));
                    return event;
                }
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
            self.request_stop().ok()?;
        }
    }

    /// Runs the command for as long as `term` lasts. Returns the exit code where it ended by itself.
    async fn lead(&mut self, term: &Term) -> Result<Option<ExitCode>> {
        let mut running = Running::start(&self.command, term)?;
        let _loss = tokio::select! {
            ended = running.ended() => {
                ended?;
                let code = exit::of(running.finish().await?);
                self.leave().await?;
                return Ok(Some(code));
            }
            loss = self.loss() => loss,
            // The thread that tells of the loss may be stuck.
            () = over(term) => None,
        };
        running.stop(term).await?;
        // Only as the loss is dropped may the Lease be released.
        Ok(None)
    }

    /// Waits until this instance is told that it no longer leads.
    async fn loss(&mut self) -> Option<Loss> {
        loop {
            match self.next().await {
                Some(Event::Lost(loss)) => return Some(loss),
                None => return None,
                Some(_) => {}
            }
        }
    }

    /// Gives the Lease back: there is nothing left to run.
    async fn leave(&mut self) -> Result<()> {
        self.request_stop()?;
        while !matches!(self.next().await, Some(Event::Stopped) | None) {}
        Ok(())
    }

    fn request_stop(&mut self) -> leasehold::Result<()> {
        self.stopping = true;
        self.election.request_stop().map(drop)
    }

    /// Says how things stand.
    fn tell(&self, event: &Event) {
        match event {
            Event::Acquired(term) => {
                let token = term.fencing_token();
                log(format_args!("leading, under fencing token {token}"));
            }
            Event::Lost(loss) => log(format_args!("no longer leading: {}", loss.reason)),
            Event::LeaderChanged(_) if self.stopping => {}
            Event::LeaderChanged(None) => log("waiting: nobody leads yet"),
            Event::LeaderChanged(Some(holder)) if !self.is_ours(holder) => {
                log(format_args!("waiting: {} leads", printable(holder)));
            }
            _ => {}
        }
    }

    fn is_ours(&self, holder: &str) -> bool {
        self.election.status().identity.as_deref() == Some(holder)
    }
}

/// Waits until `term` is over by the clock, whoever tells of it.
async fn over(term: &Term) {
    while term.is_valid() {
        sleep(term.remaining().min(LOOK_AGAIN)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;

    use leasehold::Config;
    use leasehold::clock::{Clock, WallTime};
    use leasehold::lease_store::memory::MemoryStore;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_term_is_over_by_the_clock_although_nobody_tells_of_it() {
        let config = Config::new("jobs");
        let store = Arc::new(MemoryStore::default());
        let clock = Clock::simulated(WallTime::default());
        let (election, thread) = LeaderElection::simulated(&config, store, clock, 1).unwrap();
        let mut events = election.subscribe().unwrap();
        let mut thread = pin!(thread);
        let term = loop {
            tokio::select! {
                () = &mut thread => unreachable!("nobody stops it"),
                Some(event) = events.recv() => if let Event::Acquired(term) = event {
                    break term;
                }
            }
        };
        // From here on it is stuck.
        assert!(term.is_valid());
        over(&term).await;
        assert!(!term.is_valid());
        assert!(!term.work_time_left().is_zero(), "time to stop the command");
    }
}
