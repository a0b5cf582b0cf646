//! Candidates of both kinds come, go and are replaced by the other kind.

use leasehold_tests::Timing;

use crate::contest::{ClientGo, Contest, Ours, Program};

#[test]
fn ours_and_client_go_are_killed_at_once_and_come_back() {
    let mut contest = Contest::open("both-are-killed").unwrap();
    let ours = contest.enter(Ours).unwrap();
    contest.await_lead_of(&ours).unwrap();
    let theirs = contest.enter(ClientGo).unwrap();
    contest.kill(&ours).unwrap();
    contest.kill(&theirs).unwrap();
    contest.enter(ClientGo).unwrap();
    contest.enter(Ours).unwrap();
    contest.await_leader().unwrap();
    contest.end().unwrap().expect_one_leader_at_a_time();
}

/// As a rolling update does: the new one starts, then an old one ends.
fn replace_one_by_one(old: Program, new: Program, lease: &str) {
    let mut contest = Contest::open(lease).unwrap();
    let fleet: Vec<_> = (0..3)
        .map(|_| contest.enter_with(old, Timing::STEADY).unwrap())
        .collect();
    let mut successors = Vec::new();
    for predecessor in fleet {
        contest.await_leader().unwrap();
        successors.push(contest.enter_with(new, Timing::STEADY).unwrap());
        contest.terminate(&predecessor).unwrap();
    }
    assert!(successors.contains(&contest.await_leader().unwrap()));
    contest.end().unwrap().expect_one_leader_at_a_time();
}

#[test]
fn client_go_candidates_are_replaced_by_ours_one_by_one() {
    replace_one_by_one(ClientGo, Ours, "switch-over");
}

#[test]
fn our_candidates_are_replaced_by_client_go_one_by_one() {
    replace_one_by_one(Ours, ClientGo, "switch-back");
}
