//! What candidates cost that have nothing to do: one leads, two stand by.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use leasehold_test_cluster::TestCluster;
use leasehold_tests::{CandidateProcess, Usage};

use super::{Bench, leader_of};

/// Until what came of the start is over.
const SETTLING: Duration = Duration::from_secs(3);

pub(crate) struct Idle {
    pub(crate) leader: Used,
    pub(crate) standby: Used,
    pub(crate) threads: u64,
    pub(crate) connections: usize,
    /// In a second, by all three.
    pub(crate) reads: f64,
    pub(crate) writes: f64,
}

pub(crate) struct Used {
    pub(crate) memory: u64,
    /// Percent of a core.
    pub(crate) cpu: f64,
}

/// How often Leases were read or watched, and written, since the API server has started.
#[derive(Clone, Copy)]
struct Requests {
    reads: f64,
    writes: f64,
}

/// What is used within `time`, beyond what the API server asks of itself in as long.
pub(crate) fn idle(bench: Bench<'_>, time: Duration) -> Result<Idle> {
    let of_the_server = requests_within(bench.cluster, time)?;
    let lease = bench.lease("idle");
    let mut candidates = bench.candidates(&lease)?;
    let leader = leader_of(&mut candidates)?;
    let leader = candidates.swap_remove(leader);
    let [standby, ..] = &candidates[..] else {
        anyhow::bail!("nobody stands by");
    };
    thread::sleep(SETTLING);
    let processes = [&leader, standby].map(|it| Usage::new(it.id()));
    let before = [processes[0].cpu()?, processes[1].cpu()?];
    let started = Instant::now();
    let requests = requests_within(bench.cluster, time)?;
    let seconds = started.elapsed().as_secs_f64();
    let used = |number: usize| -> Result<Used> {
        let process: &Usage = &processes[number];
        let cpu = process.cpu()?.saturating_sub(before[number]);
        Ok(Used {
            memory: process.memory()?,
            cpu: 100.0 * cpu.as_secs_f64() / seconds,
        })
    };
    let idle = Idle {
        leader: used(0)?,
        standby: used(1)?,
        threads: processes[0].threads()?,
        connections: processes[0].connections()?,
        reads: (requests.reads - of_the_server.reads).max(0.0) / seconds,
        writes: (requests.writes - of_the_server.writes).max(0.0) / seconds,
    };
    ensure_still_leads(leader)?;
    Ok(idle)
}

fn ensure_still_leads(mut leader: CandidateProcess) -> Result<()> {
    ensure!(leader.leads(), "the leader has changed meanwhile");
    Ok(())
}

fn requests_within(cluster: &TestCluster, time: Duration) -> Result<Requests> {
    let before = requests(cluster)?;
    thread::sleep(time);
    let after = requests(cluster)?;
    Ok(Requests {
        reads: after.reads - before.reads,
        writes: after.writes - before.writes,
    })
}

fn requests(cluster: &TestCluster) -> Result<Requests> {
    let metrics = cluster.api().get("/metrics")?;
    let metrics = metrics.as_str().context("metrics as text")?;
    let mut counted = Requests {
        reads: 0.0,
        writes: 0.0,
    };
    for line in metrics.lines() {
        let Some(labels) = line.strip_prefix("apiserver_request_total{") else {
            continue;
        };
        let (labels, count) = labels.rsplit_once("} ").context("a number")?;
        if !labels.contains("resource=\"leases\"") {
            continue;
        }
        let count: f64 = count.parse()?;
        let is_read = ["GET", "LIST", "WATCH"]
            .iter()
            .any(|verb| labels.contains(&format!("verb=\"{verb}\"")));
        if is_read {
            counted.reads += count;
        } else {
            counted.writes += count;
        }
    }
    Ok(counted)
}
