//! What candidates cost that have nothing to do: one leads, two stand by.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use leasehold_tests::{CandidateProcess, Usage};

use super::server::ServerUse;
use super::{Bench, SETTLING, leader_of};

pub(crate) struct Idle {
    pub(crate) leader: Used,
    pub(crate) standby: Used,
    pub(crate) threads: u64,
    pub(crate) connections: usize,
    /// By all three.
    pub(crate) server: ServerUse,
}

pub(crate) struct Used {
    pub(crate) memory: u64,
    /// Percent of a core.
    pub(crate) cpu: f64,
}

/// What is used within `time`, beyond what the API server does by itself.
pub(crate) fn idle(bench: Bench<'_>, time: Duration, by_itself: ServerUse) -> Result<Idle> {
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
    let server = ServerUse::within(bench.cluster, time)?.beyond(by_itself);
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
        server,
    };
    ensure_still_leads(leader)?;
    Ok(idle)
}

fn ensure_still_leads(mut leader: CandidateProcess) -> Result<()> {
    ensure!(leader.leads(), "the leader has changed meanwhile");
    Ok(())
}
