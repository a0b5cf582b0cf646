//! The way to the API server is cut, silent in one direction, reset or slow.

use std::time::Duration;

use anyhow::Result;
use leasehold_test_cluster::{Direction, Proxy};

use super::faults;
use crate::candidates::Trial;

faults! {
    Candidates a_leader_that_is_cut_off_in_both_directions:
        "leader cut off, both directions silent";
    Candidates a_leader_whose_requests_get_lost:
        "leader cut off, its requests lost";
    Candidates a_leader_whose_answers_get_lost:
        "leader cut off, the answers to it lost";
    Candidates everyone_is_cut_off:
        "all candidates cut off";
    Candidates a_leader_whose_connections_are_reset:
        "leader's connections reset";
    Candidates answers_that_come_late_but_within_the_time_limit:
        "answers late by 120 ± 80 ms for all, the leader killed";
    Candidates answers_that_come_late_by_up_to_the_renew_deadline:
        "answers to the leader late by 1 ± 1 s";
    Candidates answers_that_come_no_sooner_than_the_renew_deadline:
        "answers to the leader late by 2 s";
}

/// Well within the time limit of a request, which is a quarter of the renew deadline.
const LATE: Duration = Duration::from_millis(120);
const RENEW_DEADLINE: Duration = Duration::from_secs(2);

fn a_leader_that_is_cut_off_in_both_directions(trial: &mut Trial<'_>) -> Result<()> {
    the_leader_suffers(trial, Proxy::go_silent, "reason=expired")
}

fn a_leader_whose_requests_get_lost(trial: &mut Trial<'_>) -> Result<()> {
    one_way(trial, Direction::Requests)
}

/// Its renewals take effect, and it must not believe so.
fn a_leader_whose_answers_get_lost(trial: &mut Trial<'_>) -> Result<()> {
    one_way(trial, Direction::Answers)
}

fn one_way(trial: &mut Trial<'_>, silent: Direction) -> Result<()> {
    let silence = |proxy: &Proxy| proxy.silence(silent);
    the_leader_suffers(trial, silence, "cannot acquire or renew ")
}

/// A network that makes another lead, until it is healed.
fn the_leader_suffers(
    trial: &mut Trial<'_>,
    harm: impl Fn(&Proxy) -> Result<()>,
    says: &str,
) -> Result<()> {
    let old = trial.begin()?;
    harm(trial.proxy(&old))?;
    trial.next_leader(&old)?;
    trial.says(&old, says)?;
    trial.let_time_pass();
    trial.proxy(&old).heal()?;
    trial.recovers()?;
    Ok(())
}

fn everyone_is_cut_off(trial: &mut Trial<'_>) -> Result<()> {
    trial.begin()?;
    trial.proxies().try_for_each(Proxy::go_silent)?;
    trial.nobody_leads()?;
    trial.everyone_says("no connection after ")?;
    trial.let_time_pass();
    trial.proxies().try_for_each(Proxy::heal)?;
    trial.recovers()?;
    Ok(())
}

fn a_leader_whose_connections_are_reset(trial: &mut Trial<'_>) -> Result<()> {
    the_leader_suffers(trial, Proxy::reset_peer, "cannot reach the API server")
}

// Delays stay to the end: toxiproxy may hang when one is removed whose connection is closed already.

fn answers_that_come_late_but_within_the_time_limit(trial: &mut Trial<'_>) -> Result<()> {
    let leader = trial.begin()?;
    for proxy in trial.proxies() {
        proxy.add_latency(LATE, LATE * 2 / 3)?;
    }
    trial.await_renewals(6)?;
    trial.let_time_pass();
    trial.candidate(&leader).kill()?;
    trial.recovers()?;
    Ok(())
}

fn answers_that_come_late_by_up_to_the_renew_deadline(trial: &mut Trial<'_>) -> Result<()> {
    let leader = trial.begin()?;
    let half = RENEW_DEADLINE / 2;
    trial.proxy(&leader).add_latency(half, half)?;
    trial.await_renewals(12)?;
    trial.recovers()?;
    Ok(())
}

fn answers_that_come_no_sooner_than_the_renew_deadline(trial: &mut Trial<'_>) -> Result<()> {
    let old = trial.begin()?;
    trial
        .proxy(&old)
        .add_latency(RENEW_DEADLINE, Duration::ZERO)?;
    trial.says(&old, "cannot acquire or renew ")?;
    trial.next_leader(&old)?;
    trial.recovers()?;
    Ok(())
}
