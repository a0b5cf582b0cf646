//! The way to the API server is cut, silent in one direction, reset or slow.

use std::time::Duration;

use leasehold_test_cluster::{Direction, Proxy};

use crate::endurance::{endure, testbed};

/// Well within the time limit of a request, which is a quarter of the renew deadline.
const LATE: Duration = Duration::from_millis(120);
const RENEW_DEADLINE: Duration = Duration::from_secs(2);

#[test]
fn a_leader_that_is_cut_off_in_both_directions() {
    endure("leader cut off, both directions silent", || {
        let mut trial = testbed().trial("cut-off")?;
        let old = trial.leader()?;
        trial.proxy(&old).go_silent()?;
        trial.next_leader(&old)?;
        trial.says(&old, "reason=expired")?;
        trial.proxy(&old).heal()?;
        trial.recovers()?;
        trial.verdict()
    });
}

#[test]
fn a_leader_whose_requests_get_lost() {
    one_way(
        "leader cut off, its requests lost",
        "no-requests",
        Direction::Requests,
    );
}

/// Its renewals take effect, and it must not believe so.
#[test]
fn a_leader_whose_answers_get_lost() {
    one_way(
        "leader cut off, the answers to it lost",
        "no-answers",
        Direction::Answers,
    );
}

fn one_way(fault: &'static str, name: &str, silent: Direction) {
    endure(fault, || {
        let mut trial = testbed().trial(name)?;
        let old = trial.leader()?;
        trial.proxy(&old).silence(silent)?;
        trial.next_leader(&old)?;
        trial.says(&old, "cannot acquire or renew ")?;
        trial.proxy(&old).heal()?;
        trial.recovers()?;
        trial.verdict()
    });
}

#[test]
fn everyone_is_cut_off() {
    endure("all candidates cut off", || {
        let mut trial = testbed().trial("all-cut-off")?;
        trial.leader()?;
        trial.proxies().try_for_each(Proxy::go_silent)?;
        trial.nobody_leads()?;
        trial.everyone_says("no connection after ")?;
        trial.proxies().try_for_each(Proxy::heal)?;
        trial.recovers()?;
        trial.verdict()
    });
}

#[test]
fn a_leader_whose_connections_are_reset() {
    endure("leader's connections reset", || {
        let mut trial = testbed().trial("reset")?;
        let old = trial.leader()?;
        trial.proxy(&old).reset_peer()?;
        trial.next_leader(&old)?;
        trial.says(&old, "cannot reach the API server")?;
        trial.proxy(&old).heal()?;
        trial.recovers()?;
        trial.verdict()
    });
}

// Delays stay to the end: toxiproxy may hang when one is removed whose connection is closed already.

#[test]
fn answers_that_come_late_but_within_the_time_limit() {
    endure(
        "answers late by 120 ± 80 ms for all, the leader killed",
        || {
            let mut trial = testbed().trial("slow")?;
            let leader = trial.leader()?;
            for proxy in trial.proxies() {
                proxy.add_latency(LATE, LATE * 2 / 3)?;
            }
            trial.await_renewals(6)?;
            trial.candidate(&leader).kill()?;
            trial.recovers()?;
            trial.verdict()
        },
    );
}

#[test]
fn answers_that_come_late_by_up_to_the_renew_deadline() {
    endure("answers to the leader late by 1 ± 1 s", || {
        let mut trial = testbed().trial("very-slow")?;
        let leader = trial.leader()?;
        let half = RENEW_DEADLINE / 2;
        trial.proxy(&leader).add_latency(half, half)?;
        trial.await_renewals(12)?;
        trial.recovers()?;
        trial.verdict()
    });
}

#[test]
fn answers_that_come_no_sooner_than_the_renew_deadline() {
    endure("answers to the leader late by 2 s", || {
        let mut trial = testbed().trial("too-slow")?;
        let old = trial.leader()?;
        trial
            .proxy(&old)
            .add_latency(RENEW_DEADLINE, Duration::ZERO)?;
        trial.says(&old, "cannot acquire or renew ")?;
        trial.next_leader(&old)?;
        trial.recovers()?;
        trial.verdict()
    });
}
