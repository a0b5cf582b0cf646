//! A `leasehold watch` that runs.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::common::{LIMIT, exit_code};
use crate::location::Location;

/// Killed when dropped.
pub(crate) struct Watcher {
    child: Child,
    lines: Receiver<String>,
}

impl Watcher {
    pub(crate) fn start(location: &Location, arguments: &[&str]) -> Self {
        let mut child = location
            .command(&[&["watch"], arguments].concat())
            .env("LEASEHOLD_RETRY_PERIOD", "0.2")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("leasehold starts");
        let output = child.stdout.take().expect("it is piped");
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                if sender.send(line.expect("text")).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    pub(crate) fn next_line(&self) -> String {
        self.lines.recv_timeout(LIMIT).expect("a line")
    }

    /// The next event, of those told in JSON.
    pub(crate) fn next_event(&self) -> Value {
        serde_json::from_str(&self.next_line()).expect("JSON")
    }

    /// Ends it as Ctrl-C does. Returns its exit code, and what it wrote to its standard error.
    pub(crate) fn interrupt(mut self) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("it runs");
        self.finish()
    }

    /// Waits for its end.
    pub(crate) fn finish(&mut self) -> (Option<i32>, String) {
        let code = exit_code(&mut self.child);
        let mut errors = String::new();
        let mut stderr = self.child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut errors).expect("text");
        (code, errors)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // Gone already, where it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
