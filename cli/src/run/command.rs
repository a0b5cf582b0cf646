//! The command that runs on the leader: started, asked to stop, killed.

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use leasehold::Term;
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpid, getppid, kill_process, kill_process_group,
    test_kill_process_group, waitid,
};
use tokio::signal::unix::{self, SignalKind, signal};
use tokio::time::sleep;

use super::adopted;
use super::own_program::{die_with_parent, own_program};
use super::watchdog::Guard;
use crate::exit;
use crate::output::complain;

/// Tells the command under which term it runs, for what must not be done twice.
const FENCING_TOKEN: &str = "LEASEHOLD_FENCING_TOKEN";

/// From SIGKILL until nothing of a process runs any more, generously.
pub(super) const TIME_TO_DIE: Duration = Duration::from_millis(500);

/// How often to look whether all of a process group has died.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A running command, alone with what it starts in its process group.
pub(super) struct Running {
    name: String,
    child: Child,
    group: Pid,
    watchdog: Guard,
    /// What all that it starts has in its environment, also what leaves its group.
    mark: String,
    /// Tells that some child of this process has ended.
    endings: unix::Signal,
}

impl Running {
    /// Starts `command`, for no longer than this process lives: the kernel then kills it, and the
    /// watchdog what it has started. To be called from the main thread, whose death counts as such.
    pub(super) fn start(command: &[OsString], term: &Term) -> Result<Self> {
        // Before there is a child, so that no end is missed.
        let endings = signal(SignalKind::child())?;
        let token = term.fencing_token().to_string();
        let child = own_program()?
            .args(["become", &getpid().as_raw_pid().to_string(), "--"])
            .args(command)
            .env(FENCING_TOKEN, &token)
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
            mark: format!("{FENCING_TOKEN}={token}"),
            endings,
        })
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Waits until it ends by itself.
    pub(super) async fn ended(&mut self) -> Result<()> {
        // Not waited for, so that its group's number cannot be another's yet.
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(self.group), ended)?.is_none() {
            self.watchdog.revive()?;
            adopted::reap(&self.own())?;
            self.endings.recv().await;
        }
        Ok(())
    }

    /// Kills all that is left of it, and waits until that has died: as long as that may take, and while
    /// there is time left. Returns how the command has ended, and whether all has.
    pub(super) async fn finish(mut self, time_left: impl Fn() -> Duration) -> Result<Ended> {
        let killed_at = Instant::now();
        self.signal(Signal::KILL);
        self.ended().await?;
        self.watchdog.dismiss()?;
        let status = self.child.wait()?;
        let all = loop {
            adopted::reap(&[])?;
            // In a group that is gone nobody can be started any more.
            let group_is_gone = test_kill_process_group(self.group) == Err(Errno::SRCH);
            if group_is_gone && !adopted::kill_those_with(&self.mark) {
                break true;
            }
            if killed_at.elapsed() >= TIME_TO_DIE && time_left().is_zero() {
                break false;
            }
            sleep(LOOK_AGAIN).await;
        };
        Ok(Ended { status, all })
    }

    /// The processes that are waited for by their own owners.
    fn own(&self) -> [Pid; 2] {
        [self.group, self.watchdog.pid()]
    }

    pub(super) fn signal(&self, signal: Signal) {
        // A group of which nobody is left has ended, which is what is wanted.
        let _ = kill_process_group(self.group, signal);
    }
}

/// How a command has ended.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// Whether all that it has started has, too.
    pub(super) all: bool,
}

/// A command that read from a terminal would be stopped, since it is in a group of its own.
fn input() -> Stdio {
    if io::stdin().is_terminal() {
        Stdio::null()
    } else {
        Stdio::inherit()
    }
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
        die_with_parent()?;
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
