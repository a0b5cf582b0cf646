//! One candidate of the demo: the process, and the demo's end of it.

use std::io::{BufRead, BufReader, Write, stdout};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use leasehold::{Config, Mode};
use leasehold_bench::{Moment, now};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use super::argument;

/// How often a candidate looks whether there is anything new to report.
const LOOK: Duration = Duration::from_millis(1);

/// Where the candidates elect.
pub(crate) enum Place {
    Folder(PathBuf),
    /// Through this kubeconfig.
    Kubernetes(PathBuf),
}

/// Lease duration, renew deadline and retry period, in seconds.
#[derive(Clone, Copy, Args)]
pub(crate) struct Timing {
    #[arg(long)]
    pub(crate) lease_duration: f64,
    #[arg(long)]
    pub(crate) renew_deadline: f64,
    #[arg(long)]
    pub(crate) retry_period: f64,
}

/// What a candidate says of itself, whenever it changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) identity: String,
    pub(crate) moment: Moment,
    pub(crate) is_leader: bool,
    pub(crate) role: String,
    pub(crate) fencing_token: Option<u64>,
    pub(crate) transitions: Option<i32>,
}

#[derive(Args)]
pub(crate) struct Options {
    #[arg(long)]
    lease: String,
    #[arg(long)]
    identity: String,
    /// Elects through this folder; otherwise through KUBECONFIG.
    #[arg(long)]
    folder: Option<PathBuf>,
    #[command(flatten)]
    timing: Timing,
}

/// The process itself: takes part and reports until SIGTERM.
pub(crate) fn run(options: Options) -> Result<()> {
    let terminated = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, terminated.clone())?;
    let config = Config::new(options.lease)
        .identity(options.identity.as_str())
        .namespace("default")
        .lease_duration(Duration::from_secs_f64(options.timing.lease_duration))
        .renew_deadline(Duration::from_secs_f64(options.timing.renew_deadline))
        .retry_period(Duration::from_secs_f64(options.timing.retry_period));
    let election = match options.folder {
        Some(folder) => config.mode(Mode::File).directory(folder),
        None => config.mode(Mode::Kubernetes),
    }
    .start()?;
    let mut last = None;
    while !terminated.load(Ordering::Relaxed) {
        let moment = now();
        let term = election.term();
        let report = Report {
            identity: options.identity.clone(),
            moment: 0,
            is_leader: term.is_some(),
            role: election.status().role.to_string(),
            fencing_token: term.as_ref().map(leasehold::Term::fencing_token),
            transitions: term.as_ref().map(leasehold::Term::transitions),
        };
        if last.as_ref() != Some(&report) {
            let stamped = Report {
                moment,
                ..report.clone()
            };
            let mut stdout = stdout().lock();
            writeln!(stdout, "{}", serde_json::to_string(&stamped)?)?;
            stdout.flush()?;
            last = Some(report);
        }
        thread::sleep(LOOK);
    }
    Ok(election.stop()?)
}

/// The demo's end of a candidate's process. Killed when dropped.
pub(crate) struct Process {
    identity: String,
    child: Child,
}

impl Process {
    pub(crate) fn start(
        place: &Place,
        lease: &str,
        identity: &str,
        timing: Timing,
        reports: Sender<Report>,
    ) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["demo-candidate", "--lease", lease, "--identity", identity]);
        for (name, seconds) in [
            ("--lease-duration", timing.lease_duration),
            ("--renew-deadline", timing.renew_deadline),
            ("--retry-period", timing.retry_period),
        ] {
            command.args([name, &seconds.to_string()]);
        }
        match place {
            Place::Folder(folder) => command.args(["--folder", argument(folder)?]),
            Place::Kubernetes(kubeconfig) => command.env("KUBECONFIG", kubeconfig),
        };
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("the candidate has an output")?;
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Ok(report) = serde_json::from_str(&line) else {
                    continue;
                };
                if reports.send(report).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            identity: identity.to_owned(),
            child,
        })
    }

    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    /// Asks it to stop. One that has ended already has.
    pub(crate) fn terminate(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_none() {
            kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        }
        Ok(())
    }

    pub(crate) fn kill(&mut self) -> Result<()> {
        Ok(self.child.kill()?)
    }
}

impl Drop for Process {
    /// Waits for one that was asked to stop, and kills one that was not.
    fn drop(&mut self) {
        let asked = self.terminate().is_ok();
        if !asked {
            // Gone already.
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
