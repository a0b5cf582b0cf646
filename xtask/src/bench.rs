//! `cargo xtask bench`: how quickly the Lease passes from one candidate to the next.
//!
//! Each figure is measured between processes, on one clock, through a real API server on loopback.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use leasehold_bench::{Answer, Candidate, Moment, Timing, now};
use leasehold_test_cluster::{TestCluster, ToxiProxy, User};

use crate::candidate::{self, Language};

const CANDIDATES: usize = 3;
const LIMIT: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(crate) struct Options {
    /// How many handovers by SIGTERM to measure.
    #[arg(long, default_value_t = 100)]
    handovers: usize,
    /// How many takeovers after SIGKILL to measure; each takes a lease duration.
    #[arg(long, default_value_t = 5)]
    takeovers: usize,
    /// How many partitions of the leader to measure; each takes a lease duration.
    #[arg(long, default_value_t = 3)]
    partitions: usize,
    /// Whose candidate to measure.
    #[arg(long, value_enum, default_value = "rust")]
    language: Language,
}

pub(crate) fn run_all(options: &Options) -> Result<()> {
    let command = candidate::build(options.language)?;
    let cluster = TestCluster::start()?;
    let mut bench = Bench {
        cluster: &cluster,
        command: &command,
        leases: 0,
        started: 0,
    };
    println!("three candidates, 15/10/2 s, a real API server on loopback\n");
    row(
        "first leadership on a fresh Lease",
        bench.first_leaderships(options.handovers.min(20))?,
    );
    row(
        "handover after SIGTERM",
        bench.endings(options.handovers, Candidate::terminate)?,
    );
    row(
        "takeover after SIGKILL",
        bench.endings(options.takeovers, Candidate::kill)?,
    );
    row(
        "margin under a silent partition",
        bench.partitions(options.partitions)?,
    );
    Ok(())
}

struct Bench<'a> {
    cluster: &'a TestCluster,
    command: &'a [String],
    leases: usize,
    started: usize,
}

impl Bench<'_> {
    /// From a candidate's own start, on a Lease that does not exist, to its first true answer.
    fn first_leaderships(&mut self, rounds: usize) -> Result<Vec<Duration>> {
        let mut figures = Vec::new();
        for _ in 0..rounds {
            let lease = self.fresh_lease()?;
            let mut candidate = self.candidate(&lease, None)?;
            let ready = candidate.wait_for(Answer::Ready, LIMIT)?;
            let leads = candidate.wait_for(Answer::Leader, LIMIT)?;
            figures.push(between(ready, leads));
        }
        Ok(figures)
    }

    /// From the end of one leader to the first true answer of the next.
    fn endings(
        &mut self,
        rounds: usize,
        end: fn(&mut Candidate) -> Result<Moment>,
    ) -> Result<Vec<Duration>> {
        let lease = self.fresh_lease()?;
        let mut candidates = Vec::new();
        for _ in 0..CANDIDATES {
            candidates.push(self.ready_candidate(&lease)?);
        }
        let mut figures = Vec::new();
        let mut leader = leader_of(&mut candidates)?;
        for _ in 0..rounds {
            let mut old = candidates.swap_remove(leader);
            let sent = now();
            end(&mut old)?;
            leader = leader_of(&mut candidates)?;
            figures.push(between(
                sent,
                candidates[leader].leads_since().context("it leads")?,
            ));
            old.finish()?;
            candidates.push(self.ready_candidate(&lease)?);
        }
        Ok(figures)
    }

    /// From the old leader's last true answer to the new one's first, when the old one's connection
    /// goes silent.
    fn partitions(&mut self, rounds: usize) -> Result<Vec<Duration>> {
        let proxies = ToxiProxy::start()?;
        let proxy = proxies.create("leader", self.cluster.server_address())?;
        let mut figures = Vec::new();
        for _ in 0..rounds {
            let lease = self.fresh_lease()?;
            let mut old = self.candidate(&lease, Some(&proxy.url()))?;
            old.wait_for(Answer::Leader, LIMIT)?;
            let mut new = self.ready_candidate(&lease)?;
            proxy.go_silent()?;
            let last_true = old.wait_for(Answer::Follower, LIMIT)?;
            let first_true = new.wait_for(Answer::Leader, LIMIT)?;
            figures.push(between(last_true, first_true));
            proxy.heal()?;
        }
        Ok(figures)
    }

    fn fresh_lease(&mut self) -> Result<String> {
        self.leases += 1;
        let lease = format!("bench-{}", self.leases);
        self.cluster.grant(&lease)?;
        Ok(lease)
    }

    fn ready_candidate(&mut self, lease: &str) -> Result<Candidate> {
        let mut candidate = self.candidate(lease, None)?;
        candidate.wait_for(Answer::Ready, LIMIT)?;
        // Ready says that it takes part; a moment more and it watches.
        std::thread::sleep(Duration::from_millis(100));
        Ok(candidate)
    }

    fn candidate(&mut self, lease: &str, server: Option<&str>) -> Result<Candidate> {
        self.started += 1;
        let kubeconfig = self.cluster.kubeconfig_for(User::Candidate, server)?;
        let identity = format!("candidate-{}", self.started);
        Candidate::start(self.command, &kubeconfig, lease, &identity, Timing::DEFAULT)
    }
}

fn leader_of(candidates: &mut [Candidate]) -> Result<usize> {
    let deadline = std::time::Instant::now() + LIMIT;
    loop {
        if let Some(leader) = candidates.iter_mut().position(Candidate::leads) {
            return Ok(leader);
        }
        anyhow::ensure!(
            std::time::Instant::now() < deadline,
            "nobody leads after {LIMIT:?}"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn between(earlier: Moment, later: Moment) -> Duration {
    Duration::from_nanos(later.saturating_sub(earlier))
}

fn row(name: &str, mut figures: Vec<Duration>) {
    figures.sort_unstable();
    let at = |percent: usize| {
        let index = (percent * (figures.len() - 1) + 50) / 100;
        format!("{:.1} ms", figures[index].as_secs_f64() * 1e3)
    };
    if figures.is_empty() {
        return;
    }
    println!(
        "{name:<36} n {:>3}   min {:>11}   p50 {:>11}   p99 {:>11}   max {:>11}",
        figures.len(),
        at(0),
        at(50),
        at(99),
        at(100),
    );
}
