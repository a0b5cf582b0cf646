//! How each measure is taken, the same way of each candidate.

mod crowd;
mod election;
mod idle;
mod server;
mod waits;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use leasehold_test_cluster::{TestCluster, User};
use leasehold_tests::{Answer, CandidateProcess, Moment, Timing};

use crate::peers::Candidate;

pub(crate) use crowd::crowd;
pub(crate) use election::{Handovers, first_leaderships, handovers, proven_takeovers};
pub(crate) use idle::idle;
pub(crate) use server::ServerUse;
pub(crate) use waits::{Takeover, Waited, Waits, never, waits};

const CANDIDATES: usize = 3;
const LIMIT: Duration = Duration::from_secs(45);
/// Until what came of the start is over.
const SETTLING: Duration = Duration::from_secs(2);

/// How often a measure is taken: a number of times, or until a time has passed, but at least twice.
#[derive(Clone, Copy)]
pub(crate) struct Rounds {
    pub(crate) at_most: usize,
    pub(crate) within: Duration,
}

impl Rounds {
    fn each(self) -> impl Iterator<Item = usize> {
        let started = Instant::now();
        let goes_on = move |round: &usize| *round < 2 || started.elapsed() < self.within;
        (0..self.at_most).take_while(goes_on)
    }
}

/// One candidate's program on one cluster.
#[derive(Clone, Copy)]
pub(crate) struct Bench<'a> {
    pub(crate) cluster: &'a TestCluster,
    pub(crate) candidate: &'a Candidate,
    /// Names Leases of which none exists.
    pub(crate) prefix: &'a str,
}

impl Bench<'_> {
    fn lease(&self, name: &str) -> String {
        [self.prefix, name].join("-")
    }

    fn candidates(&self, lease: &str) -> Result<Vec<CandidateProcess>> {
        (0..CANDIDATES)
            .map(|number| self.standby(lease, number))
            .collect()
    }

    fn standby(&self, lease: &str, number: usize) -> Result<CandidateProcess> {
        let mut candidate = self.start(lease, number, None)?;
        candidate.wait_for(Answer::Ready, LIMIT)?;
        // Ready says that it takes part; a moment more and it watches.
        std::thread::sleep(Duration::from_millis(100));
        Ok(candidate)
    }

    /// Everybody is the administrator: each peer wants other rights.
    fn start(&self, lease: &str, number: usize, server: Option<&str>) -> Result<CandidateProcess> {
        let kubeconfig = self.cluster.kubeconfig_for(User::Admin, server)?;
        let identity = format!("{lease}-{number}");
        let command = &self.candidate.command;
        CandidateProcess::start(command, &kubeconfig, lease, &identity, Timing::DEFAULT)
    }
}

fn leader_of(candidates: &mut [CandidateProcess]) -> Result<usize> {
    let leader = leader_within(candidates, LIMIT);
    leader.with_context(|| format!("nobody leads after {LIMIT:?}"))
}

fn leader_within(candidates: &mut [CandidateProcess], limit: Duration) -> Option<usize> {
    let deadline = Instant::now() + limit;
    loop {
        let leader = candidates.iter_mut().position(CandidateProcess::leads);
        if leader.is_some() || Instant::now() >= deadline {
            return leader;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn led_since(candidate: &CandidateProcess) -> Result<Moment> {
    candidate.leads_since().context("it leads")
}

/// In seconds.
fn between(earlier: Moment, later: Moment) -> f64 {
    Duration::from_nanos(later.saturating_sub(earlier)).as_secs_f64()
}
