//! A small process beside the command, which outlives `leasehold run` by an instant: when that is
//! killed, it kills all that the command has started.

use std::fs;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, ExitCode, Stdio};

use anyhow::{Context, Result};
use clap::Args;
use rustix::process::{Pid, Signal, kill_process_group, setsid};

use super::own_program::own_program;

/// Its name among processes, so that `killall leasehold` spares it.
const NAME: &str = "lease-watchdog";

/// The watchdog of a process group, while it runs. Dropped, it kills the group.
pub(super) struct Guard {
    /// Its standard input is a pipe that only this process can write to. Nothing is: it tells that
    /// this process has died.
    process: Child,
    group: Pid,
}

impl Guard {
    pub(super) fn start(group: Pid) -> Result<Self> {
        let process = own_program()?
            .arg0(NAME)
            .args(["watchdog", &group.as_raw_pid().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the watchdog of the command")?;
        Ok(Self { process, group })
    }

    pub(super) fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    /// Starts another where somebody has ended it.
    pub(super) fn revive(&mut self) -> Result<()> {
        if self.process.try_wait()?.is_some() {
            *self = Self::start(self.group)?;
        }
        Ok(())
    }

    /// Ends it without harm. To be called while the group's number cannot be another's, that is,
    /// before its first process is waited for.
    pub(super) fn dismiss(mut self) -> io::Result<()> {
        // Before its input ends, which would be the word to kill.
        self.process.kill()?;
        self.process.wait().map(drop)
    }
}

/// The process itself.
#[derive(Args)]
pub(crate) struct Watchdog {
    group: i32,
}

impl Watchdog {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        // Out of reach of Ctrl-C, and of what ends the group of `leasehold run`.
        setsid()?;
        // Where there is no such file it has the other name, which costs nothing else.
        let _ = fs::write("/proc/self/comm", NAME);
        // An error is an end as well.
        let _ = io::stdin().read_to_end(&mut Vec::new());
        if let Some(group) = Pid::from_raw(self.group) {
            kill_process_group(group, Signal::KILL)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
