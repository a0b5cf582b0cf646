//! `cargo xtask demo`: three candidates elect a leader, which is ended twice.
//!
//! Each candidate is a process of its own. They elect through a folder that is deleted at the end,
//! or, with `--kubernetes`, through a Lease of the test cluster.

pub(crate) mod candidate;
mod view;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use leasehold_bench::{Moment, now};
use leasehold_test_cluster::{TestCluster, User};

use self::candidate::{Place, Process, Report};
use self::view::View;

const LEASE: &str = "demo-jobs";
const CANDIDATES: usize = 3;
/// Short, so that the demo is: a crashed leader's Lease must run out.
const TIMING: candidate::Timing = candidate::Timing {
    lease_duration: 5.0,
    renew_deadline: 3.0,
    retry_period: 1.0,
};
/// How long a leader is watched before it is ended.
const SCENE: Duration = Duration::from_secs(4);
/// How long to wait for a leader before the demo gives up.
const LIMIT: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(crate) struct Options {
    /// Elects through a Lease of the test cluster (built at first use) and shows it.
    #[arg(long)]
    kubernetes: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, interrupted.clone())?;
    }
    if options.kubernetes {
        let cluster = TestCluster::start()?;
        cluster.grant(LEASE)?;
        let place = Place::Kubernetes(cluster.kubeconfig_for(User::Candidate, None)?);
        let path = format!("/apis/coordination.k8s.io/v1/namespaces/default/leases/{LEASE}");
        let mut view = View::new("a Lease of a real API server");
        view.show_lease(move || cluster.api().get(&path).ok());
        Demo::new(view, interrupted).play(&place)
    } else {
        let folder = tempfile::tempdir().context("cannot make a folder for the demo")?;
        let view = View::new("a local folder");
        Demo::new(view, interrupted).play(&Place::Folder(folder.path().to_owned()))
    }
}

struct Demo {
    view: View,
    interrupted: Arc<AtomicBool>,
    processes: Vec<Process>,
}

impl Demo {
    fn new(view: View, interrupted: Arc<AtomicBool>) -> Self {
        Self {
            view,
            interrupted,
            processes: Vec::new(),
        }
    }

    fn play(mut self, place: &Place) -> Result<()> {
        let (sender, reports) = channel();
        let started = now();
        self.view.tell(format!("{CANDIDATES} candidates start"));
        for number in 1..=CANDIDATES {
            let identity = format!("candidate-{number}");
            self.view.add(&identity);
            self.processes.push(Process::start(
                place,
                LEASE,
                &identity,
                TIMING,
                sender.clone(),
            )?);
        }
        drop(sender);
        let first = self.await_leader(&reports, None, started, "after the start")?;
        self.watch(&reports, SCENE)?;

        let ended = self.end(
            &first,
            Process::terminate,
            "SIGTERM",
            "it stops and releases",
        )?;
        let second = self.await_leader(&reports, Some(&first), ended, "after SIGTERM")?;
        self.watch(&reports, SCENE)?;

        let ended = self.end(&second, Process::kill, "SIGKILL", "its Lease must run out")?;
        self.await_leader(&reports, Some(&second), ended, "after SIGKILL")?;
        self.watch(&reports, SCENE / 2)?;

        self.view.tell("the last candidate stops");
        for process in &mut self.processes {
            process.terminate()?;
        }
        self.view.close();
        Ok(())
    }

    /// Ends the leader, and returns when.
    fn end(
        &mut self,
        leader: &str,
        signal: fn(&mut Process) -> Result<()>,
        name: &str,
        consequence: &str,
    ) -> Result<Moment> {
        let process = self
            .processes
            .iter_mut()
            .find(|process| process.identity() == leader);
        let process = process.context("the leader is one of the candidates")?;
        let moment = now();
        signal(process)?;
        self.view.tell(format!("{name} to {leader}: {consequence}"));
        Ok(moment)
    }

    /// Waits until somebody other than `but` leads, and tells how long that took since `moment`.
    fn await_leader(
        &mut self,
        reports: &Receiver<Report>,
        but: Option<&str>,
        moment: Moment,
        since: &str,
    ) -> Result<String> {
        let deadline = Instant::now() + LIMIT;
        while Instant::now() < deadline {
            let Some(report) = self.next(reports, view::REFRESH)? else {
                continue;
            };
            if report.is_leader && Some(report.identity.as_str()) != but {
                let took = Duration::from_nanos(report.moment.saturating_sub(moment));
                self.view.tell(format!(
                    "{} leads under fencing token {}, {} {since}",
                    report.identity,
                    report.fencing_token.unwrap_or_default(),
                    view::readable(took)
                ));
                return Ok(report.identity);
            }
        }
        bail!("nobody leads after {LIMIT:?}")
    }

    fn watch(&mut self, reports: &Receiver<Report>, time: Duration) -> Result<()> {
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            self.next(reports, view::REFRESH)?;
        }
        Ok(())
    }

    /// The next report within `time`, shown.
    fn next(&mut self, reports: &Receiver<Report>, time: Duration) -> Result<Option<Report>> {
        if self.interrupted.load(Ordering::Relaxed) {
            bail!("interrupted");
        }
        let report = match reports.recv_timeout(time) {
            Ok(report) => Some(report),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => bail!("all candidates have ended"),
        };
        self.view.update(report.as_ref());
        Ok(report)
    }
}

/// A path as an argument of a program.
fn argument(path: &Path) -> Result<&str> {
    path.to_str().context("the folder has a name in UTF-8")
}
