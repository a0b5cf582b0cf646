//! Instances of `leasehold run` that compete for one Lease in a folder.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::{self, LEASEHOLD, LIMIT, program};

/// A folder with the Lease, and a pipe into which the commands write.
pub(crate) struct Election {
    folder: TempDir,
    lines: Receiver<String>,
    /// The file of `leasehold`.
    program: PathBuf,
}

impl Election {
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
        Self {
            folder,
            lines,
            program: LEASEHOLD.into(),
        }
    }

    /// With a copy of `leasehold`, which may be deleted.
    pub(crate) fn with_a_copy() -> Self {
        let mut election = Self::new();
        election.program = election.path().join("leasehold");
        // By another process: this one must not have it open for writing when it is executed.
        let copied = Command::new("cp")
            .arg(LEASEHOLD)
            .arg(&election.program)
            .status();
        assert!(copied.expect("cp").success());
        election
    }

    pub(crate) fn delete_the_copy(&self) {
        fs::remove_file(&self.program).expect("a copy");
    }

    /// Runs a shell script that holds the lock. `say` and `started` put a line into the pipe.
    pub(crate) fn run(&self, name: &str, script: &str) -> Instance {
        self.run_with(&[], name, script)
    }

    pub(crate) fn run_with(&self, flags: &[&str], name: &str, script: &str) -> Instance {
        Instance::start(&mut self.script(flags, name, script))
    }

    pub(crate) fn start(&self, command: &[&str], flags: &[&str]) -> Instance {
        Instance::start(&mut self.command(command, flags))
    }

    /// The same under `leasehold once`, and key `1` unless the flags have another.
    pub(crate) fn once(&self, flags: &[&str], name: &str, script: &str) -> Instance {
        Instance::start(&mut self.once_script(flags, name, script))
    }

    /// The same, not started yet.
    pub(crate) fn once_script(&self, flags: &[&str], name: &str, script: &str) -> Command {
        let has_key = flags.iter().any(|flag| flag.starts_with("--key"));
        let key: &[&str] = if has_key { &[] } else { &["--key=1"] };
        let flags = [key, flags].concat();
        self.script_under("once", &flags, name, script)
    }

    /// As [`run_with`](Self::run_with), not started yet.
    pub(crate) fn script(&self, flags: &[&str], name: &str, script: &str) -> Command {
        self.script_under("run", flags, name, script)
    }

    fn script_under(&self, subcommand: &str, flags: &[&str], name: &str, script: &str) -> Command {
        let script = format!(
            "say() {{ echo \"{name} $1\" > said; }}; started() {{ say started; }}; {script}"
        );
        let command = ["flock", "--no-fork", "--nonblock", "lock"];
        let command = [&command[..], &["sh", "-c", &script]].concat();
        self.command_under(subcommand, &command, flags)
    }

    fn command(&self, command: &[&str], flags: &[&str]) -> Command {
        self.command_under("run", command, flags)
    }

    fn command_under(&self, subcommand: &str, command: &[&str], flags: &[&str]) -> Command {
        let mut leasehold = program(&self.program);
        leasehold
            .current_dir(self.folder.path())
            .env("LEASEHOLD_MODE", "file")
            .env("LEASEHOLD_LEASE_DURATION", "12")
            .env("LEASEHOLD_RENEW_DEADLINE", "8")
            .env("LEASEHOLD_RETRY_PERIOD", "0.2")
            .env("LEASEHOLD_DIRECTORY", self.path())
            .args([subcommand, "--election=jobs"])
            .args(flags)
            .arg("--")
            .args(command)
            // Not ours, which an orphan would keep open.
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        leasehold
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The next line that a command has said.
    pub(crate) fn next_line(&self) -> String {
        self.lines.recv_timeout(LIMIT).expect("a line")
    }

    /// Lets the reader of this pipe go on.
    pub(crate) fn open_gate(&self, pipe: &str) {
        let gate = OpenOptions::new().write(true).open(self.path().join(pipe));
        writeln!(gate.expect("a pipe"), "go").expect("somebody reads");
    }

    /// Somebody deletes the Lease by hand.
    pub(crate) fn lose_the_lease(&self) {
        let _locked = self.lock();
        fs::remove_file(self.lease()).expect("a Lease");
    }

    /// Nobody can read or renew it from now on.
    pub(crate) fn damage_the_lease(&self) {
        let _locked = self.lock();
        fs::write(self.lease(), "damaged").expect("a Lease");
    }

    /// Keeps a renewal that is under way from undoing what is done meanwhile.
    fn lock(&self) -> File {
        let lock = File::open(self.lease().with_file_name("lock")).expect("a lock");
        lock.lock().expect("it is free in the end");
        lock
    }

    /// Who holds the Lease, as it says.
    pub(crate) fn holder(&self) -> Option<String> {
        let lease = fs::read(self.lease()).expect("a Lease");
        let lease: Value = serde_json::from_slice(&lease).expect("JSON");
        let holder = lease["spec"]["holderIdentity"].as_str()?;
        (!holder.is_empty()).then(|| holder.to_owned())
    }

    fn lease(&self) -> PathBuf {
        self.path().join("default/jobs/lease.json")
    }
}

/// `command`, started by another program.
pub(crate) fn started_by(starter: &[&str], command: &Command) -> Command {
    let mut wrapped = Command::new(starter[0]);
    wrapped
        .args(&starter[1..])
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    wrapped
}

/// One process of `leasehold run`. Killed when dropped.
pub(crate) struct Instance {
    child: Child,
    /// What it writes to its standard error.
    errors: Receiver<String>,
}

impl Instance {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("leasehold starts");
        let stderr = child.stderr.take();
        let (sender, errors) = channel();
        thread::spawn(move || {
            let lines = stderr.map(|stderr| BufReader::new(stderr).lines());
            for line in lines.into_iter().flatten() {
                // Read on even if nobody listens: a full pipe is a test of its own.
                let _ = sender.send(line.expect("text"));
            }
        });
        Self { child, errors }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn input(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("it is piped")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it runs");
    }

    pub(crate) fn is_running(&mut self) -> bool {
        let ended = self.child.try_wait().expect("it can be waited for");
        ended.is_none()
    }

    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        common::exit_code(&mut self.child)
    }

    /// What it has written to its standard error, once it has ended.
    pub(crate) fn says(&self) -> String {
        let lines: Vec<_> = self.errors.iter().collect();
        lines.join("\n")
    }

    /// Waits for a line of its log that contains `text`. Returns it without the time.
    pub(crate) fn line(&self, text: &str) -> String {
        loop {
            let line = self.errors.recv_timeout(LIMIT);
            let line = line.unwrap_or_else(|_| panic!("no line with {text:?}"));
            if line.contains(text) {
                let (time, line) = line.split_once(" leasehold: ").expect("a time");
                assert!(time.parse::<Timestamp>().is_ok(), "{time}");
                return line.to_owned();
            }
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Gone already, where it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
