//! The command that runs on the leader: started, asked to stop, killed.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use leasehold::{Loss, Term};
use rustix::process::{
    Pid, Signal, getpid, getppid, kill_process_group, set_parent_process_death_signal,
};
use tokio::process::Child;
use tokio::time::timeout;

use crate::exit;

/// Tells the command under which term it runs, for what must not be done twice.
const FENCING_TOKEN: &str = "LEASEHOLD_FENCING_TOKEN";

/// From SIGKILL until nothing of a process runs any more, generously.
const TIME_TO_DIE: Duration = Duration::from_millis(500);

/// A running command, alone in its process group.
pub(crate) struct Running {
    child: Child,
    group: Pid,
}

impl Running {
    /// Starts `command`. It is killed by the kernel when this process dies, so that none goes on
    /// without anybody who renews. To be called from the main thread, whose death counts as such.
    pub(crate) fn start(command: &[OsString], term: &Term) -> Result<Self> {
        let ourselves = std::env::current_exe().context("cannot find this program's own file")?;
        let mut launch = Command::new(ourselves);
        launch
            .args(["become", &getpid().as_raw_pid().to_string(), "--"])
            .args(command)
            .env(FENCING_TOKEN, term.fencing_token().to_string())
            .process_group(0);
        let child = tokio::process::Command::from(launch)
            .spawn()
            .context("cannot start a process")?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let group = id.and_then(Pid::from_raw).context("it ended at once")?;
        Ok(Self { child, group })
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Asks it to stop, and kills what is left of its process group before another may lead.
    pub(crate) async fn stop(mut self, loss: &Loss) -> Result<ExitStatus> {
        self.signal(Signal::TERM);
        loop {
            let left = loss.time_left().saturating_sub(TIME_TO_DIE);
            if left.is_zero() {
                self.signal(Signal::KILL);
                return self.ended().await;
            }
            // Not all of it at once: it shrinks when renewals fail.
            if let Ok(ended) = timeout(left.min(TIME_TO_DIE), self.child.wait()).await {
                self.signal(Signal::KILL);
                return Ok(ended?);
            }
        }
    }

    fn signal(&self, signal: Signal) {
        // A group of which nobody is left has ended, which is what is wanted.
        let _ = kill_process_group(self.group, signal);
    }
}

/// What a started process does first: it ties its life to its parent's, then becomes the command.
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
        let (program, arguments) = self.command.split_first().context("a command is needed")?;
        let error = Command::new(program).args(arguments).exec();
        eprintln!("leasehold: {}: {error}", program.display());
        Ok(ExitCode::from(match error.kind() {
            ErrorKind::NotFound => exit::NOT_FOUND,
            _ => exit::CANNOT_RUN,
        }))
    }
}
