//! A wall clock is wrong, or jumps: another machine's, or a candidate's own.

mod shim;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::json;

use self::shim::WallClocks;
use super::faults;
use crate::candidates::{Timing, Trial, now};

faults! {
    Candidates a_holder_whose_clock_is_years_ahead:
        "taken by a client whose clock is years ahead";
    Candidates a_holder_whose_clock_is_years_behind:
        "taken by a client whose clock is years behind";
    WallClocks the_leaders_own_clock_goes_an_hour_forward:
        "the leader's wall clock an hour forward, then it is cut off";
    WallClocks the_leaders_own_clock_goes_an_hour_back:
        "the leader's wall clock an hour back, then it is cut off";
    WallClocks the_clocks_of_all_who_wait_go_an_hour_forward:
        "leader cut off, the wall clocks of the others an hour forward";
}

const DURATION: Duration = Duration::from_secs(3);
const HOUR: i64 = 3600;
/// So many renewals take longer than the lease duration.
const RENEWALS_OF_A_LEASE: usize = 12;
/// So that a term ends by nothing but what is done to it, and soon.
const TIMING: Timing = Timing(5.0, 4.0, 0.5);

fn a_holder_whose_clock_is_years_ahead(trial: &mut Trial<'_>) -> Result<()> {
    a_holder_at(trial, "2199-01-01T00:00:00.000000Z")
}

fn a_holder_whose_clock_is_years_behind(trial: &mut Trial<'_>) -> Result<()> {
    a_holder_at(trial, "2001-01-01T00:00:00.000000Z")
}

/// Others wait the duration in the record, from when they saw it: no sooner, and no longer.
fn a_holder_at(trial: &mut Trial<'_>, time: &str) -> Result<()> {
    trial.begin()?;
    let taken_at = now();
    trial.edit_lease(&json!({ "spec": {
        "holderIdentity": "elsewhere",
        "acquireTime": time,
        "renewTime": time,
    }}))?;
    trial.nobody_leads()?;
    let leader = trial.recovers()?;
    let since = trial.candidate(&leader).leads_since().unwrap_or_default();
    let waited = Duration::from_nanos(since.saturating_sub(taken_at));
    ensure!(waited >= DURATION, "taken over after {waited:?}");
    Ok(())
}

fn the_leaders_own_clock_goes_an_hour_forward(trial: &mut Trial<'_>) -> Result<()> {
    a_leader_whose_clock_jumps(trial, HOUR)
}

/// Its record must go on changing nevertheless, or the others would take it for dead.
fn the_leaders_own_clock_goes_an_hour_back(trial: &mut Trial<'_>) -> Result<()> {
    a_leader_whose_clock_jumps(trial, -HOUR)
}

/// It goes on leading, and once it is cut off it stops in time: neither is a matter of that clock.
fn a_leader_whose_clock_jumps(trial: &mut Trial<'_>, seconds: i64) -> Result<()> {
    let clocks = WallClocks::new()?;
    trial.set_timing(TIMING);
    trial.run_by(clocks.words());
    let leader = trial.begin_followed()?;
    let before = renew_time(trial)?;
    clocks.shift(trial.candidate(&leader), seconds)?;
    trial.await_renewals(RENEWALS_OF_A_LEASE)?;
    let losses = trial.candidate(&leader).log().count("no longer leading");
    ensure!(losses == 0, "the term ended");
    let jump = renew_time(trial)?.duration_since(before);
    if seconds > 0 {
        ensure!(jump.as_secs() >= seconds, "the shim had no effect: {jump}");
    } else {
        // A renewal may have come between the look and the jump.
        ensure!(jump.as_secs() < 3, "the shim had no effect: {jump}");
    }
    trial.proxy(&leader).go_silent()?;
    is_succeeded(trial, &leader)
}

/// They wait the duration nevertheless, or they would lead beside one that is only cut off.
fn the_clocks_of_all_who_wait_go_an_hour_forward(trial: &mut Trial<'_>) -> Result<()> {
    let clocks = WallClocks::new()?;
    trial.run_by(clocks.words());
    let leader = trial.begin_followed()?;
    trial.proxy(&leader).go_silent()?;
    for name in trial.names() {
        if name != leader {
            clocks.shift(trial.candidate(&name), HOUR)?;
        }
    }
    is_succeeded(trial, &leader)
}

/// A leader that is cut off, for a while.
fn is_succeeded(trial: &mut Trial<'_>, leader: &str) -> Result<()> {
    trial.next_leader(leader)?;
    trial.let_time_pass();
    trial.proxy(leader).heal()?;
    trial.recovers()?;
    Ok(())
}

fn renew_time(trial: &Trial<'_>) -> Result<Timestamp> {
    let lease = trial.lease()?;
    let time = lease.pointer("/spec/renewTime").context("a renew time")?;
    Ok(serde_json::from_value(time.clone())?)
}
