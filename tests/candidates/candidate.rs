//! One candidate's process: started, signalled, listened to.

use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use super::intervals::Intervals;
use super::log::Log;
use super::process::{Line, Process, command};
use super::timeline::{Answer, Moment, TermInterval, now};

/// Lease duration, renew deadline and retry period, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Timing(pub f64, pub f64, pub f64);

impl Timing {
    /// The defaults of client-go and of Leasehold.
    pub const DEFAULT: Self = Self(15.0, 10.0, 2.0);

    /// A Lease that expires soon.
    pub const SHORT: Self = Self(3.0, 2.0, 0.5);

    /// A leader that keeps its Lease though its machine stands still for some seconds.
    pub const STEADY: Self = Self(8.0, 6.0, 0.5);
}

/// The same program, as a candidate that acquires the Lease of one that it knows to be dead.
pub fn with_proofs(words: &[String]) -> Vec<String> {
    let proofs = ["env", "LEASEHOLD_PROOF_OF_DEATH=local"].map(str::to_owned);
    proofs.into_iter().chain(words.iter().cloned()).collect()
}

/// The same for a Lease that is kept in this folder.
pub fn with_proofs_in(folder: &Path, words: &[String]) -> Vec<String> {
    let folder = format!("LEASEHOLD_DIRECTORY={}", folder.display());
    let mut words = with_proofs(words);
    words.splice(1..1, ["LEASEHOLD_MODE=file".to_owned(), folder]);
    words
}

/// A candidate's process. Killed when dropped.
#[derive(Debug)]
pub struct CandidateProcess {
    name: String,
    process: Process,
    answers: Receiver<(Answer, Moment)>,
    log: Log,
    intervals: Intervals,
}

impl CandidateProcess {
    /// Starts the program of `words` (and its first arguments) as a candidate for `lease`.
    pub fn start(
        words: &[String],
        kubeconfig: &Path,
        lease: &str,
        identity: &str,
        timing: Timing,
    ) -> Result<Self> {
        let [program, arguments @ ..] = words else {
            bail!("a candidate needs a program");
        };
        let Timing(lease_duration, renew_deadline, retry_period) = timing;
        let mut command = command(program);
        command
            .args(arguments)
            .args([lease, identity])
            .args([lease_duration, renew_deadline, retry_period].map(|s| s.to_string()))
            .env("KUBECONFIG", kubeconfig)
            .env("LEASEHOLD_MODE", "kubernetes")
            // Candidates of one machine would not wait for a Lease to expire. See `with_proofs`.
            .env("LEASEHOLD_PROOF_OF_DEATH", "none")
            .stdin(Stdio::null());
        let (sender, answers) = channel();
        let log = Log::default();
        let errors = log.clone();
        let process = Process::start(&mut command, move |line| match line {
            Line::Output(line) => {
                if let Some(answer) = Answer::parse(&line) {
                    // Nobody listens to a candidate that is no longer of interest.
                    let _ = sender.send(answer);
                }
            }
            Line::Error(line) => errors.push(&line),
            Line::Ended => {}
        })?;
        Ok(Self {
            name: identity.to_owned(),
            process,
            answers,
            log,
            intervals: Intervals::new(identity),
        })
    }

    /// Calls it by a name that is not its identity in the Lease.
    #[must_use]
    pub fn called(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self.intervals = Intervals::new(name);
        self
    }

    /// What it is called: its identity in the Lease, unless it was given another name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.process.id()
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
            self.intervals.note(answer, moment);
            if answer == wanted {
                return Ok(moment);
            }
        }
    }

    /// Whether it leads, by what it has said so far.
    pub fn leads(&mut self) -> bool {
        while let Ok((answer, moment)) = self.answers.try_recv() {
            self.intervals.note(answer, moment);
        }
        self.leads_since().is_some() && !self.is_mute()
    }

    /// Whether it cannot answer, because it was stopped or killed.
    pub fn is_mute(&self) -> bool {
        self.intervals.is_mute()
    }

    /// Since when it leads, by what it has said so far.
    pub fn leads_since(&self) -> Option<Moment> {
        self.intervals.leads_since()
    }

    /// Asks it to release and exit.
    pub fn terminate(&mut self) -> Result<Moment> {
        self.signal(Signal::TERM)
    }

    /// Kills it. It has led until this began.
    pub fn kill(&mut self) -> Result<Moment> {
        let moment = self.signal(Signal::KILL)?;
        self.intervals.silenced(moment);
        Ok(moment)
    }

    /// Stops it as a debugger would.
    pub fn pause(&mut self) -> Result<Moment> {
        let moment = self.process.pause()?;
        self.intervals.silenced(moment);
        Ok(moment)
    }

    /// Lets it go on.
    pub fn resume(&mut self) -> Result<Moment> {
        self.intervals.resumed();
        self.signal(Signal::CONT)
    }

    fn signal(&mut self, signal: Signal) -> Result<Moment> {
        let sent = self.process.signal(signal);
        sent.with_context(|| format!("cannot signal {}", self.name))
    }

    /// Waits until its process has ended, and returns when it led. One that found fault with itself
    /// is an error; one that was killed is not.
    pub fn finish(mut self) -> Result<Vec<TermInterval>> {
        let status = self.process.wait()?;
        if status.code().is_some_and(|code| code != 0) {
            bail!("{} failed: {status}\n{}", self.name, self.log);
        }
        // Its output ends with it, so that this ends too.
        while let Ok((answer, moment)) = self.answers.recv() {
            self.intervals.note(answer, moment);
        }
        Ok(self.intervals.finish(now()))
    }
}
