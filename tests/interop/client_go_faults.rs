//! Where client-go goes on leading past its Lease, or clears that of another: what ours promises
//! holds nevertheless, and the overlap is client-go's. `--nocapture` shows what it did.

use std::time::Duration;

use leasehold_tests::{Answer, Moment, Timing};

use crate::contest::{ClientGo, ClientGoCallbacks, Contest, Ours, Program};
use crate::history::History;

/// A contest that one of client-go's leads while ours stands by.
fn led_by_client_go(program: Program, lease: &str, timing: Timing) -> (Contest, String, String) {
    let mut contest = Contest::open(lease).unwrap();
    let theirs = contest.enter_with(program, timing).unwrap();
    contest.await_lead_of(&theirs).unwrap();
    let ours = contest.enter_with(Ours, timing).unwrap();
    (contest, theirs, ours)
}

fn print_overlap(ours_since: Moment, theirs_until: Moment) {
    let overlap = Duration::from_nanos(theirs_until.saturating_sub(ours_since));
    println!("client-go said that it led for {overlap:.3?} after ours had begun to");
}

/// Its term ends only after the attempt to release, which runs into its own time limit.
fn cut_off(program: Program, lease: &str) {
    let (mut contest, theirs, ours) = led_by_client_go(program, lease, Timing::SHORT);
    contest.cut_off(&theirs).unwrap();
    let ours_since = contest.await_lead_of(&ours).unwrap();
    let theirs_until = contest.wait_for(&theirs, Answer::Follower).unwrap();
    contest.heal(&theirs).unwrap();
    print_overlap(ours_since, theirs_until);
    contest.end().unwrap().expect_ours_to_stop_first();
}

#[test]
fn client_go_is_cut_off_and_ours_has_waited_for_its_whole_lease() {
    cut_off(ClientGo, "client-go-is-cut-off");
}

#[test]
fn client_go_with_callbacks_is_cut_off_and_ours_has_waited_for_its_whole_lease() {
    cut_off(ClientGoCallbacks, "callbacks-are-cut-off");
}

/// `OnStoppedLeading` comes a renew deadline after it wakes, although it sees the new holder.
#[test]
fn client_go_with_callbacks_is_paused_and_ours_leads_on_beside_it() {
    let (mut contest, theirs, ours) =
        led_by_client_go(ClientGoCallbacks, "callbacks-are-paused", Timing::SHORT);
    contest.pause(&theirs).unwrap();
    contest.await_lead_of(&ours).unwrap();
    let woken = contest.resume(&theirs).unwrap();
    let theirs_until = contest.wait_for(&theirs, Answer::Follower).unwrap();
    print_overlap(woken, theirs_until);
    contest.end().unwrap().expect_ours_to_stop_first();
}

/// Leaves its attempt to release, half a renew deadline, time to repeat a request.
const ROOMY: Timing = Timing(6.0, 5.0, 0.5);

/// It believes that it still holds the Lease, reads the record of ours, and releases that.
/// The next leader leads in a new term, ours too, which the end of the contest checks.
#[test]
fn client_go_may_clear_the_lease_of_ours_whose_term_is_over_then() {
    let (mut contest, theirs, ours) = led_by_client_go(ClientGo, "ours-is-cleared", ROOMY);
    contest.cut_off(&theirs).unwrap();
    contest.await_lead_of(&ours).unwrap();
    contest.heal(&theirs).unwrap();
    // By then its attempt to release has ended, successful or not.
    let is_over = |history: &History| history.renewals().count() >= RENEWALS;
    let history = contest
        .await_history(|history| releases(history) > 0 || is_over(history))
        .unwrap();
    let times = releases(&history);
    println!("client-go cleared the Lease of ours {times} times");
    contest.await_leader().unwrap();
    contest.end().unwrap();
}

/// More than fit into client-go's last term and its attempt to release.
const RENEWALS: usize = 20;

/// While nobody is asked to stop, only client-go's mistaken ones.
fn releases(history: &History) -> usize {
    let changes = history.changes();
    let releases = changes.filter(|(before, after)| before.is_held() && !after.is_held());
    releases.count()
}
