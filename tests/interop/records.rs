//! Each elector understands what the other writes. That both write the same five fields, and no
//! others, is what [`Record`] is read from.

use leasehold_tests::Timing;

use crate::contest::{ClientGo, Contest, Ours, Program};
use crate::history::{History, Record};

#[test]
fn the_lease_goes_to_client_go_and_back_by_releases_that_both_understand() {
    let mut contest = Contest::open("there-and-back").unwrap();
    let first = contest.enter_with(Ours, Timing::STEADY).unwrap();
    contest.await_lead_of(&first).unwrap();
    let second = contest.enter_with(ClientGo, Timing::STEADY).unwrap();
    contest.terminate(&first).unwrap();
    contest.await_lead_of(&second).unwrap();
    let third = contest.enter_with(Ours, Timing::STEADY).unwrap();
    contest.terminate(&second).unwrap();
    contest.await_lead_of(&third).unwrap();
    let outcome = contest.end().unwrap();
    outcome.expect_one_leader_at_a_time();

    let mut steps: Vec<_> = outcome.history().records().iter().map(essence).collect();
    steps.dedup();
    assert_eq!(
        steps,
        [
            ("ours-1", 8, 0),
            ("", 1, 0),
            ("client-go-2", 8, 1),
            ("", 1, 1),
            ("ours-3", 8, 2),
            ("", 1, 2),
        ]
    );
}

/// Holder, lease duration, transitions.
fn essence(record: &Record) -> (&str, u64, u64) {
    let holder = record.holder_identity.as_str();
    (
        holder,
        record.lease_duration_seconds,
        record.lease_transitions,
    )
}

#[test]
fn a_renewal_changes_the_renew_time_and_nothing_else_in_both() {
    for (program, lease) in [(Ours, "ours-renews"), (ClientGo, "client-go-renews")] {
        let mut contest = Contest::open(lease).unwrap();
        let leader = contest.enter(program).unwrap();
        contest.await_lead_of(&leader).unwrap();
        let renewed = |history: &History| history.renewals().count() >= 2;
        contest.await_history(renewed).unwrap();
        for (before, after) in contest.end().unwrap().history().renewals() {
            assert!(after.renew_time > before.renew_time);
            let renewed = Record {
                renew_time: after.renew_time,
                ..before.clone()
            };
            assert_eq!(after, &renewed);
        }
    }
}

/// The end of the contest checks the waiting itself.
fn take_over_from_one_with_a_longer_lease(from: Program, to: Program, lease: &str) {
    let mut contest = Contest::open(lease).unwrap();
    let old = contest.enter_with(from, Timing(12.0, 10.0, 0.5)).unwrap();
    contest.await_lead_of(&old).unwrap();
    let new = contest.enter_with(to, Timing(6.0, 5.0, 0.5)).unwrap();
    contest.kill(&old).unwrap();
    contest.await_lead_of(&new).unwrap();
    let outcome = contest.end().unwrap();
    let durations = outcome
        .takeovers()
        .map(|(before, _)| before.lease_duration_seconds);
    assert_eq!(durations.collect::<Vec<_>>(), [12]);
}

#[test]
fn ours_waits_for_the_duration_that_client_go_wrote() {
    take_over_from_one_with_a_longer_lease(ClientGo, Ours, "client-go-is-longer");
}

#[test]
fn client_go_waits_for_the_duration_that_ours_wrote() {
    take_over_from_one_with_a_longer_lease(Ours, ClientGo, "ours-is-longer");
}
