//! `leasehold run`: a program that runs on one instance only.

mod adopted;
mod command;
pub(crate) mod once;
mod own_program;
mod stop_signal;
mod watchdog;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use leasehold::bindings::{LogLevel, set_log_sink};
use leasehold::{DEFAULT_DRAIN_TIMEOUT, Event, LeaderElection, Loss, Subscription, Term};
use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};
use tokio::time::sleep;

pub(crate) use self::command::Become;
use self::command::{Ended, Running, TIME_TO_DIE};
use self::stop_signal::StopSignal;
pub(crate) use self::watchdog::Watchdog;
use crate::exit;
use crate::output::{log, readable};
use crate::settings::{Settings, set, with_time};
use crate::signals::Signals;

/// How long a sleep may be, since a suspended machine does not count it.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// All signals that are received. SIGTSTP only so that Ctrl-Z, which does not reach the command, does
/// not stop the renewals.
const RECEIVED: [Signal; 10] = [
    Signal::TERM,
    Signal::INT,
    Signal::HUP,
    Signal::QUIT,
    Signal::USR1,
    Signal::USR2,
    Signal::ALARM,
    Signal::WINCH,
    Signal::CONT,
    Signal::TSTP,
];

/// Runs a command while this instance leads, and nowhere else.
///
/// Starts the command with each term, with the fencing token in `LEASEHOLD_FENCING_TOKEN`. When
/// the term ends, the command gets SIGTERM; then it and everything that it has started get
/// SIGKILL before another instance may lead, even if `leasehold` itself is killed. `leasehold`
/// cannot stop the command while it or the machine is frozen (SIGSTOP), or if it and its
/// watchdog are killed at once; nor, if it is killed, processes that have left the command's
/// process group (setsid, an interactive shell's jobs). For these, check the token.
///
/// Use it for programs that do not end. When the command ends by itself, with any exit code,
/// this instance releases the Lease and ends too, and the next one starts the command. So three
/// replicas of `leasehold run -- ./nightly.sh` run it three times, one after another. For jobs
/// at set times, run their scheduler: `leasehold run -- supercronic ./crontab` runs each job on
/// the leader only.
///
/// SIGTERM or SIGINT stops the command, then the Lease is released; a second one kills the
/// command, and a third does not wait for the release. SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2,
/// SIGALRM, SIGWINCH and SIGCONT go to the command; while none runs, SIGHUP and SIGQUIT stop
/// `leasehold`. It may be the first process of a container: it reaps what it adopts. The
/// command has the input of `leasehold`, but an empty one if that is a terminal.
///
/// Exits with the command's own code if it ends by itself; 128 + n if signal n ended it;
/// 0 when asked to stop; 2 for a wrong flag or setting; 126 and 127 if the command cannot be
/// run or found.
///
/// A TIME is a number of seconds, or a form such as `15s`, `500ms` or `1m30s`.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    of_command: OfCommand,
}

// No words of documentation here: they would be those of the command line.
#[derive(Args)]
struct OfCommand {
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    #[arg(long, value_name = "TIME", help = with_time("How long the command may take to stop when it is asked to", DEFAULT_DRAIN_TIMEOUT))]
    drain_timeout: Option<String>,
    /// The signal that asks the command to stop
    #[arg(long, value_name = "SIGNAL", default_value_t = StopSignal(Signal::TERM))]
    stop_signal: StopSignal,
    // Last, since its heading would be that of what follows.
    #[command(flatten)]
    settings: Settings,
}

pub(crate) fn run(options: Options) -> Result<ExitCode> {
    in_background(campaign(options))
}

/// Does what `leasehold` does beside a command, on the main thread.
fn in_background(campaign: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    set_log_sink(LogLevel::Info, |record| log(record.message))?;
    adopted::adopt()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(campaign)
}

/// Takes part until the command has ended by itself, or somebody wants it stopped.
async fn campaign(options: Options) -> Result<ExitCode> {
    let mut singleton = Singleton::new(options.of_command)?;
    let election = singleton.election;
    let signals = &mut singleton.signals;
    match signals.unless_stopped(|| election.start()).await {
        Ok(started) => started?,
        Err(_) => return Ok(ExitCode::SUCCESS),
    }
    loop {
        match singleton.next().await {
            // It is over already where this process was paused meanwhile.
            Some(Event::Acquired(term)) if term.is_valid() => {
                if let Some(Ended { status, all }) = singleton.lead(&term).await? {
                    singleton.leave(all).await?;
                    return Ok(exit::of(status));
                }
            }
            Some(Event::Stopped) | None => return Ok(ExitCode::SUCCESS),
            Some(_) => {}
        }
    }
}

struct Singleton {
    /// As long as this process: when it is dropped, it waits for the release.
    election: &'static LeaderElection,
    events: Subscription,
    command: Vec<OsString>,
    stop_signal: Signal,
    signals: Signals,
    /// Tells that some child of this process has ended.
    endings: unix::Signal,
    /// By what somebody has asked it to stop, first.
    asked: Option<Signal>,
}

impl Singleton {
    fn new(options: OfCommand) -> Result<Self> {
        let drain_timeout = [("drain_timeout", &options.drain_timeout)];
        let config = set(options.settings.config()?, drain_timeout)?;
        let election = LeaderElection::new(&config)?;
        Ok(Self {
            events: election.subscribe()?,
            election: Box::leak(Box::new(election)),
            command: options.command,
            stop_signal: options.stop_signal.0,
            signals: Signals::receive(&RECEIVED)?,
            endings: signal(SignalKind::child())?,
            asked: None,
        })
    }

    /// The next event, while no command runs; `None` at the end, and where nobody wants to wait for it.
    async fn next(&mut self) -> Option<Event> {
        loop {
            adopted::reap(&[]).ok()?;
            tokio::select! {
                event = self.events.recv() => return event,
                _ = self.endings.recv() => {}
                signal = self.signals.next() => match signal {
                    Signal::TERM | Signal::INT | Signal::HUP | Signal::QUIT => {
                        if self.is_asked_again(signal) {
                            log("ending without waiting for the Lease to be released");
                            return None;
                        }
                        self.request_stop().ok()?;
                    }
                    _ => {}
                }
            }
        }
    }

    /// Runs the command for as long as `term` lasts. Returns how it has ended where it did by itself.
    async fn lead(&mut self, term: &Term) -> Result<Option<Ended>> {
        let mut running = Running::start(&self.command, term)?;
        // Only as it is dropped may the Lease be released.
        let _loss = loop {
            tokio::select! {
                ended = running.ended() => {
                    ended?;
                    return Ok(Some(running.finish(|| Duration::ZERO).await?));
                }
                event = self.events.recv() => match event {
                    // That of an earlier term is no news.
                    Some(Event::Lost(loss)) if !term.is_valid() => break Some(loss),
                    None => break None,
                    Some(_) => {}
                },
                signal = self.signals.next() => match signal {
                    Signal::TERM | Signal::INT => {
                        self.is_asked_again(signal);
                        self.request_stop()?;
                    }
                    other => pass_on(other, &running),
                },
                // The thread that tells of the loss may be stuck.
                () = over(term) => break None,
            }
        };
        self.stop(running, term).await?;
        Ok(None)
    }

    /// Asks the command to stop, and kills what is left of it before another may lead.
    async fn stop(&mut self, mut running: Running, term: &Term) -> Result<()> {
        let asked_at = Instant::now();
        if !time_to_stop(term).is_zero() {
            running.signal(self.stop_signal);
            log(format_args!("asked {} to stop", running.name()));
        }
        loop {
            tokio::select! {
                ended = running.ended() => {
                    ended?;
                    break;
                }
                () = no_time_to_stop(term) => {
                    let (name, time) = (running.name(), readable(asked_at.elapsed()));
                    log(format_args!("killing {name}: it has not ended in {time}"));
                    break;
                }
                signal = self.signals.next() => match signal {
                    Signal::TERM | Signal::INT if self.is_asked_again(signal) => {
                        let name = running.name();
                        log(format_args!("killing {name}: asked to stop once more"));
                        break;
                    }
                    Signal::TERM | Signal::INT => self.request_stop()?,
                    other => pass_on(other, &running),
                },
            }
        }
        running.finish(|| term.work_time_left()).await?;
        Ok(())
    }

    /// Ends, since there is nothing left to run: releases the Lease, unless work goes on that
    /// nobody could end.
    async fn leave(&mut self, all_has_ended: bool) -> Result<()> {
        self.request_stop()?;
        let mut losses: Vec<Loss> = Vec::new();
        // Its end may have been reported before, while nobody listened for it: then nothing more is
        // reported. As long as it runs, that is still to come.
        while self.election.is_running() {
            match self.next().await {
                Some(Event::Lost(loss)) if !all_has_ended => losses.push(loss),
                Some(Event::Stopped) | None => break,
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Notes that somebody wants it to stop. Returns whether somebody has before.
    fn is_asked_again(&mut self, signal: Signal) -> bool {
        let before = self.asked;
        self.asked.get_or_insert(signal);
        before.is_some()
    }

    fn request_stop(&mut self) -> leasehold::Result<()> {
        self.election.request_stop().map(drop)
    }
}

fn pass_on(signal: Signal, command: &Running) {
    if signal != Signal::TSTP {
        command.signal(signal);
    }
}

/// How long a command may still take to stop by itself.
fn time_to_stop(term: &Term) -> Duration {
    term.work_time_left().saturating_sub(TIME_TO_DIE)
}

/// Waits until a command must be killed, so that it is dead before its time is over.
async fn no_time_to_stop(term: &Term) {
    loop {
        let left = time_to_stop(term);
        if left.is_zero() {
            return;
        }
        // Not all of it at once: it shrinks when renewals fail.
        sleep(left.min(TIME_TO_DIE)).await;
    }
}

/// Waits until `term` is over by the clock, no matter who tells of it.
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
    use leasehold::proof_of_death::NoProof;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_term_is_over_by_the_clock_although_nobody_tells_of_it() {
        let config = Config::new("jobs");
        let store = Arc::new(MemoryStore::default());
        let clock = Clock::simulated(WallTime::default());
        let (election, thread) =
            LeaderElection::simulated(&config, store, Arc::new(NoProof), clock, 1).unwrap();
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
