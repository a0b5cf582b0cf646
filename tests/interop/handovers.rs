//! The Lease passes from ours to client-go's and back, whether the leader releases it, is killed, cut off or paused.

use leasehold_tests::{Answer, Timing};

use crate::contest::{ClientGo, Contest, Ours, Program};

/// A contest that `leader` leads while `standby` stands by.
fn led_by(leader: Program, standby: Program, lease: &str) -> (Contest, String, String) {
    led_with(Timing::SHORT, leader, standby, lease)
}

fn led_with(
    timing: Timing,
    leader: Program,
    standby: Program,
    lease: &str,
) -> (Contest, String, String) {
    let mut contest = Contest::open(lease).unwrap();
    let leader = contest.enter_with(leader, timing).unwrap();
    contest.await_lead_of(&leader).unwrap();
    let standby = contest.enter_with(standby, timing).unwrap();
    (contest, leader, standby)
}

fn hand_over_by_release(from: Program, to: Program, lease: &str) {
    let (mut contest, old, new) = led_with(Timing::STEADY, from, to, lease);
    contest.terminate(&old).unwrap();
    contest.await_lead_of(&new).unwrap();
    contest.end().unwrap().expect_one_leader_at_a_time();
}

fn take_over_from_the_killed(from: Program, to: Program, lease: &str) {
    let (mut contest, old, new) = led_by(from, to, lease);
    contest.kill(&old).unwrap();
    contest.await_lead_of(&new).unwrap();
    contest.end().unwrap().expect_one_leader_at_a_time();
}

#[test]
fn ours_releases_and_client_go_leads() {
    hand_over_by_release(Ours, ClientGo, "ours-releases");
}

#[test]
fn client_go_releases_and_ours_leads() {
    hand_over_by_release(ClientGo, Ours, "client-go-releases");
}

#[test]
fn ours_is_killed_and_client_go_leads() {
    take_over_from_the_killed(Ours, ClientGo, "ours-is-killed");
}

#[test]
fn client_go_is_killed_and_ours_leads() {
    take_over_from_the_killed(ClientGo, Ours, "client-go-is-killed");
}

#[test]
fn ours_is_cut_off_and_has_stopped_before_client_go_leads() {
    let (mut contest, ours, theirs) = led_by(Ours, ClientGo, "ours-is-cut-off");
    contest.cut_off(&ours).unwrap();
    contest.await_lead_of(&theirs).unwrap();
    contest.heal(&ours).unwrap();
    contest.end().unwrap().expect_one_leader_at_a_time();
}

/// The candidate itself fails when its first answer after the pause is still true.
#[test]
fn ours_is_paused_and_knows_at_once_that_client_go_leads() {
    let (mut contest, ours, theirs) = led_by(Ours, ClientGo, "ours-is-paused");
    contest.pause(&ours).unwrap();
    contest.await_lead_of(&theirs).unwrap();
    contest.resume(&ours).unwrap();
    contest.wait_for(&ours, Answer::Follower).unwrap();
    contest.end().unwrap().expect_one_leader_at_a_time();
}
