//! Instances of `leasehold run` that compete for one Lease in a folder.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::common::{self, LIMIT, leasehold};

/// A folder with the Lease, and a pipe into which the commands write.
pub(crate) struct Place {
    folder: TempDir,
    lines: Receiver<String>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for pipe in ["said", "go-on"] {
            let made = Command::new("mkfifo")
                .arg(folder.path().join(pipe))
                .status();
            assert!(made.expect("mkfifo").success());
        }
        let said = folder.path().join("said");
        let (sender, lines) = channel();
        thread::spawn(move || {
            // For writing too, so that it does not end when one command does.
            let pipe = OpenOptions::new().read(true).write(true).open(said);
            for line in BufReader::new(pipe.expect("a pipe")).lines() {
                if sender.send(line.expect("a line")).is_err() {
                    break;
                }
            }
        });
        Self { folder, lines }
    }

    /// Runs a shell script that holds the lock. `say` and `started` put a line into the pipe.
    pub(crate) fn run(&self, name: &str, script: &str) -> Instance {
        self.run_with(&[], name, script)
    }

    pub(crate) fn run_with(&self, flags: &[&str], name: &str, script: &str) -> Instance {
        let script = format!(
            "say() {{ echo \"{name} $1\" > said; }}; started() {{ say started; }}; {script}"
        );
        let command = ["flock", "--no-fork", "--nonblock", "lock"];
        let command = [&command[..], &["sh", "-c", &script]].concat();
        self.start(&command, flags)
    }

    pub(crate) fn start(&self, command: &[&str], flags: &[&str]) -> Instance {
        let mut child = leasehold()
            .current_dir(self.folder.path())
            .args(["run", "--election=jobs", "--mode=file", "--directory"])
            .arg(self.path())
            .args(["--lease-duration=3", "--renew-deadline=2"])
            .arg("--retry-period=0.2")
            .args(flags)
            .arg("--")
            .args(command)
            // Not ours, which an orphan would keep open.
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("leasehold starts");
        let errors = child.stderr.take().expect("it is piped");
        Instance { child, errors }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The next line that a command has said.
    pub(crate) fn next_line(&self) -> String {
        self.lines.recv_timeout(LIMIT).expect("a line")
    }

    /// Lets whoever reads from this pipe go on.
    pub(crate) fn open_gate(&self, pipe: &str) {
        let gate = OpenOptions::new().write(true).open(self.path().join(pipe));
        writeln!(gate.expect("a pipe"), "go").expect("somebody reads");
    }

    /// Somebody deletes the Lease by hand.
    pub(crate) fn lose_the_lease(&self) {
        fs::remove_file(self.path().join("default/jobs/lease.json")).expect("a Lease");
    }
}

/// One process of `leasehold run`. Killed when dropped.
pub(crate) struct Instance {
    child: Child,
    errors: ChildStderr,
}

impl Instance {
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        common::exit_code(&mut self.child)
    }

    /// What it has written to its standard error, once it has ended.
    pub(crate) fn says(&mut self) -> String {
        let mut said = String::new();
        self.errors.read_to_string(&mut said).expect("text");
        said
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Gone already, where it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
