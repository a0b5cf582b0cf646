//! One running instance of a program.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// How long to wait for what must happen: compilers and virtual machines start in it.
const LIMIT: Duration = Duration::from_secs(120);

/// Ended with all that it has started when dropped.
pub(crate) struct Instance {
    child: Child,
    /// What it prints.
    lines: Receiver<String>,
    log: PathBuf,
}

impl Instance {
    pub(crate) fn start(mut command: Command, log: PathBuf) -> Self {
        let errors = File::create(&log).expect("a log");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .process_group(0)
            .spawn()
            .expect("a shell");
        let output = child.stdout.take().expect("its output");
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines, log }
    }

    /// Waits until it prints that it did the job, and returns the token that it did it under.
    pub(crate) fn does_the_job(&mut self) -> u64 {
        let line = self.lines.recv_timeout(LIMIT);
        let line = line.unwrap_or_else(|_| panic!("it does no job: {}", self.said()));
        let token = line.rsplit(' ').next().and_then(|word| word.parse().ok());
        token.unwrap_or_else(|| panic!("`{line}` names no token"))
    }

    pub(crate) fn has_done_nothing(&self) {
        assert_eq!(self.lines.try_recv().ok(), None);
    }

    /// Sends SIGTERM as Kubernetes does, and waits until it has ended.
    pub(crate) fn stops_when_asked(mut self) {
        kill_process_group(Pid::from_child(&self.child), Signal::TERM).expect("it runs");
        self.child.wait().expect("it ends");
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Gone already, where the test has ended it.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}
