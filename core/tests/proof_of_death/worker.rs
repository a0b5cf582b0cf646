//! Another process: this test binary, started again to run one of the tasks below.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;

use leasehold::ProofOfDeath;

use crate::{LIMIT, config};

const TASK: &str = "PROOF_TEST_TASK";
const DIRECTORY: &str = "PROOF_TEST_DIRECTORY";
/// Tells a worker's report from what the test harness prints.
const REPORT: &str = "worker: ";

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

    /// Waits for the next report.
    pub(crate) fn report(&mut self) -> String {
        let lines = self.lines.by_ref().map_while(Result::ok);
        let mut reports = lines.filter_map(|line| line.strip_prefix(REPORT).map(str::to_owned));
        reports.next().expect("the worker has ended")
    }

    /// Ends the worker as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Fails where the worker has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
#[ignore = "the other process of the tests beside it"]
fn main() {
    let (Ok(task), Some(directory)) = (env::var(TASK), env::var_os(DIRECTORY)) else {
        return;
    };
    // The harness has begun a line.
    println!();
    let mut config = config(Path::new(&directory));
    if task == "lead without proof" {
        config = config.proof_of_death(ProofOfDeath::None);
    }
    let election = config.start().unwrap();
    election.wait_for_leadership(LIMIT).unwrap();
    report("leading");
    match task.as_str() {
        "lead" | "lead without proof" => {}
        "lead and start a program" => {
            #[expect(clippy::zombie_processes, reason = "it outlives this process")]
            let program = Command::new("sleep").arg("600").spawn().unwrap();
            report(&program.id().to_string());
        }
        "lead and close all files" => {
            close_all_files();
            report("closed");
        }
        task => panic!("unknown task {task}"),
    }
    loop {
        thread::park();
    }
}

fn report(message: &str) {
    println!("{REPORT}{message}");
}

/// As a program does that turns into a daemon; but only those of files. Without the others, the runtime's
/// poll, no leader can go on: it would stop and release its Lease, rightly.
#[expect(unsafe_code, reason = "closes what others have opened")]
fn close_all_files() {
    let descriptors = fs::read_dir("/proc/self/fd").unwrap();
    let files: Vec<_> = descriptors
        .filter_map(|descriptor| {
            let descriptor = descriptor.unwrap();
            let opened = fs::read_link(descriptor.path()).ok()?;
            let number: i32 = descriptor.file_name().to_str()?.parse().ok()?;
            (number > 2 && opened.is_absolute()).then_some(number)
        })
        .collect();
    for descriptor in files {
        // SAFETY: this process does nothing with them any more.
        unsafe { libc::close(descriptor) };
    }
}
