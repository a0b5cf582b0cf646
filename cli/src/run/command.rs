//! The command that runs on the leader: started, asked to stop, killed.

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use leasehold::Term;
use rustix::io::retry_on_intr;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpid, getppid, kill_process, kill_process_group,
    set_parent_process_death_signal, test_kill_process_group, waitid,
};
use tokio::signal::unix::{self, SignalKind, signal};
use tokio::time::{sleep, timeout};

use super::own_program::own_program;
use super::watchdog::Guard;
use crate::exit;
use crate::output::{complain, log, readable};

/// Tells the command under which term it runs, for what must not be done twice.
const FENCING_TOKEN: &str = "LEASEHOLD_FENCING_TOKEN";

/// From SIGKILL until nothing of a process runs any more, generously.
const TIME_TO_DIE: Duration = Duration::from_millis(500);

/// How often to look whether all of a process group has died.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A running command, alone with what it starts in its process group.
pub(super) struct Running {
    name: String,
    child: Child,
    group: Pid,
    watchdog: Guard,
    /// Tells that some child of this process has ended.
    endings: unix::Signal,
}

impl Running {
    /// Starts `command`, for no longer than this process lives: the kernel then kills it, and the
    /// watchdog what it has started. To be called from the main thread, whose death counts as such.
    pub(super) fn start(command: &[OsString], term: &Term) -> Result<Self> {
        // Before there is a child, so that no end is missed.
        let endings = signal(SignalKind::child())?;
        let child = own_program()
            .args(["become", &getpid().as_raw_pid().to_string(), "--"])
            .args(command)
            .env(FENCING_TOKEN, term.fencing_token().to_string())
            .stdin(input())
            .process_group(0)
            .spawn()
            .context("cannot start a process")?;
        let group = Pid::from_child(&child);
        // It becomes the command only when there is a watchdog.
        let waiting = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        retry_on_intr(|| waitid(WaitId::Pid(group), waiting))?;
        let watchdog = Guard::start(group)?;
        kill_process(group, Signal::CONT)?;
        let name = command.first().map(|name| name.display().to_string());
        Ok(Self {
            name: name.unwrap_or_default(),
            child,
            group,
            watchdog,
            endings,
        })
    }

    /// Waits until it ends by itself.
    pub(super) async fn ended(&mut self) -> Result<()> {
        // Not waited for, so that its group's number cannot be another's yet.
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(self.group), ended)?.is_none() {
            self.watchdog.revive()?;
            self.endings.recv().await;
        }
        Ok(())
    }

    /// Asks it to stop, and kills what is left of its process group before another may lead.
    pub(super) async fn stop(mut self, term: &Term) -> Result<()> {
        let asked_at = Instant::now();
        self.signal(Signal::TERM);
        let limit = time_to_stop(term);
        if !limit.is_zero() {
            let (name, limit) = (&self.name, readable(limit));
            // Later, up to the drain timeout, while the Lease is renewed.
            log(format_args!(
                "asked {name} to stop; killing it in {limit} at the soonest"
            ));
        }
        loop {
            let left = time_to_stop(term);
            if left.is_zero() {
                let (name, time) = (&self.name, readable(asked_at.elapsed()));
                log(format_args!("killed {name}: it had not ended in {time}"));
                break;
            }
            // Not all of it at once: it shrinks when renewals fail.
            if let Ok(ended) = timeout(left.min(TIME_TO_DIE), self.ended()).await {
                ended?;
                break;
            }
        }
        self.finish().await.map(drop)
    }

    /// Kills all that is left of it, and returns how it has ended.
    pub(super) async fn finish(mut self) -> Result<ExitStatus> {
        self.signal(Signal::KILL);
        self.ended().await?;
        self.watchdog.dismiss()?;
        let status = self.child.wait()?;
        // What it has started is not ours to wait for, and may take a moment to die.
        let killed_at = Instant::now();
        while test_kill_process_group(self.group).is_ok() && killed_at.elapsed() < TIME_TO_DIE {
            sleep(LOOK_AGAIN).await;
        }
        Ok(status)
    }

    fn signal(&self, signal: Signal) {
        // A group of which nobody is left has ended, which is what is wanted.
        let _ = kill_process_group(self.group, signal);
    }
}

/// A command that read from a terminal would be stopped, since it is in a group of its own.
fn input() -> Stdio {
    if io::stdin().is_terminal() {
        Stdio::null()
    } else {
        Stdio::inherit()
    }
}

/// How long a command may still take to stop by itself.
fn time_to_stop(term: &Term) -> Duration {
    term.work_time_left().saturating_sub(TIME_TO_DIE)
}

/// What a started process does first: it ties its life to its parent's, waits until that lets it go
/// on, then becomes the command.
#[derive(Args)]
pub(crate) struct Become {
    parent: i32,
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

impl Become {
    pub(crate) fn exec(self) -> Result<ExitCode> {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // It may have died before that.
        if getppid().map(Pid::as_raw_pid) != Some(self.parent) {
            return Ok(ExitCode::from(exit::FAILURE));
        }
        kill_process(getpid(), Signal::STOP)?;
        let (program, arguments) = self.command.split_first().context("a command is needed")?;
        let error = Command::new(program).args(arguments).exec();
        complain(format_args!("{}: {error}", program.display()));
        Ok(ExitCode::from(match error.kind() {
            ErrorKind::NotFound => exit::NOT_FOUND,
            _ => exit::CANNOT_RUN,
        }))
    }
}
