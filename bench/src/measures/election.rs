//! What an election does quickly: the first leadership, a handover, a takeover from one proven dead.

use std::time::Duration;

use anyhow::Result;
use leasehold_tests::{Answer, now};

use super::{Bench, CANDIDATES, LIMIT, Rounds, between, leader_of, leader_within, led_since};

/// How long a handover may take that others wait for.
const PATIENCE: Duration = Duration::from_secs(5);

/// From the start of a process and from its own start, on a Lease that does not exist.
#[derive(Default)]
pub(crate) struct FirstLeaderships {
    pub(crate) until_ready: Vec<f64>,
    pub(crate) from_process: Vec<f64>,
    pub(crate) from_ready: Vec<f64>,
}

pub(crate) fn first_leaderships(bench: Bench<'_>, rounds: Rounds) -> Result<FirstLeaderships> {
    let mut figures = FirstLeaderships::default();
    for round in rounds.each() {
        let lease = bench.lease(&format!("first-{round}"));
        let started = now();
        let mut candidate = bench.start(&lease, 0, None)?;
        let ready = candidate.wait_for(Answer::Ready, LIMIT)?;
        let leads = candidate.wait_for(Answer::Leader, LIMIT)?;
        figures.until_ready.push(between(started, ready));
        figures.from_process.push(between(started, leads));
        figures.from_ready.push(between(ready, leads));
    }
    Ok(figures)
}

/// From SIGTERM to one leader to the first true answer of the next.
pub(crate) enum Handovers {
    Taken(Vec<f64>),
    /// The first one took longer than [`PATIENCE`]: they are waited for beside others.
    Slow,
}

pub(crate) fn handovers(bench: Bench<'_>, rounds: Rounds) -> Result<Handovers> {
    let lease = bench.lease("handover");
    let mut candidates = bench.candidates(&lease)?;
    let mut figures = Vec::new();
    let mut leader = leader_of(&mut candidates)?;
    for round in rounds.each() {
        let mut old = candidates.swap_remove(leader);
        let sent = old.terminate()?;
        if round == 0 && leader_within(&mut candidates, PATIENCE).is_none() {
            return Ok(Handovers::Slow);
        }
        leader = leader_of(&mut candidates)?;
        figures.push(between(sent, led_since(&candidates[leader])?));
        old.finish()?;
        candidates.push(bench.standby(&lease, CANDIDATES + round)?);
    }
    Ok(Handovers::Taken(figures))
}

/// From SIGKILL to one leader to the first true answer of the next, which needs not wait.
pub(crate) fn proven_takeovers(bench: Bench<'_>, rounds: Rounds) -> Result<Vec<f64>> {
    let lease = bench.lease("proven");
    let mut candidates = bench.candidates(&lease)?;
    let mut figures = Vec::new();
    let mut leader = leader_of(&mut candidates)?;
    for round in rounds.each() {
        let mut old = candidates.swap_remove(leader);
        let killed = old.kill()?;
        leader = leader_of(&mut candidates)?;
        figures.push(between(killed, led_since(&candidates[leader])?));
        candidates.push(bench.standby(&lease, CANDIDATES + round)?);
    }
    Ok(figures)
}
