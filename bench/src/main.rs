//! How quickly the Lease passes from one candidate to the next; `cargo xtask bench` runs it.
//!
//! Each figure is measured between processes, on one clock, through a real API server on loopback.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use leasehold_test_cluster::{TestCluster, ToxiProxy, User};
use leasehold_tests::{Answer, CandidateProcess, Moment, Timing, now, with_proofs, with_proofs_in};

const CANDIDATES: usize = 3;
const LIMIT: Duration = Duration::from_secs(60);
const STAGGER: Duration = Duration::from_millis(500);

/// Measures handovers and takeovers on the test cluster.
#[derive(Parser)]
struct Options {
    /// How many handovers by SIGTERM to measure.
    #[arg(long, default_value_t = 100)]
    handovers: usize,
    /// How many takeovers after SIGKILL to measure.
    #[arg(long, default_value_t = 8)]
    takeovers: usize,
    /// How many partitions of the leader to measure.
    #[arg(long, default_value_t = 4)]
    partitions: usize,
    /// The candidate's program and its first arguments, as `cargo xtask candidate` prints them.
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let cluster = TestCluster::start()?;
    let bench = Bench {
        cluster: &cluster,
        command: &options.command,
    };
    println!("three candidates, 15/10/2 s, a real API server on loopback\n");
    row(
        "first leadership on a fresh Lease",
        bench.first_leaderships(options.handovers.min(20))?,
    );
    row(
        "handover after SIGTERM",
        bench.handovers(options.handovers)?,
    );
    // Mostly waiting, so several at a time.
    let proven = Bench {
        command: &with_proofs(&options.command),
        ..bench
    };
    row(
        "takeover after SIGKILL, proven dead by the kernel",
        proven.proven_takeovers(options.handovers.min(20))?,
    );
    let folder = tempfile::tempdir()?;
    let in_a_folder = Bench {
        command: &with_proofs_in(folder.path(), &options.command),
        ..bench
    };
    row(
        "the same in mode `file`",
        in_a_folder.proven_takeovers(options.handovers.min(20))?,
    );
    let takeovers = at_once(options.takeovers, |number| bench.takeover(number))?;
    row(
        "takeover after SIGKILL",
        takeovers.iter().map(|takeover| takeover.in_all).collect(),
    );
    row(
        "  of it, after the Lease expired",
        takeovers.iter().map(|it| it.after_expiry).collect(),
    );
    let margins = at_once(options.partitions, |number| bench.partition(number))?;
    row("margin under a silent partition", margins);
    Ok(())
}

/// Runs `measure` `rounds` times, in threads of their own that start one after another, so that
/// what they measure does not happen to all of them at one instant.
fn at_once<T: Send>(rounds: usize, measure: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    std::thread::scope(|scope| {
        let measure = &measure;
        let threads: Vec<_> = (0..rounds)
            .map(|number| {
                scope.spawn(move || {
                    std::thread::sleep(STAGGER * u32::try_from(number)?);
                    measure(number)
                })
            })
            .collect();
        let results = threads.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("a measurement panicked")))
        });
        results.collect()
    })
}

#[derive(Clone, Copy)]
struct Bench<'a> {
    cluster: &'a TestCluster,
    command: &'a [String],
}

/// How long it took until the next candidate led.
struct Takeover {
    in_all: Duration,
    /// Since the last renewal plus the lease duration.
    after_expiry: Duration,
}

impl Bench<'_> {
    /// From a candidate's own start, on a Lease that does not exist, to its first true answer.
    fn first_leaderships(&self, rounds: usize) -> Result<Vec<Duration>> {
        let mut figures = Vec::new();
        for number in 0..rounds {
            let lease = self.fresh_lease(&format!("bench-first-{number}"))?;
            let mut candidate = self.candidate(&lease, number, None)?;
            let ready = candidate.wait_for(Answer::Ready, LIMIT)?;
            let leads = candidate.wait_for(Answer::Leader, LIMIT)?;
            figures.push(between(ready, leads));
        }
        Ok(figures)
    }

    /// From SIGTERM to one leader to the first true answer of the next.
    fn handovers(&self, rounds: usize) -> Result<Vec<Duration>> {
        let lease = self.fresh_lease("bench-handover")?;
        let mut candidates = self.candidates(&lease)?;
        let mut figures = Vec::new();
        let mut leader = leader_of(&mut candidates)?;
        for round in 0..rounds {
            let mut old = candidates.swap_remove(leader);
            let sent = now();
            old.terminate()?;
            leader = leader_of(&mut candidates)?;
            figures.push(between(
                sent,
                candidates[leader].leads_since().context("it leads")?,
            ));
            old.finish()?;
            candidates.push(self.standby(&lease, CANDIDATES + round)?);
        }
        Ok(figures)
    }

    /// From SIGKILL to one leader to the first true answer of the next, which needs not wait.
    fn proven_takeovers(&self, rounds: usize) -> Result<Vec<Duration>> {
        let lease = self.fresh_lease("bench-proven")?;
        let mut candidates = self.candidates(&lease)?;
        let mut figures = Vec::new();
        let mut leader = leader_of(&mut candidates)?;
        for round in 0..rounds {
            let mut old = candidates.swap_remove(leader);
            let killed = old.kill()?;
            leader = leader_of(&mut candidates)?;
            figures.push(between(
                killed,
                candidates[leader].leads_since().context("it leads")?,
            ));
            candidates.push(self.standby(&lease, CANDIDATES + round)?);
        }
        Ok(figures)
    }

    /// Kills a leader, and waits for the next one.
    fn takeover(&self, number: usize) -> Result<Takeover> {
        let lease = self.fresh_lease(&format!("bench-takeover-{number}"))?;
        let mut candidates = self.candidates(&lease)?;
        let leader = leader_of(&mut candidates)?;
        // Past its first renewals, as most leaders are when they crash.
        std::thread::sleep(Duration::from_secs(3));
        let mut old = candidates.swap_remove(leader);
        let killed = old.kill()?;
        let expiry = self.expiry(&lease)?;
        let leader = leader_of(&mut candidates)?;
        let leads = candidates[leader].leads_since().context("it leads")?;
        Ok(Takeover {
            in_all: between(killed, leads),
            after_expiry: between(expiry, leads),
        })
    }

    /// When the Lease expires: its last renewal, by this machine's wall clock, and its duration.
    fn expiry(&self, lease: &str) -> Result<Moment> {
        let path = format!("/apis/coordination.k8s.io/v1/namespaces/default/leases/{lease}");
        let lease = self.cluster.api().get(&path)?;
        let renewed = lease
            .pointer("/spec/renewTime")
            .and_then(|time| time.as_str());
        let renewed: jiff::Timestamp = renewed.context("a renewed Lease")?.parse()?;
        let age = Duration::try_from(jiff::Timestamp::now().duration_since(renewed))?;
        let duration = lease
            .pointer("/spec/leaseDurationSeconds")
            .and_then(serde_json::Value::as_u64);
        let left = Duration::from_secs(duration.context("a duration")?).saturating_sub(age);
        Ok(now() + u64::try_from(left.as_nanos())?)
    }

    /// From the old leader's last true answer to the new one's first, when the old one's connection
    /// goes silent.
    fn partition(&self, number: usize) -> Result<Duration> {
        let proxies = ToxiProxy::start()?;
        let proxy = proxies.create("leader", self.cluster.server_address())?;
        let lease = self.fresh_lease(&format!("bench-partition-{number}"))?;
        let mut old = self.candidate(&lease, 0, Some(&proxy.url()))?;
        old.wait_for(Answer::Leader, LIMIT)?;
        let mut new = self.standby(&lease, 1)?;
        proxy.go_silent()?;
        let last_true = old.wait_for(Answer::Follower, LIMIT)?;
        let first_true = new.wait_for(Answer::Leader, LIMIT)?;
        Ok(between(last_true, first_true))
    }

    fn fresh_lease(&self, name: &str) -> Result<String> {
        self.cluster.grant(name)?;
        Ok(name.to_owned())
    }

    fn candidates(&self, lease: &str) -> Result<Vec<CandidateProcess>> {
        (0..CANDIDATES)
            .map(|number| self.standby(lease, number))
            .collect()
    }

    fn standby(&self, lease: &str, number: usize) -> Result<CandidateProcess> {
        let mut candidate = self.candidate(lease, number, None)?;
        candidate.wait_for(Answer::Ready, LIMIT)?;
        // Ready says that it takes part; a moment more and it watches.
        std::thread::sleep(Duration::from_millis(100));
        Ok(candidate)
    }

    fn candidate(
        &self,
        lease: &str,
        number: usize,
        server: Option<&str>,
    ) -> Result<CandidateProcess> {
        let kubeconfig = self.cluster.kubeconfig_for(User::Candidate, server)?;
        let identity = format!("{lease}-{number}");
        CandidateProcess::start(self.command, &kubeconfig, lease, &identity, Timing::DEFAULT)
    }
}

fn leader_of(candidates: &mut [CandidateProcess]) -> Result<usize> {
    let deadline = std::time::Instant::now() + LIMIT;
    loop {
        if let Some(leader) = candidates.iter_mut().position(CandidateProcess::leads) {
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
