//! What is mostly waiting, so that many are measured at a time: takeovers, partitions, pauses.

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use leasehold_test_cluster::ToxiProxy;
use leasehold_tests::{Answer, CandidateProcess, Moment, now};

use super::{Bench, LIMIT, between, leader_of, led_since};
use crate::results::Measure;

const STAGGER: Duration = Duration::from_millis(500);
/// How long a leader that is cut off, or was paused, is watched: until long after its successor leads.
const WATCHED: Duration = Duration::from_secs(25);

/// How many of each.
#[derive(Clone, Copy)]
pub(crate) struct Waits {
    pub(crate) takeovers: usize,
    pub(crate) partitions: usize,
    pub(crate) pauses: usize,
    /// Of those that are slow at it.
    pub(crate) handovers: usize,
}

/// What one of them showed.
pub(crate) enum Waited {
    Takeover(Takeover),
    /// None if the old leader did not stop while it was watched.
    Margin(Option<f64>),
    /// The same of a leader that was paused.
    Stale(Option<f64>),
    Handover(f64),
}

/// How long it took until the next candidate led.
pub(crate) struct Takeover {
    pub(crate) in_all: f64,
    /// Since the last renewal plus the lease duration; None if the Lease did not say so.
    pub(crate) after_expiry: Option<f64>,
}

/// Takes the measures of all `benches`, each with whether it is slow to hand over, in threads of their own that
/// start one after another, so that what they measure does not happen to all of them at one instant. Each
/// is told to `tell`, with the place of its bench and its measure, as it ends.
pub(crate) fn waits(
    benches: &[(Bench<'_>, bool)],
    counts: Waits,
    mut tell: impl FnMut(usize, Measure, Result<Waited>),
) {
    let Waits {
        takeovers,
        partitions,
        pauses,
        handovers,
    } = counts;
    thread::scope(|scope| {
        let (sender, results) = channel();
        let mut delay = Duration::ZERO;
        for number in 0..takeovers.max(partitions).max(pauses).max(handovers) {
            for (place, (bench, is_slow)) in benches.iter().enumerate() {
                let mut begin = |of: Measure, measure: fn(Bench<'_>, usize) -> Result<Waited>| {
                    let (sender, bench, after) = (sender.clone(), *bench, delay);
                    delay += STAGGER;
                    scope.spawn(move || {
                        thread::sleep(after);
                        // It is heard until all have ended.
                        let _ = sender.send((place, of, measure(bench, number)));
                    });
                };
                if number < takeovers {
                    begin(Measure::Takeover, |bench, number| {
                        bench.takeover(number).map(Waited::Takeover)
                    });
                }
                if number < partitions {
                    begin(Measure::PartitionMargin, |bench, number| {
                        bench.partition(number).map(Waited::Margin)
                    });
                }
                if number < handovers && *is_slow {
                    begin(Measure::Handover, |bench, number| {
                        bench.handover(number).map(Waited::Handover)
                    });
                }
                if number < pauses {
                    begin(Measure::StaleAfterPause, |bench, number| {
                        bench.pause(number).map(Waited::Stale)
                    });
                }
            }
        }
        drop(sender);
        for (place, of, waited) in results {
            tell(place, of, waited);
        }
    });
}

impl Bench<'_> {
    /// Kills a leader, and waits for the next one.
    fn takeover(&self, number: usize) -> Result<Takeover> {
        let lease = self.lease(&format!("takeover-{number}"));
        let mut candidates = self.candidates(&lease)?;
        let leader = leader_of(&mut candidates)?;
        // Past its first renewals, as most leaders are when they crash.
        thread::sleep(Duration::from_secs(3));
        let mut old = candidates.swap_remove(leader);
        let killed = old.kill()?;
        let expiry = self.expiry(&lease).ok();
        let leader = leader_of(&mut candidates)?;
        let leads = led_since(&candidates[leader])?;
        Ok(Takeover {
            in_all: between(killed, leads),
            // One that does not wait for the expiry has nothing to show here.
            after_expiry: expiry
                .filter(|expiry| *expiry <= leads)
                .map(|expiry| between(expiry, leads)),
        })
    }

    /// From SIGTERM to a leader to the first true answer of the next.
    fn handover(&self, number: usize) -> Result<f64> {
        let mut candidates = self.candidates(&self.lease(&format!("handover-{number}")))?;
        let leader = leader_of(&mut candidates)?;
        let mut old = candidates.swap_remove(leader);
        let sent = old.terminate()?;
        let leader = leader_of(&mut candidates)?;
        Ok(between(sent, led_since(&candidates[leader])?))
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
    fn partition(&self, number: usize) -> Result<Option<f64>> {
        let proxies = ToxiProxy::start()?;
        let proxy = proxies.create("leader", self.cluster.server_address())?;
        let lease = self.lease(&format!("partition-{number}"));
        let mut old = self.start(&lease, 0, Some(&proxy.url()))?;
        old.wait_for(Answer::Leader, LIMIT)?;
        let mut new = self.standby(&lease, 1)?;
        proxy.go_silent()?;
        let silent = Instant::now();
        let first_true = new.wait_for(Answer::Leader, LIMIT)?;
        let last_true = stops(&mut old, WATCHED.saturating_sub(silent.elapsed()));
        Ok(last_true.map(|last_true| signed(last_true, first_true)))
    }

    /// For how long a leader that was stopped like a program in a debugger, and goes on when another
    /// leads, says that it leads as well.
    fn pause(&self, number: usize) -> Result<Option<f64>> {
        let lease = self.lease(&format!("pause-{number}"));
        let mut old = self.start(&lease, 0, None)?;
        old.wait_for(Answer::Leader, LIMIT)?;
        let mut new = self.standby(&lease, 1)?;
        old.pause()?;
        new.wait_for(Answer::Leader, LIMIT)?;
        let resumed = now();
        old.resume()?;
        Ok(stops(&mut old, WATCHED).map(|stopped| between(resumed, stopped)))
    }
}

/// When it says that it no longer leads, if it does.
fn stops(candidate: &mut CandidateProcess, within: Duration) -> Option<Moment> {
    candidate.wait_for(Answer::Follower, within).ok()
}

/// In seconds; below zero if `later` was earlier.
fn signed(earlier: Moment, later: Moment) -> f64 {
    if later < earlier {
        return -between(later, earlier);
    }
    between(earlier, later)
}

/// How long a leader was watched that did not stop, in words.
pub(crate) fn never() -> String {
    format!("never stopped in {} s", WATCHED.as_secs())
}
