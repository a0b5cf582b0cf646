//! Another process: this test binary, started again to run one of the tasks below.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;

use leasehold::ErrorKind;
use leasehold::lease_record::{LeaseRecord, ResourceVersion};
use leasehold::lease_store::{LeaseStore, StoreError};

use crate::{file, held_by, open};

const TASK: &str = "FILE_STORE_TEST_TASK";
const DIRECTORY: &str = "FILE_STORE_TEST_DIRECTORY";
/// Tells a worker's report from what the test harness prints.
const REPORT: &str = "worker: ";

/// How often each competitor wins before it ends.
pub(crate) const WINS: usize = 100;

/// A running worker, killed when it is dropped.
pub(crate) struct Worker {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    pub(crate) fn start(task: &str, directory: &Path) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "worker::main", "--ignored", "--nocapture"])
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

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for the next report; `None` when the worker has ended.
    pub(crate) fn report(&mut self) -> Option<String> {
        let lines = self.lines.by_ref().map_while(Result::ok);
        lines
            .into_iter()
            .find_map(|line| line.strip_prefix(REPORT).map(str::to_owned))
    }

    /// Stops the worker where it is. Windows cannot, but then it waits for nothing but its end.
    pub(crate) fn stop(&self) {
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process};
            let process = Pid::from_raw(self.id().try_into().unwrap()).unwrap();
            kill_process(process, Signal::STOP).unwrap();
        }
    }

    /// Ends the worker as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Waits for the worker to end by itself.
    pub(crate) fn assert_success(&mut self) {
        assert!(
            self.process.wait().unwrap().success(),
            "the worker has failed"
        );
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Fails where the worker has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
#[ignore = "the other process of the tests beside it"]
async fn main() {
    let (Ok(task), Some(directory)) = (env::var(TASK), env::var_os(DIRECTORY)) else {
        return;
    };
    // The harness has begun a line.
    println!();
    let directory = PathBuf::from(directory);
    match task.as_str() {
        "compete" => compete(&directory).await,
        "write" => write(&directory).await,
        "lock" => lock(&directory),
        task => panic!("unknown task {task}"),
    }
}

fn report(message: &str) {
    println!("{REPORT}{message}");
}

/// Wins the Lease again and again, and deletes it now and then; reports which version each win was
/// on (0: none, the Lease was created) and which it made.
async fn compete(directory: &Path) {
    let store = open(directory);
    let mut wins = 0;
    while wins < WINS {
        let record = LeaseRecord {
            transitions: i32::try_from(wins).unwrap(),
            ..held_by(&std::process::id().to_string())
        };
        let seen = store.read().await.unwrap();
        let version = seen
            .as_ref()
            .map_or(ResourceVersion(0), |seen| seen.version);
        let outcome = match seen {
            Some(seen) => store.replace(seen, record).await,
            None => store.create(record).await,
        };
        match outcome {
            Ok(lease) => {
                wins += 1;
                report(&format!("{version} {}", lease.version));
                if wins % 20 == 0 {
                    // Another worker may have deleted it first.
                    let _ = fs::remove_file(file(directory, "lease.json"));
                }
            }
            // A slow disk may keep the lock from everybody for a while.
            Err(error) => assert!(
                matches!(error, StoreError::Conflict(_)) || error.kind() == ErrorKind::Unavailable,
                "{error}"
            ),
        }
    }
}

/// Writes until it is killed; reports each version.
async fn write(directory: &Path) {
    let store = open(directory);
    let mut seen = match store.read().await.unwrap() {
        Some(seen) => seen,
        None => store.create(held_by("writer")).await.unwrap(),
    };
    loop {
        report(&seen.version.to_string());
        let next = held_by(&format!("writer after {}", seen.version));
        seen = store.replace(seen, next).await.unwrap();
    }
}

/// Holds the lock as a process does that is stopped in the middle of a write.
fn lock(directory: &Path) {
    let mut lock: File = OpenOptions::new()
        .write(true)
        .open(file(directory, "lock"))
        .unwrap();
    lock.lock().unwrap();
    lock.write_all(format!("{}\n", std::process::id()).as_bytes())
        .unwrap();
    report("locked");
    loop {
        thread::park();
    }
}
