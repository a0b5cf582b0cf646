//! An agent's process: started, asked, listened to.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::protocol::Request;
use crate::{Line, Process, command};

/// How long an agent may take to give back what it leads, when its input has ended.
const FAREWELL: Duration = Duration::from_secs(5);

/// A running agent. Killed when dropped, unless it ends by itself.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) process: Process,
    input: Option<ChildStdin>,
}

impl Agent {
    /// Starts the program of `words`, and its arguments; its lines come through `lines` under
    /// `name`.
    pub(crate) fn start(
        words: &[String],
        name: &str,
        environment: &BTreeMap<String, String>,
        lines: &Sender<(String, Line)>,
    ) -> Result<Self> {
        let (program, arguments) = words.split_first().context("which agent?")?;
        let mut command = command(program);
        command
            .args(arguments)
            .envs(environment)
            .stdin(Stdio::piped());
        let (name, lines) = (name.to_owned(), lines.clone());
        let mut process = Process::start(&mut command, move |line| {
            // Nobody listens once the case is over.
            let _ = lines.send((name.clone(), line));
        })?;
        let input = process.take_input();
        Ok(Self { process, input })
    }

    /// Sends a request and returns its line.
    pub(crate) fn ask(&mut self, request: &Request) -> Result<String> {
        let line = serde_json::to_string(request)?;
        let input = self.input.as_mut().context("its input is closed")?;
        writeln!(input, "{line}").context("the agent no longer listens")?;
        Ok(line)
    }

    /// Ends its input, and waits until it has ended. It is an error if that takes longer than `limit`, or if it
    /// finds fault with itself.
    pub(crate) fn end(&mut self, limit: Duration) -> Result<()> {
        ensure!(self.say_farewell(limit), "has not ended within {limit:?}");
        let status = self.process.wait()?;
        ensure!(status.success(), "ended with {status}");
        Ok(())
    }

    /// Whether it ends within `limit`.
    fn say_farewell(&mut self, limit: Duration) -> bool {
        self.input = None;
        let deadline = Instant::now() + limit;
        while !self.process.has_ended() {
            if Instant::now() > deadline {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        true
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.say_farewell(FAREWELL);
    }
}
