//! One process of the demo: started, signalled, ended.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use leasehold_tests::Sidecar;
use rustix::process::{Pid, Signal, kill_process};

use crate::joining::{Kind, Program};
use crate::ledger;
use crate::sidecar::Application;

pub(crate) const LEASE: &str = "demo-jobs";
/// Short, so that the demo is: a crashed leader's Lease must expire.
pub(crate) const LEASE_DURATION: &str = "5s";
const RENEW_DEADLINE: &str = "3s";
const RETRY_PERIOD: &str = "1s";

/// How long a process may take to say where it listens, or to end.
const LIMIT: Duration = Duration::from_secs(60);
const POLL_PERIOD: Duration = Duration::from_millis(5);
/// How much of its log a failure shows.
const LAST_LINES: usize = 15;

/// Where the processes elect, and what they share.
pub(crate) struct Place {
    /// For what they write; deleted in the end.
    pub(crate) folder: PathBuf,
    pub(crate) ledger: PathBuf,
    /// Elects through a Lease of this cluster; otherwise through the folder.
    pub(crate) kubeconfig: Option<PathBuf>,
}

/// A program and, while it runs, its process. Ended when dropped.
pub(crate) struct Candidate {
    program: Program,
    log: PathBuf,
    child: Option<Child>,
    /// Beside a sidecar.
    application: Option<Application>,
}

impl Candidate {
    pub(crate) fn new(program: Program, place: &Place) -> Self {
        Self {
            log: place.folder.join(format!("{}.log", program.name)),
            program,
            child: None,
            application: None,
        }
    }

    /// What it is called, which is its identity in the Lease.
    pub(crate) fn name(&self) -> &str {
        &self.program.name
    }

    pub(crate) fn kind(&self) -> Kind {
        self.program.kind
    }

    pub(crate) fn start(&mut self, place: &Place) -> Result<()> {
        let log = File::create(&self.log)?;
        let mut command = self.command(place)?;
        command.stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        // Ctrl-C is for the demo, which then ends the others.
        command.process_group(0);
        let child = command.spawn();
        self.child = Some(child.with_context(|| format!("cannot start {}", self.name()))?);
        if self.program.kind == Kind::Sidecar {
            let address = self.address()?;
            let ledger = place.ledger.clone();
            ledger::note(&ledger, self.name(), &[&"ready"])?;
            self.application = Some(Application::start(self.name(), &address, ledger));
        }
        Ok(())
    }

    fn command(&self, place: &Place) -> Result<Command> {
        let (program, arguments) = self.program.command.split_first().context("a program")?;
        // What the person at the terminal has set is not meant for the demo.
        let mut command = leasehold_tests::command(program);
        command.args(arguments);
        command.env("LEASEHOLD_IDENTITY", self.name());
        match &place.kubeconfig {
            Some(kubeconfig) => command
                .env("LEASEHOLD_MODE", "kubernetes")
                .env("LEASEHOLD_KUBECONFIG", kubeconfig),
            None => command
                .env("LEASEHOLD_MODE", "file")
                .env("LEASEHOLD_DIRECTORY", place.folder.join("leases")),
        };
        match self.program.kind {
            Kind::Application => command
                .env("LEASEHOLD_LEASE_DURATION", LEASE_DURATION)
                .env("LEASEHOLD_RENEW_DEADLINE", RENEW_DEADLINE)
                .env("LEASEHOLD_RETRY_PERIOD", RETRY_PERIOD)
                .env("DEMO_LEDGER", &place.ledger),
            Kind::Sidecar => command
                .args(["serve", "--election", LEASE, "--http", "127.0.0.1:0"])
                .args(["--lease-duration", LEASE_DURATION])
                .args(["--renew-deadline", RENEW_DEADLINE])
                .args(["--retry-period", RETRY_PERIOD])
                .args(["--release-delay", Sidecar::RELEASE_DELAY]),
        };
        Ok(command)
    }

    /// Where the sidecar listens, as its log says.
    fn address(&mut self) -> Result<String> {
        let deadline = Instant::now() + LIMIT;
        while Instant::now() < deadline {
            let log = fs::read_to_string(&self.log)?;
            let complete = log
                .split_inclusive('\n')
                .filter(|line| line.ends_with('\n'));
            for line in complete {
                if let Some(address) = Sidecar::address_in(line) {
                    return Ok(address.to_owned());
                }
            }
            self.check()?;
            thread::sleep(POLL_PERIOD);
        }
        bail!(
            "{} does not say where it listens:\n{}",
            self.name(),
            self.last_words()
        )
    }

    /// Fails if it has ended without being asked to, with what it said last.
    pub(crate) fn check(&mut self) -> Result<()> {
        if let Some(status) = self.status()? {
            bail!(
                "{} has ended by itself, with {status}:\n{}",
                self.name(),
                self.last_words()
            );
        }
        Ok(())
    }

    /// How it has ended, if it has.
    fn status(&mut self) -> Result<Option<ExitStatus>> {
        let Some(child) = &mut self.child else {
            return Ok(None);
        };
        let status = child.try_wait()?;
        if status.is_some() {
            // Its number may be another's from now on.
            self.child = None;
            self.application = None;
        }
        Ok(status)
    }

    pub(crate) fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }

    /// Signals it, if it is there.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        if let Some(child) = &self.child {
            kill_process(Pid::from_child(child), signal)
                .with_context(|| format!("cannot signal {}", self.name()))?;
        }
        Ok(())
    }

    /// Pauses it, if it is there.
    pub(crate) fn pause(&self) -> Result<()> {
        if let Some(child) = &self.child {
            leasehold_tests::pause(child)
                .with_context(|| format!("cannot pause {}", self.name()))?;
        }
        Ok(())
    }

    /// Whether it is gone. After SIGTERM or SIGKILL that is only a matter of time.
    pub(crate) fn is_gone(&mut self) -> Result<bool> {
        self.status()?;
        Ok(self.child.is_none())
    }
}

impl Drop for Candidate {
    /// Gives it time to end by itself, as `kubectl delete` does.
    fn drop(&mut self) {
        // Gone already, where that fails. What is paused hears nothing.
        let _ = self.signal(Signal::TERM);
        let _ = self.signal(Signal::CONT);
        let deadline = Instant::now() + LIMIT;
        while Instant::now() < deadline && self.is_gone().is_ok_and(|gone| !gone) {
            thread::sleep(POLL_PERIOD);
        }
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
