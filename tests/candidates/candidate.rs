//! One candidate's process: started, signalled, listened to.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use super::form::Form;
use super::intervals::Intervals;
use super::log::Log;
use super::process::{Line, Process, command};
use super::sidecar::Sidecar;
use super::timeline::{Answer, Moment, TermInterval, now};
use super::witness::{JobWitness, ask_on};

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

/// How long a process may take to end, more than the time that an application has for its work by default.
const LONGEST_END: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// What a program of ours says when it takes part.
const TAKES_PART: &str = "taking part in the election";

/// A candidate's process. Killed when dropped.
#[derive(Debug)]
pub struct CandidateProcess {
    name: String,
    process: Process,
    answers: Receiver<(Answer, Moment)>,
    log: Log,
    intervals: Intervals,
    form: Form,
    /// Where the jobs of `leasehold run` are heard.
    jobs: Option<JobWitness>,
}

impl CandidateProcess {
    /// Starts the program of `words` (and its first arguments) as a candidate for `lease`: an agent, or
    /// `leasehold run -- JOB …`, or `leasehold serve`.
    pub fn start(
        words: &[String],
        kubeconfig: &Path,
        lease: &str,
        identity: &str,
        timing: Timing,
    ) -> Result<Self> {
        let form = Form::of(words);
        let (sender, answers) = channel();
        let jobs = match form {
            Form::Run => Some(JobWitness::listen(sender.clone())?),
            _ => None,
        };
        let socket = jobs.as_ref().map(JobWitness::socket).unwrap_or_default();
        let line = form.command_line(words, lease, identity, timing, &socket);
        let [program, arguments @ ..] = &line[..] else {
            bail!("a candidate needs a program");
        };
        let mut command = command(program);
        command
            .args(arguments)
            .env("KUBECONFIG", kubeconfig)
            .env("LEASEHOLD_MODE", "kubernetes")
            // Candidates of one machine would not wait for a Lease to expire. See `with_proofs`.
            .env("LEASEHOLD_PROOF_OF_DEATH", "none")
            .stdin(Stdio::null());
        let log = Log::default();
        let errors = log.clone();
        let has_ended = Arc::new(AtomicBool::new(false));
        let process = Process::start(&mut command, move |line| match line {
            Line::Output(line) => {
                if let Some(answer) = Answer::parse(&line) {
                    // Nobody listens to a candidate that is no longer of interest.
                    let _ = sender.send(answer);
                }
            }
            Line::Error(line) => {
                let begins = match form {
                    Form::Agent => false,
                    Form::Run => line.contains(TAKES_PART),
                    Form::Serve => match Sidecar::address_in(&line) {
                        Some(address) => {
                            let (log, has_ended) = (errors.clone(), has_ended.clone());
                            ask_on(address, sender.clone(), log, has_ended);
                            true
                        }
                        None => false,
                    },
                };
                errors.push(&line);
                if begins {
                    let _ = sender.send((Answer::Ready, now()));
                }
            }
            Line::Ended => has_ended.store(true, Ordering::Relaxed),
        })?;
        Ok(Self {
            name: identity.to_owned(),
            process,
            answers,
            log,
            intervals: form.intervals(identity),
            form,
            jobs,
        })
    }

    /// Calls it by a name that is not its identity in the Lease.
    #[must_use]
    pub fn called(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self.intervals = self.form.intervals(name);
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
        self.await_end()?;
        Ok(self.into_intervals())
    }

    /// Waits until its process has ended. It is an error if that finds fault with itself, or has to be
    /// killed now.
    pub(crate) fn await_end(&mut self) -> Result<()> {
        let deadline = Instant::now() + LONGEST_END;
        while !self.process.has_ended() {
            if Instant::now() > deadline {
                self.kill()?;
                self.process.wait()?;
                bail!(
                    "{} has not ended within {LONGEST_END:?}\n{}",
                    self.name,
                    self.log
                );
            }
            thread::sleep(LOOK_AGAIN);
        }
        let status = self.process.wait()?;
        if status.code().is_some_and(|code| code != 0) {
            bail!("{} failed: {status}\n{}", self.name, self.log);
        }
        Ok(())
    }

    /// When it led, once it has ended.
    pub(crate) fn into_intervals(mut self) -> Vec<TermInterval> {
        // Nobody starts a further job.
        drop(self.jobs.take());
        // Its output ends with it, so that this ends too.
        while let Ok((answer, moment)) = self.answers.recv() {
            self.intervals.note(answer, moment);
        }
        self.intervals.finish(now())
    }
}
