//! A name proves nothing: another process may bear it.

use super::harness::*;
use crate::election::{LostReason, Settings};
use crate::lease_store::memory::MemoryStore;

fn reclaiming() -> Settings {
    Settings {
        reclaim: true,
        ..settings()
    }
}

#[test]
fn an_unexpired_record_under_its_own_name_is_waited_out() {
    let mut a = candidate("a", &store_held_by("a", 15));
    a.run_until(14.9).assert_not_leader();
    assert_eq!(a.events(), ["a holds the Lease"], "and is no conflict");
    a.run_until(15.0).assert_leader();
}

#[test]
fn reading_it_again_unchanged_is_no_conflict_either() {
    let store = store_held_by("a", 15);
    let mut a = candidate("a", &store).without_watch();
    a.run_until(10.0);
    store.set_field(&["metadata", "labels", "team"], "blue");
    a.run_until(14.0);
    assert!(a.asked().len() > 3);
    assert_eq!(a.events(), ["a holds the Lease"]);
}

#[test]
fn reclaiming_takes_it_up_at_once_in_a_term_of_its_own() {
    let store = store_held_by("a", 15);
    let before = stored(&store);
    let mut a = candidate_with(&store, reclaiming());
    a.run_until(0.0).assert_leader();
    assert_eq!(stored(&store).record.transitions, 5);
    let snapshot = a.election.lease_snapshot(a.now());
    assert_eq!(snapshot.free_at, Some(instant(0.0)), "nobody else leads");
    assert!(a.term().fencing_token > before.version);
}

#[test]
fn reclaiming_takes_up_nobody_elses() {
    let mut a = candidate_with(&store_held_by("b", 15), reclaiming());
    a.run_until(14.9).assert_not_leader();
}

#[test]
fn reclaiming_stops_at_a_namesake_that_lives() {
    let store = store_held_by("a", 15);
    let mut a = candidate_with(&store, reclaiming());
    a.expect("read").answer();
    a.expect("acquire");
    store.edit(renewed);
    a.answer().expect("read").answer();
    assert_eq!(
        a.events(),
        ["a holds the Lease", "failing: IdentityConflict"]
    );
    a.run_until(14.9).assert_not_leader();
    a.run_until(15.0).assert_leader();
}

#[test]
fn a_leader_yields_to_its_namesake_at_once_and_says_so() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.hear();
    store.edit(renewed);
    a.hear().assert_not_leader();
    assert_eq!(
        a.events(),
        [
            "term 1 lost: identity_conflict",
            "failing: IdentityConflict"
        ]
    );
    assert_eq!(
        a.why_not_leading(),
        "another process writes the Lease under this candidate's identity `a`: give each \
         candidate its own"
    );
}

#[test]
fn two_candidates_of_one_name_never_both_lead() {
    let store = MemoryStore::new();
    let mut first = leader("a", &store);
    let mut second = candidate("a", &store);
    run(&mut [&mut first, &mut second], 60.0);
    first.assert_leader();
    second.assert_not_leader();
    assert_eq!(
        second.events(),
        ["a holds the Lease", "failing: IdentityConflict"],
        "told once"
    );
    // The first hangs until its Lease has expired.
    run(&mut [&mut second], 80.0);
    second.assert_leader();
    first.at(80.0).assert_lost(LostReason::Expired);
    first.run_until(80.0).assert_not_leader();
}
