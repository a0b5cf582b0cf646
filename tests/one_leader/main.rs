//! Three candidates, each a process of its own, on a real API server: at no instant two leaders,
//! judged on one clock from what each said itself, and a leader again at the end.
//!
//! `LEASEHOLD_CANDIDATE=<command line>` puts the agent of another language to the test.

mod in_a_pod;
mod spread;

use std::sync::OnceLock;

use leasehold_tests::{Answer, LIMIT, Testbed, Timing, Trial, command_under_test, with_proofs};

/// Three candidates for a Lease of their own, on one API server for all.
fn trial(lease: &str) -> Trial<'static> {
    testbed().trial(lease).expect("three candidates")
}

fn testbed() -> &'static Testbed {
    static TESTBED: OnceLock<Testbed> = OnceLock::new();
    TESTBED.get_or_init(|| Testbed::start(&candidate_command()).expect("a cluster"))
}

/// The agent that is put to the test.
fn candidate_command() -> Vec<String> {
    command_under_test(env!("CARGO_BIN_EXE_candidate"))
}

#[test]
fn a_leader_that_is_terminated_hands_over() {
    let mut trial = trial("terminated");
    let old = trial.leader().unwrap();
    trial.candidate(&old).terminate().unwrap();
    let new = trial.next_leader(&old).unwrap();
    assert_ne!(old, new);
    trial.judge().unwrap();
}

#[test]
fn a_leader_that_is_killed_is_succeeded_when_its_lease_has_expired() {
    let mut trial = trial("killed");
    let old = trial.leader().unwrap();
    trial.candidate(&old).kill().unwrap();
    trial.next_leader(&old).unwrap();
    trial.judge().unwrap();
}

/// Leader after leader, each succeeded long before its Lease expires.
#[test]
fn leaders_that_are_killed_are_succeeded_at_once_by_others_of_their_machine_and_never_overlap() {
    const KILLED: usize = 6;
    let command = with_proofs(&candidate_command());
    let mut trial = testbed().empty_trial("proven");
    let lease = trial.lease_name().to_owned();
    testbed().cluster().grant(&lease).unwrap();
    // An hour, so that no Lease expires here.
    let timing = Timing(3600.0, 2400.0, 0.5);
    let enter = |trial: &mut Trial<'_>, number: usize| {
        let name = format!("{lease}-{number}");
        trial.enter_program(&command, &name, timing).unwrap();
    };
    for number in 0..3 {
        enter(&mut trial, number);
    }
    let mut leader = trial.leader().unwrap();
    for number in 0..KILLED {
        enter(&mut trial, 3 + number);
        trial.candidate(&leader).kill().unwrap();
        leader = trial.next_leader(&leader).unwrap();
    }
    trial.judge().unwrap();
}

/// The candidate itself fails when its first answer after the pause is still true.
#[test]
fn a_leader_that_was_paused_knows_at_once_that_it_no_longer_leads() {
    let mut trial = trial("paused");
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
    let mut trial = trial("cut-off");
    let old = trial.leader().unwrap();
    trial.proxy(&old).go_silent().unwrap();
    trial.next_leader(&old).unwrap();
    trial.proxy(&old).heal().unwrap();
    trial.judge().unwrap();
}

#[test]
fn a_leader_that_is_cut_off_for_a_moment_goes_on_leading() {
    let trial = testbed().trial_with("blink", Timing::STEADY);
    let mut trial = trial.expect("three candidates");
    let leader = trial.leader().unwrap();
    trial.proxy(&leader).go_silent().unwrap();
    trial.proxy(&leader).heal().unwrap();
    trial.await_renewals(3).unwrap();
    assert_eq!(trial.leader().unwrap(), leader);
    trial.judge().unwrap();
}
