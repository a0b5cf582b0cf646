//! Who only looks follows the Lease as a candidate does, and leaves it alone.

use super::harness::*;
use crate::election::{LeaseState, Observation};
use crate::error::ErrorKind;
use crate::lease_record::ResourceVersion;
use crate::lease_store::memory::MemoryStore;

fn observer(store: &MemoryStore) -> Candidate {
    let mut observer = candidate("a", store);
    observer.election = observer.election.observing_only();
    observer
}

impl Candidate {
    fn state(&self) -> LeaseState {
        self.election.lease_snapshot(self.now()).state
    }
}

#[test]
fn an_onlooker_never_writes_whether_the_lease_is_absent_released_expired_or_its_own_by_name() {
    let empty = MemoryStore::new();
    let stores = [
        empty,
        store_with(released()),
        store_held_by("b", 15),
        store_held_by("a", 15),
    ];
    for store in stores {
        let mut a = observer(&store);
        a.run_until(1_000.0);
        assert_eq!(a.asked(), ["read"]);
        a.assert_not_leader();
    }
}

#[test]
fn an_onlooker_watches_for_a_lease_that_is_not_there_and_a_candidate_creates_it_first() {
    let store = MemoryStore::new();
    let mut onlooker = observer(&store);
    assert_eq!(onlooker.election.watch_from(), None, "it reads first");
    onlooker.expect("read").answer();
    let first = ResourceVersion::default();
    assert_eq!(onlooker.election.watch_from(), Some(first));

    let mut candidate = candidate("b", &store);
    candidate.expect("read").answer();
    assert_eq!(candidate.election.watch_from(), None);
    candidate.expect("create").answer();
    assert!(candidate.election.watch_from() > Some(first));
}

#[test]
fn an_onlooker_that_cannot_watch_polls_every_retry_period() {
    let mut a = observer(&store_held_by("b", 15)).without_watch();
    a.run_until(1_000.0);
    let asked = a.asked();
    assert!(asked.iter().all(|request| *request == "read"));
    assert!((417..=501).contains(&asked.len()), "{}", asked.len());
}

#[test]
fn an_onlooker_waits_for_a_lease_that_is_not_there_with_a_watch() {
    let store = MemoryStore::new();
    let mut a = observer(&store);
    assert_eq!(a.state(), LeaseState::Unknown);
    a.run_until(100.0);
    assert_eq!(a.state(), LeaseState::Absent);

    store.put_foreign(held_by("b", 15));
    a.hear();
    assert_eq!(a.state(), LeaseState::Held);
    assert_eq!(a.asked(), ["read"]);
}

#[test]
fn a_holder_expires_a_full_duration_after_it_was_last_seen_to_renew() {
    let store = store_held_by("b", 15);
    let mut a = observer(&store);
    a.run_until(10.0);
    store.edit(renewed);
    a.run_until(24.0);
    assert_eq!(a.state(), LeaseState::Held);
    assert_eq!(a.next_timeout(), Some(25.0), "it is woken to see that");
    a.run_until(25.0);
    assert_eq!(a.state(), LeaseState::Expired);
    assert_eq!(a.next_timeout(), None);

    store.edit(renewed);
    a.hear();
    assert_eq!(a.state(), LeaseState::Held);
}

#[test]
fn a_release_and_a_deletion_are_seen() {
    let store = store_held_by("b", 15);
    let mut a = observer(&store);
    a.run_until(1.0);
    store.put_foreign(released());
    a.run_until(2.0);
    assert_eq!(a.state(), LeaseState::Released);
    store.delete();
    a.run_until(3.0);
    assert_eq!(a.state(), LeaseState::Absent);
}

#[test]
fn what_fails_is_seen_beside_what_was_known_before() {
    let mut a = observer(&store_held_by("b", 15)).without_watch();
    a.expect("read").answer();
    let again = a.election.poll_timeout().unwrap();
    a.at_instant(again).expect("read").time_out();
    let snapshot = a.election.lease_snapshot(a.now());
    assert_eq!(snapshot.state, LeaseState::Held);
    let failing = snapshot.failing.map(|error| error.kind());
    assert_eq!(failing, Some(ErrorKind::TimedOut));

    a.run_until(10.0);
    assert!(a.election.lease_snapshot(a.now()).failing.is_none());
}

#[test]
fn only_what_has_changed_is_news() {
    let store = store_held_by("b", 15);
    let mut a = observer(&store);
    a.run_until(1.0);
    let before = a.election.lease_snapshot(a.now());
    a.run_until(2.0);
    assert!(!a.election.lease_snapshot(a.now()).is_news_after(&before));
    store.edit(renewed);
    a.run_until(3.0);
    assert!(a.election.lease_snapshot(a.now()).is_news_after(&before));
}

#[test]
fn before_anything_was_seen_nothing_is_said_of_when() {
    let store = store_held_by("b", 15);
    let mut a = observer(&store);
    let unread = a.election.lease_snapshot(a.now());
    assert_eq!(unread.free_at, None);
    assert_eq!(unread.expires_in(a.now()), None);
    assert_eq!(unread.unchanged_for(a.now()), None);

    a.run_until(4.0);
    let read = a.election.lease_snapshot(a.now());
    assert_eq!(read.expires_in(a.now()), Some(secs(11.0)));
}

#[test]
fn a_lease_is_unchanged_since_its_record_was_first_seen_no_matter_what_else_is_edited() {
    let store = store_held_by("b", 15);
    let mut a = observer(&store);
    a.run_until(4.0);
    store.set_field(&["metadata", "labels", "team"], "blue");
    a.run_until(6.0);
    let unchanged_for = |a: &Candidate| a.election.lease_snapshot(a.now()).unchanged_for(a.now());
    assert_eq!(unchanged_for(&a), Some(secs(6.0)));
    store.edit(renewed);
    a.run_until(9.0);
    assert_eq!(unchanged_for(&a), Some(secs(3.0)));
}

#[test]
fn an_onlooker_goes_on_reading_a_store_that_was_put_back_though_a_watch_stands() {
    let store = store_held_by("b", 15);
    for _ in 0..10 {
        store.edit(renewed);
    }
    let mut a = observer(&store).without_watch();
    a.run_until(1.0);

    a.store = store_held_by("c", 15);
    // One that waits for versions of before, and is silent.
    a.observe(Observation::NotWatching).run_until(4.0);
    a.observe(Observation::Watching).run_until(40.0);

    assert_eq!(a.election.holder(), Some("c"));
    assert!(a.election.watch_from() < Some(ResourceVersion(10)));
}
