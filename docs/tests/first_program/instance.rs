//! One running instance of a program.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// How long to wait for what must happen: compilers and virtual machines start in it.
const LIMIT: Duration = Duration::from_secs(120);

/// What a program prints when it does the job, and then the token.
const JOB: &str = "the job, under token ";

/// Ended with all that it has started when dropped.
pub(crate) struct Instance {
    child: Child,
    /// The tokens under which it did the job.
    tokens: Receiver<u64>,
    log: PathBuf,
}

impl Instance {
    pub(crate) fn start(mut command: Command, log: PathBuf) -> Self {
        let errors = File::create(&log).expect("a log");
        let mut others = errors.try_clone().expect("a log");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .process_group(0)
            .spawn()
            .expect("a shell");
        let output = child.stdout.take().expect("its output");
        let (sender, tokens) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let token = line.strip_prefix(JOB).and_then(|it| it.parse().ok());
                match token {
                    Some(token) if sender.send(token).is_ok() => {}
                    Some(_) => break,
                    // A framework's own, or an error.
                    None => writeln!(others, "{line}").expect("a log"),
                }
            }
        });
        Self { child, tokens, log }
    }

    /// Waits until it prints that it did the job, and returns the token that it did it under.
    pub(crate) fn does_the_job(&mut self) -> u64 {
        let token = self.tokens.recv_timeout(LIMIT);
        token.unwrap_or_else(|_| panic!("it does no job: {}", self.said()))
    }

    pub(crate) fn has_done_nothing(&self) {
        assert_eq!(self.tokens.try_recv().ok(), None);
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
