//! What a candidate says of itself, at the very instants at which that changes.

use super::harness::*;
use crate::election::{Observation, Settings};
use crate::lease_store::memory::MemoryStore;

#[test]
fn it_watches_from_when_the_watch_stands_until_it_has_ended() {
    let mut a = candidate("a", &store_held_by("b", 15));
    a.expect("read").answer();
    assert!(!a.election.is_watching());
    a.hear();
    assert!(a.election.is_watching());
    a.observe(Observation::NotWatching);
    assert!(!a.election.is_watching());
}

#[test]
fn nobody_waits_any_longer_at_the_instant_at_which_a_wait_ends() {
    let mut a = leader("a", &MemoryStore::new());
    a.step_down().drained().expect("release").answer();
    a.at(14.99);
    assert!(a.why_not_leading().starts_with("holding back for 0.0 s"));
    a.at(15.0);
    assert_eq!(a.why_not_leading(), "acquiring the Lease");

    let mut a = leader("a", &MemoryStore::new());
    a.works_on().at(10.0).at(39.99);
    let waits = "waiting for the work of the last term to end";
    assert_eq!(a.why_not_leading(), waits);
    a.at(40.0);
    assert_eq!(a.why_not_leading(), "acquiring the Lease");

    let settings = Settings {
        preference: 2,
        ..settings()
    };
    let mut a = candidate_with(&MemoryStore::new(), settings);
    a.expect("read").answer().at(0.99);
    assert!(
        a.why_not_leading()
            .starts_with("leaving the Lease for 0.0 s")
    );
    a.at(1.0);
    assert_eq!(a.why_not_leading(), "acquiring the Lease");
}

#[test]
fn a_foreign_duration_is_mentioned_if_it_is_more_than_four_times_its_own() {
    for (duration, is_mentioned) in [(60, false), (61, true)] {
        let mut a = candidate("a", &store_held_by("b", duration));
        a.expect("read").answer();
        let why = a.why_not_leading();
        assert_eq!(why.contains("if it crashes"), is_mentioned, "{why}");
    }
}

#[test]
fn it_reads_the_lease_before_it_says_anything_else_of_it() {
    let mut a = candidate("a", &MemoryStore::new());
    assert_eq!(a.why_not_leading(), "reading the Lease");
    a.expect("read").answer();
    assert_eq!(a.why_not_leading(), "acquiring the Lease");
}
