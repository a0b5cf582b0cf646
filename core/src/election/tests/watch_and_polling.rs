//! Standbys watch; where there is no watch they poll.

use super::harness::*;
use crate::election::{LostReason, Observation};
use crate::lease_record::{ResourceVersion, StoredLease};
use crate::lease_store::memory::MemoryStore;

#[test]
fn a_standby_that_watches_reads_once_and_asks_nothing_more() {
    let store = store_held_by("b", 3_600);
    let mut a = candidate("a", &store);
    a.run_until(3_000.0);
    assert_eq!(a.asked(), ["read"]);
    assert_eq!(a.next_timeout(), Some(3_600.0));
}

#[test]
fn a_standby_that_cannot_watch_polls_every_retry_period() {
    let mut a = candidate("a", &store_held_by("b", 3_600)).without_watch();
    a.run_until(1_000.0);
    let reads = a.asked().len();
    assert!((417..=501).contains(&reads), "2.0 to 2.4 s apart: {reads}");
}

#[test]
fn polls_are_jittered() {
    let mut a = candidate("a", &store_held_by("b", 3_600));
    let mut waits = Vec::new();
    for _ in 0..20 {
        a.expect("read").answer();
        let next = a.election.poll_timeout().unwrap();
        waits.push(next.since(a.now()));
        a.at_instant(next);
    }
    waits.sort();
    waits.dedup();
    assert_eq!(waits.len(), 20);
}

#[test]
fn a_watch_that_ends_is_made_up_for_by_a_read_at_once() {
    let store = store_held_by("b", 60);
    let mut a = candidate("a", &store);
    a.run_until(30.0).asked();
    a.observe(Observation::NotWatching);
    a.expect("read").answer();
    // A watch that ends again and again does not make it read more than polling would.
    a.observe(Observation::Watching);
    a.observe(Observation::NotWatching).expect_nothing_due();
}

#[test]
fn a_watch_may_start_from_what_was_read_and_resume_from_what_it_told() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    assert_eq!(a.election.watch_from(), None);
    a.run_until(0.0);
    assert_eq!(a.election.watch_from(), Some(stored(&store).version));
    store.edit(renewed);
    a.hear();
    assert_eq!(a.election.watch_from(), Some(stored(&store).version));
    store.delete();
    a.hear();
    assert_eq!(a.election.watch_from(), Some(ResourceVersion(3)));
}

#[test]
fn another_holder_in_the_watch_ends_the_term_at_once() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    store.put_foreign(held_by("b", 15));
    a.observe(changed(&store))
        .assert_lost(LostReason::Superseded);
}

#[test]
fn a_watch_that_lags_behind_our_last_write_is_ignored() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    let behind = stored(&store);
    a.run_until(15.0).assert_leader();
    a.observe(change(behind)).assert_leader();
    let level = StoredLease {
        record: held_by("c", 15),
        ..stored(&store)
    };
    a.observe(change(level)).assert_leader();
    a.run_until(20.0).assert_leader();
    assert_eq!(a.terms(), ["term 1 acquired"]);
}

#[test]
fn a_change_of_holder_is_told_once() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(1.0);
    store.edit(renewed);
    a.run_until(2.0);
    store.edit(|record| record.holder = "c".to_owned());
    a.run_until(3.0);
    store.put_foreign(released());
    a.run_until(16.0);
    assert_eq!(
        a.events(),
        [
            "b holds the Lease",
            "c holds the Lease",
            "nobody holds the Lease",
            "term 1 acquired",
            "a holds the Lease",
        ]
    );
}
