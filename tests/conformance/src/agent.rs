//! An agent's process: started, told, listened to.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::protocol::Request;

/// How long an agent may take to give back what it leads, when its input has ended.
const FAREWELL: Duration = Duration::from_secs(5);

/// Variables besides Leasehold's own that a setting may come from.
const SETTINGS: [&str; 4] = ["KUBECONFIG", "POD_NAMESPACE", "POD_NAME", "MY_POD_NAME"];

/// The program that is an agent, and its arguments.
#[derive(Clone, Debug)]
pub struct Agent(Vec<OsString>);

impl Agent {
    /// A program and its arguments.
    pub fn new(command: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self(command.into_iter().map(Into::into).collect())
    }

    fn command(&self) -> Result<Command> {
        let (program, arguments) = self
            .0
            .split_first()
            .context("which agent? name its program")?;
        let mut command = Command::new(program);
        command.args(arguments);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("LEASEHOLD_") || SETTINGS.contains(&name.as_str()) {
                command.env_remove(name);
            }
        }
        Ok(command)
    }
}

/// A line from a process, or that it has ended.
#[derive(Debug)]
pub(crate) enum Line {
    Output(String),
    Complaint(String),
    Ended,
}

/// A running agent. Killed when dropped, unless it ends by itself.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    input: Option<ChildStdin>,
}

impl Process {
    /// Starts it; its lines come through `lines` under `name`.
    pub(crate) fn start(
        agent: &Agent,
        name: &str,
        environment: &BTreeMap<String, String>,
        lines: &Sender<(String, Line)>,
    ) -> Result<Self> {
        let mut child = agent
            .command()?
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start the agent {:?}", agent.0))?;
        pass_on(
            child.stdout.take(),
            name,
            lines,
            Line::Output,
            Some(Line::Ended),
        );
        pass_on(child.stderr.take(), name, lines, Line::Complaint, None);
        Ok(Self {
            input: child.stdin.take(),
            child,
        })
    }

    /// Sends a request and returns its line.
    pub(crate) fn ask(&mut self, request: &Request) -> Result<String> {
        let line = serde_json::to_string(request)?;
        let input = self.input.as_mut().context("its input is closed")?;
        writeln!(input, "{line}").context("the agent listens no more")?;
        Ok(line)
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), signal)?)
    }

    /// Stops it; none of its threads runs any more when this returns.
    pub(crate) fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)?;
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(Pid::from_child(&self.child)), stopped)?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.input = None;
        let deadline = Instant::now() + FAREWELL;
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(5));
        }
        // Gone already, where it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pass_on(
    output: Option<impl Read + Send + 'static>,
    name: &str,
    lines: &Sender<(String, Line)>,
    wrap: fn(String) -> Line,
    at_end: Option<Line>,
) {
    let Some(output) = output else { return };
    let (name, lines) = (name.to_owned(), lines.clone());
    thread::spawn(move || {
        let wrapped = BufReader::new(output)
            .lines()
            .map_while(Result::ok)
            .map(wrap);
        for line in wrapped.chain(at_end) {
            // Nobody listens once the case is over.
            let _ = lines.send((name.clone(), line));
        }
    });
}
