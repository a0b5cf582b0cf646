//! Another process: this test binary, started again to run one task. The tasks of a test are `main` of
//! its module `tasks`.

use std::env;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

const TASK: &str = "LEASEHOLD_TEST_TASK";
const DIRECTORY: &str = "LEASEHOLD_TEST_DIRECTORY";
/// Tells a worker's report from what the test harness prints.
const REPORT: &str = "worker: ";

/// A running worker, killed when it is dropped.
pub(crate) struct Worker {
    pub(crate) process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    pub(crate) fn start(task: &str, directory: &Path) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "tasks::main", "--ignored", "--nocapture"])
            .env(TASK, task)
            .env(DIRECTORY, directory)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = process.stdout.take().unwrap();
        Self {
            process,
            lines: BufReader::new(output).lines(),
        }
    }

    /// Waits for the next report; `None` when the worker has ended.
    pub(crate) fn report(&mut self) -> Option<String> {
        let lines = self.lines.by_ref().map_while(Result::ok);
        let mut reports = lines.filter_map(|line| line.strip_prefix(REPORT).map(str::to_owned));
        reports.next()
    }

    /// Stops the worker where it is. Windows cannot, but then it waits for nothing but its end.
    pub(crate) fn stop(&self) {
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process};
            let process = Pid::from_raw(self.process.id().try_into().unwrap()).unwrap();
            kill_process(process, Signal::STOP).unwrap();
        }
    }

    /// Ends the worker as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Fails if the worker has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What this process is started for, and where; `None` in the tests' own process.
pub(crate) fn task() -> Option<(String, PathBuf)> {
    let (task, directory) = (env::var(TASK).ok()?, env::var_os(DIRECTORY)?);
    // The harness has begun a line.
    println!();
    Some((task, PathBuf::from(directory)))
}

pub(crate) fn report(message: &str) {
    println!("{REPORT}{message}");
}
