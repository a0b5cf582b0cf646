//! Three candidates, each a process of its own, on a real API server: at no instant two leaders,
//! judged on one clock from what each said itself, and a leader again at the end.

mod trial;

use leasehold_bench::Answer;

use self::trial::{LIMIT, Trial};

#[test]
fn a_leader_that_is_terminated_hands_over() {
    let mut trial = Trial::start("terminated").unwrap();
    let old = trial.leader().unwrap();
    trial.candidate(&old).terminate().unwrap();
    let new = trial.next_leader(&old).unwrap();
    assert_ne!(old, new);
    trial.judge().unwrap();
}

#[test]
fn a_leader_that_is_killed_is_succeeded_when_its_lease_has_run_out() {
    let mut trial = Trial::start("killed").unwrap();
    let old = trial.leader().unwrap();
    trial.candidate(&old).kill().unwrap();
    trial.next_leader(&old).unwrap();
    trial.judge().unwrap();
}

/// The candidate itself fails when its first answer after the pause is still true.
#[test]
fn a_leader_that_was_paused_knows_at_once_that_it_leads_no_more() {
    let mut trial = Trial::start("paused").unwrap();
    let old = trial.leader().unwrap();
    trial.candidate(&old).pause().unwrap();
    trial.next_leader(&old).unwrap();
    trial.candidate(&old).resume().unwrap();
    trial
        .candidate(&old)
        .wait_for(Answer::Follower, LIMIT)
        .unwrap();
    trial.judge().unwrap();
}

#[test]
fn a_leader_that_is_cut_off_has_stopped_before_the_next_one_starts() {
    let mut trial = Trial::start("cut-off").unwrap();
    let old = trial.leader().unwrap();
    trial.cut_off(&old).unwrap();
    trial.next_leader(&old).unwrap();
    trial.heal(&old).unwrap();
    trial.judge().unwrap();
}

#[test]
fn a_leader_that_is_cut_off_for_a_moment_goes_on_leading() {
    let mut trial = Trial::start("blink").unwrap();
    let leader = trial.leader().unwrap();
    trial.cut_off(&leader).unwrap();
    trial.heal(&leader).unwrap();
    trial.await_renewals(3).unwrap();
    assert_eq!(trial.leader().unwrap(), leader);
    trial.judge().unwrap();
}
