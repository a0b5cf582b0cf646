//! A wall clock is wrong, or jumps: another machine's, or a candidate's own.

mod shim;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use leasehold_tests::{Timing, Trial, now};
use serde_json::json;

use self::shim::WallClocks;
use crate::endurance::{endure, testbed};

const DURATION: Duration = Duration::from_secs(3);
const HOUR: i64 = 3600;
/// So many renewals take longer than the lease duration.
const RENEWALS_OF_A_LEASE: usize = 12;
/// So that a term ends by nothing but what is done to it, and soon.
const TIMING: Timing = Timing(5.0, 4.0, 0.5);

#[test]
fn a_holder_whose_clock_is_years_ahead() {
    a_holder_at(
        "ahead",
        "2199-01-01T00:00:00.000000Z",
        "taken by a client whose clock is years ahead",
    );
}

#[test]
fn a_holder_whose_clock_is_years_behind() {
    a_holder_at(
        "behind",
        "2001-01-01T00:00:00.000000Z",
        "taken by a client whose clock is years behind",
    );
}

/// Others wait the duration in the record, from when they saw it: no sooner, and no longer.
fn a_holder_at(name: &str, time: &str, fault: &'static str) {
    endure(fault, || {
        let mut trial = testbed().trial(name)?;
        trial.leader()?;
        let taken_at = now();
        trial.edit_lease(&json!({ "spec": {
            "holderIdentity": "elsewhere",
            "acquireTime": time,
            "renewTime": time,
        }}))?;
        trial.nobody_leads()?;
        let leader = trial.recovers()?;
        let since = trial.candidate(&leader).leads_since().unwrap_or_default();
        let waited = Duration::from_nanos(since - taken_at);
        ensure!(waited >= DURATION, "taken over after {waited:?}");
        trial.verdict()
    });
}

#[test]
fn the_leaders_own_clock_goes_an_hour_forward() {
    let fault = "the leader's wall clock an hour forward, then it is cut off";
    a_leader_whose_clock_jumps("forward", HOUR, fault);
}

/// Its record must go on changing nevertheless, or the others would take it for dead.
#[test]
fn the_leaders_own_clock_goes_an_hour_back() {
    let fault = "the leader's wall clock an hour back, then it is cut off";
    a_leader_whose_clock_jumps("back", -HOUR, fault);
}

/// It goes on leading, and once it is cut off it stops in time: neither is a matter of that clock.
fn a_leader_whose_clock_jumps(name: &str, seconds: i64, fault: &'static str) {
    let clocks = WallClocks::new().unwrap();
    endure(fault, || {
        let mut trial = clocks.testbed().trial_with(name, TIMING)?;
        let leader = trial.followed_leader()?;
        let before = renew_time(&trial)?;
        clocks.shift(trial.candidate(&leader), seconds)?;
        trial.await_renewals(RENEWALS_OF_A_LEASE)?;
        let jump = renew_time(&trial)?.duration_since(before);
        if seconds > 0 {
            ensure!(jump.as_secs() >= seconds, "the shim had no effect: {jump}");
        } else {
            ensure!(jump.as_millis() == 0, "the shim had no effect: {jump}");
        }
        let losses = trial.candidate(&leader).log().count("no longer leading");
        ensure!(losses == 0, "the term ended");
        trial.proxy(&leader).go_silent()?;
        trial.next_leader(&leader)?;
        trial.proxy(&leader).heal()?;
        trial.recovers()?;
        trial.verdict()
    });
}

/// They wait the duration nevertheless, or they would lead beside one that is only cut off.
#[test]
fn the_clocks_of_all_who_wait_go_an_hour_forward() {
    let clocks = WallClocks::new().unwrap();
    let fault = "leader cut off, the wall clocks of the others an hour forward";
    endure(fault, || {
        let mut trial = clocks.testbed().trial("waiting")?;
        let leader = trial.followed_leader()?;
        trial.proxy(&leader).go_silent()?;
        for name in trial.names() {
            if name != leader {
                clocks.shift(trial.candidate(&name), HOUR)?;
            }
        }
        trial.next_leader(&leader)?;
        trial.proxy(&leader).heal()?;
        trial.recovers()?;
        trial.verdict()
    });
}

fn renew_time(trial: &Trial<'_>) -> Result<Timestamp> {
    let lease = trial.lease()?;
    let time = lease.pointer("/spec/renewTime").context("a renew time")?;
    Ok(serde_json::from_value(time.clone())?)
}
