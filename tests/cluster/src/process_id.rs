//! A process named so that no other can be taken for it.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

const END_LIMIT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A pid may be given to another process; with the time of its start, since
/// the system's, it is one process for good. Linux only.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct ProcessId {
    pid: i32,
    start_time: u64,
}

impl ProcessId {
    pub(crate) fn of(pid: Pid) -> Result<ProcessId> {
        let pid = pid.as_raw_pid();
        let start_time = start_time(pid).with_context(|| format!("process {pid} has ended"))?;
        Ok(ProcessId { pid, start_time })
    }

    pub(crate) fn is_running(&self) -> bool {
        start_time(self.pid) == Some(self.start_time)
    }

    /// Ends the process, if it runs, and waits until it has gone.
    pub(crate) fn kill(&self) -> Result<()> {
        let deadline = Instant::now() + END_LIMIT;
        while self.is_running() {
            ensure!(
                Instant::now() < deadline,
                "process {} does not end",
                self.pid
            );
            if let Some(pid) = Pid::from_raw(self.pid) {
                // It may have ended by itself since the look.
                let _ = kill_process(pid, Signal::KILL);
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }
}

/// From `/proc`; none if the process has ended, be it waited for or not.
fn start_time(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name, which may hold anything: the state is the third field of all.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let (state, start_time) = (*fields.first()?, fields.get(22 - 3)?);
    (state != "Z").then(|| start_time.parse().ok())?
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn another_process_with_the_same_pid_is_not_it() {
        let own = ProcessId::of(rustix::process::getpid()).unwrap();
        assert!(own.is_running());
        let earlier = ProcessId {
            start_time: own.start_time - 1,
            ..own
        };
        assert!(!earlier.is_running());
        earlier.kill().unwrap(); // and we live on
    }

    #[test]
    fn kill_waits_for_the_end() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let id = ProcessId::of(Pid::from_child(&child)).unwrap();
        id.kill().unwrap();
        assert!(!id.is_running());
        child.wait().unwrap();
    }
}
