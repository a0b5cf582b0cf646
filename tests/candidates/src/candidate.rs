//! One candidate's process: started, signalled, listened to.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::log::Log;
use crate::timeline::{Answer, Moment, Reign, now};

/// Lease duration, renew deadline and retry period, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Timing(pub f64, pub f64, pub f64);

impl Timing {
    /// The defaults of client-go and of Leasehold.
    pub const DEFAULT: Self = Self(15.0, 10.0, 2.0);
}

/// A candidate's process. Killed when dropped.
#[derive(Debug)]
pub struct Candidate {
    name: String,
    child: Child,
    answers: Receiver<(Answer, Moment)>,
    log: Log,
    leads_since: Option<Moment>,
    reigns: Vec<Reign>,
    /// Since when it cannot answer, because it was stopped or killed.
    mute_since: Option<Moment>,
}

impl Candidate {
    /// Starts the program of `command` (and its first arguments) as a candidate for `lease`.
    pub fn start(
        command: &[String],
        kubeconfig: &Path,
        lease: &str,
        identity: &str,
        timing: Timing,
    ) -> Result<Self> {
        let [program, arguments @ ..] = command else {
            bail!("a candidate needs a program");
        };
        let Timing(lease_duration, renew_deadline, retry_period) = timing;
        let mut child = Command::new(program)
            .args(arguments)
            .args([lease, identity])
            .args([lease_duration, renew_deadline, retry_period].map(|s| s.to_string()))
            .env("KUBECONFIG", kubeconfig)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start the candidate {program}"))?;
        let output = child.stdout.take().context("the candidate has an output")?;
        let errors = child.stderr.take().context("the candidate can complain")?;
        let (sender, answers) = channel();
        thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            for answer in lines.filter_map(|line| Answer::parse(&line)) {
                if sender.send(answer).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            name: identity.to_owned(),
            child,
            answers,
            log: Log::of(errors),
            leads_since: None,
            reigns: Vec::new(),
            mute_since: None,
        })
    }

    /// Calls it by a name that is not its identity in the Lease.
    #[must_use]
    pub fn called(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// What it is called: its identity in the Lease, unless it was given another name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it writes to its standard error.
    pub fn log(&self) -> Log {
        self.log.clone()
    }

    /// Waits until it says `wanted`, and returns when it did.
    pub fn wait_for(&mut self, wanted: Answer, limit: Duration) -> Result<Moment> {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok((answer, moment)) = self.answers.recv_timeout(left) else {
                bail!(
                    "{} has not said {wanted:?} within {limit:?}, but:\n{}",
                    self.name,
                    self.log
                );
            };
            self.note(answer, moment);
            if answer == wanted {
                return Ok(moment);
            }
        }
    }

    /// Whether it leads, by what it has said so far.
    pub fn leads(&mut self) -> bool {
        while let Ok((answer, moment)) = self.answers.try_recv() {
            self.note(answer, moment);
        }
        self.leads_since.is_some() && !self.is_mute()
    }

    /// Whether it cannot answer, because it was stopped or killed.
    pub fn is_mute(&self) -> bool {
        self.mute_since.is_some()
    }

    /// Since when it leads, by what it has said so far.
    pub fn leads_since(&self) -> Option<Moment> {
        self.leads_since
    }

    fn note(&mut self, answer: Answer, moment: Moment) {
        match answer {
            Answer::Ready => {}
            Answer::Leader => self.leads_since = Some(moment),
            Answer::Follower => self.end_reign(moment),
        }
    }

    fn end_reign(&mut self, moment: Moment) {
        if let Some(from) = self.leads_since.take() {
            self.reigns.push(Reign {
                identity: self.name.clone(),
                from,
                until: self.mute_since.take().unwrap_or(moment),
            });
        }
    }

    /// Asks it to release and exit.
    pub fn terminate(&mut self) -> Result<Moment> {
        self.signal(Signal::TERM)
    }

    /// Kills it.
    pub fn kill(&mut self) -> Result<Moment> {
        let moment = self.signal(Signal::KILL)?;
        self.mute_since.get_or_insert(moment);
        Ok(moment)
    }

    /// Stops it as a debugger would.
    pub fn pause(&mut self) -> Result<Moment> {
        let moment = self.signal(Signal::STOP)?;
        self.mute_since.get_or_insert(moment);
        Ok(moment)
    }

    /// Lets it go on.
    pub fn resume(&mut self) -> Result<Moment> {
        // One that led says when it notices that it no longer does.
        if self.leads_since.is_none() {
            self.mute_since = None;
        }
        self.signal(Signal::CONT)
    }

    fn signal(&mut self, signal: Signal) -> Result<Moment> {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).with_context(|| format!("cannot signal {}", self.name))?;
        Ok(now())
    }

    /// Waits until its process has ended, and returns its reigns. One that found fault with itself
    /// is an error; one that was killed is not.
    pub fn finish(mut self) -> Result<Vec<Reign>> {
        let status = self.child.wait()?;
        if status.code().is_some_and(|code| code != 0) {
            bail!("{} failed: {status}\n{}", self.name, self.log);
        }
        // Its output ends with it, so that this ends too.
        while let Ok((answer, moment)) = self.answers.recv() {
            self.note(answer, moment);
        }
        self.end_reign(now());
        Ok(std::mem::take(&mut self.reigns))
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        // Gone already, where it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
