//! client-go's own tests (`leaderelection_test.go`, 0.36), each under its name there.
//!
//! Not here, because it is no matter of the protocol:
//! - Lease I/O and conversion (`TestLeaseSpecToLeaderElectionRecordRoundTrip`, the Lease lock's get,
//!   create and update errors, conversion, nil labels, label update): `lease_store::kubernetes`.
//! - `TestLeaderElectionConfigValidation`: `config`.
//! - `TestCheckMethodRace`, `TestLeaderElectionHealthChecker` (before start, far expired, held by
//!   another, not expired, inside the timeout): the elector's health.
//! - `TestTryCoordinatedRenew`: a Lease with a strategy is led by whom its coordinator names, which
//!   is another protocol. Its two cases are those of the same names here.

use super::harness::*;
use crate::lease_record::LeaseRecord;
use crate::lease_store::memory::MemoryStore;

/// Runs `baz` until `end` on a Lease as it is, expects it to lead with one more transition, and
/// returns what it asked.
fn acquires(store: &MemoryStore, end: f64) -> Vec<&'static str> {
    let before = store.get().map_or(-1, |lease| lease.record.transitions);
    let mut baz = candidate("baz", store);
    baz.run_until(end).assert_leader();
    let record = stored(store).record;
    assert_eq!(record.holder, "baz");
    assert_eq!(record.transitions, before + 1);
    baz.asked()
}

// ---- TestTryAcquireOrRenewLeases -------------------------------------------------------------------

#[test]
fn acquire_from_no_object() {
    assert_eq!(acquires(&MemoryStore::new(), 0.0), ["read", "create"]);
}

#[test]
fn acquire_from_object_without_annotations() {
    let store = store_with(LeaseRecord::default());
    assert_eq!(acquires(&store, 0.0), ["read", "acquire"]);
}

#[test]
fn acquire_from_led_object_with_the_lease_duration_seconds() {
    let store = store_held_by("bing", 3);
    candidate("baz", &store).run_until(2.9).assert_not_leader();
    assert_eq!(acquires(&store, 3.0), ["read", "acquire"]);
}

#[test]
fn acquire_from_unled_object() {
    let store = store_with(LeaseRecord {
        lease_duration_seconds: Some(0),
        ..LeaseRecord::default()
    });
    assert_eq!(acquires(&store, 0.0), ["read", "acquire"]);
}

#[test]
fn acquire_from_led_unacked_object() {
    let store = store_with(LeaseRecord {
        holder: "bing".to_owned(),
        ..LeaseRecord::default()
    });
    assert_eq!(acquires(&store, 15.0), ["read", "acquire"]);
}

#[test]
fn acquire_from_empty_led_acked_object() {
    let store = store_held_by("bing", 15);
    let mut baz = candidate("baz", &store);
    baz.run_until(5.0).assert_not_leader();
    store.put_foreign(released());
    baz.run_until(5.0).assert_leader();
    assert_eq!(stored(&store).record.transitions, 5);
}

#[test]
fn dont_acquire_from_led_acked_object() {
    let store = store_held_by("bing", 15);
    let mut baz = candidate("baz", &store);
    baz.run_until(14.9).assert_not_leader();
    assert_eq!(baz.asked(), ["read"]);
    assert_eq!(stored(&store).record, held_by("bing", 15));
    assert_eq!(baz.events(), ["bing holds the Lease"]);
}

#[test]
fn renew_already_acquired_object() {
    let store = store_held_by("bing", 15);
    store.put_foreign(released());
    let mut baz = leader("baz", &store);
    let acquired = stored(&store).record;
    baz.run_until(3.0).assert_leader();
    assert_eq!(baz.asked(), ["renew"]);

    let renewed = stored(&store).record;
    assert!(renewed.renew_time > acquired.renew_time);
    let renew_time = acquired.renew_time;
    assert_eq!(
        LeaseRecord {
            renew_time,
            ..renewed
        },
        acquired
    );
}

// ---- TestReleaseLeaseLeases, TestReleaseMethodCallsGet, TestReleaseOnCancellation_Leases -----------

#[test]
fn release_acquired_lock_from_no_object() {
    let store = MemoryStore::new();
    let mut baz = leader("baz", &store);
    baz.at(1.0).stop().drained();
    baz.expect("release").answer();
    let record = stored(&store).record;
    assert_eq!(record.holder, "");
    assert_eq!(record.lease_duration_seconds, Some(1));
    assert_eq!(record.transitions, 0);
    assert_eq!(baz.role().name(), "stopped");
}

#[test]
fn release_when_the_object_has_gone_creates_none() {
    let store = MemoryStore::new();
    let mut baz = leader("baz", &store);
    store.delete();
    baz.at(1.0).stop().drained();
    baz.expect("release").answer();
    baz.expect("read").answer();
    assert!(store.get().is_none());
    assert_eq!(baz.role().name(), "stopped");
}

#[test]
fn release_acquired_lock_on_cancellation_of_update() {
    let store = MemoryStore::new();
    let mut baz = leader("baz", &store);
    baz.at(2.0).expect("renew").stop().drained();
    baz.expect_nothing_due().at(2.1).answer();
    baz.expect("release").answer();
    assert_eq!(stored(&store).record.holder, "");
}

#[test]
fn release_acquired_lock_on_cancellation_of_get() {
    let store = MemoryStore::new();
    let mut baz = leader("baz", &store);
    store.set_field(&["metadata", "labels", "team"], "blue");
    baz.at(2.0).expect("renew").answer();
    baz.expect("read").stop().drained();
    baz.expect_nothing_due().at(2.1).answer();
    baz.expect("release").answer();
    assert_eq!(stored(&store).record.holder, "");
}

#[test]
fn release_re_reads_and_retries_on_conflict() {
    let store = MemoryStore::new();
    let mut baz = leader("baz", &store).without_watch();
    store.set_field(&["metadata", "labels", "team"], "blue");
    baz.at(1.0).stop().drained().run_until(1.0);
    assert_eq!(baz.asked(), ["release", "read", "release"]);
    let lease = stored(&store);
    assert_eq!(lease.record.holder, "");
    assert_eq!(lease.object.unwrap()["metadata"]["labels"]["team"], "blue");
}

// ---- TestFastPathLeaderElection --------------------------------------------------------------------

#[test]
fn exercise_fast_path_after_lock_acquired() {
    let mut baz = candidate("baz", &MemoryStore::new());
    baz.run_until(5.0).assert_leader();
    assert_eq!(baz.asked(), ["read", "create", "renew", "renew"]);
}

#[test]
fn fallback_to_slow_path_after_fast_path_fails() {
    let store = MemoryStore::new();
    let mut baz = candidate("baz", &store).without_watch();
    baz.run_until(3.0);
    store.set_field(&["metadata", "labels", "team"], "blue");
    baz.run_until(7.0).assert_leader();
    assert_eq!(
        baz.asked(),
        ["read", "create", "renew", "renew", "read", "renew", "renew"]
    );
    assert_eq!(baz.terms(), ["term 1 acquired"]);
}
