//! Only a release lets others in at once: one who deletes or empties the Lease by hand has not
//! asked the holder, which may not have noticed.

use super::harness::*;
use crate::election::{LostReason, Observation};
use crate::lease_record::{Acquisition, LeaseRecord, ResourceVersion};
use crate::lease_store::memory::MemoryStore;

fn emptied(record: &mut LeaseRecord) {
    record.holder.clear();
}

// ---- the leader ------------------------------------------------------------------------------------

#[test]
fn a_deleted_lease_ends_the_term_at_once() {
    let store = MemoryStore::new();
    let mut watching = leader("a", &store);
    watching.hear();
    store.delete();
    watching.hear().assert_lost(LostReason::Deleted);

    let store = MemoryStore::new();
    let mut reading = leader("a", &store);
    store.delete();
    reading.at(2.0).expect("renew").answer();
    reading.expect("read").answer();
    reading.assert_lost(LostReason::Deleted);
}

#[test]
fn an_emptied_holder_ends_the_term_at_once() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.hear();
    store.edit(emptied);
    a.hear().assert_lost(LostReason::Emptied);
}

#[test]
fn one_who_lost_a_deleted_lease_campaigns_for_a_new_one() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let first = a.term();
    a.run_until(1.0);
    store.delete();
    a.run_until(15.9).assert_not_leader();
    a.run_until(16.0).assert_leader();
    assert_ne!(a.term().uid, first.uid);
    assert!(a.term().fencing_token > first.fencing_token);
}

#[test]
fn a_lease_deleted_while_it_is_drained_or_released_is_let_be() {
    for work_has_stopped in [false, true] {
        let store = MemoryStore::new();
        let mut a = leader("a", &store);
        a.at(1.0).stop();
        if work_has_stopped {
            a.drained();
        }
        store.delete();
        a.run_until(50.0);
        assert!(store.get().is_none());
        assert_eq!(
            a.events(),
            ["term 1 lost: stopped", "nobody holds the Lease", "stopped"]
        );
    }
}

// ---- the others ------------------------------------------------------------------------------------

/// Expects a candidate that has seen `b` hold the Lease for 60 seconds, and then `change` at second
/// 10, to acquire it at second `free`.
#[track_caller]
fn assert_free(free: f64, change: impl Fn(&MemoryStore)) {
    for watches in [true, false] {
        let store = store_held_by("b", 60);
        let mut a = candidate("a", &store);
        a.watches = watches;
        a.run_until(10.0);
        change(&store);
        // A poll may see it later by a retry period.
        let late = if watches { 0.0 } else { 2.4 };
        if free > 10.0 {
            a.run_until(free - 0.01).assert_not_leader();
        }
        a.run_until(free + late).assert_leader();
    }
}

#[test]
fn a_release_lets_others_in_at_once() {
    assert_free(10.0, |store| _ = store.put_foreign(released()));
}

#[test]
fn after_a_deletion_others_wait_the_holders_duration() {
    assert_free(70.0, |store| _ = store.delete());
}

#[test]
fn after_the_holder_was_emptied_by_hand_others_wait_its_duration() {
    assert_free(70.0, |store| _ = store.edit(emptied));
}

#[test]
fn a_lease_created_again_without_a_holder_after_a_deletion_shortens_no_wait() {
    for recreated in [LeaseRecord::default(), released()] {
        assert_free(70.0, |store| {
            store.delete();
            store.put_foreign(recreated.clone());
        });
        let store = store_held_by("b", 60);
        let mut a = candidate("a", &store);
        a.run_until(10.0);
        store.delete();
        a.run_until(11.0);
        store.put_foreign(recreated);
        a.run_until(69.9).assert_not_leader();
        a.run_until(70.0).assert_leader();
    }
}

#[test]
fn between_two_reads_there_may_have_been_a_holder_that_nobody_saw() {
    let store = store_with(released());
    let mut a = candidate("a", &store).without_watch();
    a.expect("read").answer();
    a.expect("acquire");
    store.put_foreign(held_by("b", 15));
    store.delete();
    a.answer().expect("read").answer();
    a.run_until(14.9).assert_not_leader();
    a.run_until(15.0).assert_leader();

    let store = store_held_by("b", 3);
    let mut a = candidate("a", &store);
    a.expect("read").answer();
    store.put_foreign(held_by("c", 60));
    store.edit(emptied);
    a.at(2.5).expect("read").answer();
    a.run_until(62.4).assert_not_leader();
    a.run_until(62.5).assert_leader();

    let store = store_held_by("b", 3);
    let mut a = candidate("a", &store).without_watch();
    a.expect("read").answer();
    store.put_foreign(held_by("c", 15));
    store.delete();
    a.at(2.5).expect("read").answer();
    a.run_until(17.4).assert_not_leader();
    a.run_until(17.5).assert_leader();
}

#[test]
fn what_happens_to_a_lease_without_holder_does_not_shorten_the_wait_for_the_last_one() {
    let recreated = |store: &MemoryStore| {
        store.delete();
        store.put_foreign(LeaseRecord::default());
    };
    let deleted = |store: &MemoryStore| assert!(store.delete());
    for later in [recreated, deleted] {
        let store = store_held_by("b", 60);
        let mut a = candidate("a", &store).without_watch();
        a.run_until(10.0);
        store.edit(emptied);
        a.run_until(20.0);
        later(&store);
        a.run_until(69.9).assert_not_leader();
        a.run_until(72.1).assert_leader();
    }
}

#[test]
fn a_watch_that_tells_of_a_deletion_leaves_out_no_holder() {
    let store = store_with(released());
    let mut a = candidate("a", &store);
    a.expect("read").answer().hear();
    store.delete();
    a.run_until(0.0).assert_leader();
}

#[test]
fn before_what_a_watch_tells_with_a_gap_there_may_have_been_a_holder_that_nobody_saw() {
    let store = store_with(released());
    let mut a = candidate("a", &store);
    a.expect("read").answer().hear();
    store.put_foreign(held_by("b", 15));
    store.delete();
    let (version, _) = news(&store, ResourceVersion(1)).pop().unwrap();
    a.observe(Observation::Deleted {
        version,
        complete: false,
    });
    a.hear().run_until(14.9).assert_not_leader();
    a.run_until(15.0).assert_leader();

    let store = store_held_by("b", 60);
    let mut a = candidate("a", &store);
    a.expect("read").answer().hear();
    a.at(50.0);
    store.edit(renewed);
    store.put_foreign(held_by("c", 1));
    a.observe(Observation::Changed {
        lease: stored(&store),
        complete: false,
    });
    a.hear().run_until(109.9).assert_not_leader();
    a.run_until(110.0).assert_leader();
}

#[test]
fn edits_after_the_emptying_neither_shorten_nor_prolong_the_wait() {
    let store = store_held_by("b", 60);
    let mut a = candidate("a", &store);
    a.run_until(10.0);
    store.edit(emptied);
    a.run_until(20.0);
    store.edit(|record| record.transitions = 0);
    a.run_until(30.0);
    store.edit(|record| record.lease_duration_seconds = Some(1));
    a.run_until(69.9).assert_not_leader();
    a.run_until(70.0).assert_leader();
}

#[test]
fn a_holder_of_one_second_that_released_is_not_told_from_one_emptied_by_hand() {
    let store = store_held_by("b", 1);
    let mut a = candidate("a", &store);
    a.run_until(0.5);
    store.put_foreign(released());
    a.run_until(1.4).assert_not_leader();
    a.run_until(1.5).assert_leader();
}

#[test]
fn at_first_sight_a_released_lease_is_free_and_one_emptied_by_hand_is_not() {
    let mut a = candidate("a", &store_with(released()));
    a.run_until(0.0).assert_leader();
    assert_eq!(a.term().acquisition, Acquisition::Released);

    let mut a = candidate("a", &store_held_by("", 60));
    a.run_until(1.0);
    assert_eq!(
        a.why_not_leading(),
        "the Lease has no holder, but its last holder may not have noticed yet: waiting 59.0 s"
    );
    a.run_until(59.9).assert_not_leader();
    a.run_until(60.0).assert_leader();
    assert_eq!(a.term().acquisition, Acquisition::Free);
}

#[test]
fn at_first_sight_only_a_lease_that_was_never_held_is_free_without_a_release() {
    let mut a = candidate("a", &store_with(LeaseRecord::default()));
    a.run_until(0.0).assert_leader();

    let acquired = LeaseRecord {
        renew_time: None,
        ..held_by("", 60)
    };
    let renewed = LeaseRecord {
        acquire_time: None,
        ..held_by("", 60)
    };
    for held in [acquired, renewed] {
        let mut a = candidate("a", &store_with(held));
        a.run_until(59.9).assert_not_leader();
        a.run_until(60.0).assert_leader();
    }
}

#[test]
fn a_creation_that_lands_after_a_holder_was_seen_and_its_lease_deleted_wins_nothing() {
    let store = MemoryStore::new();
    let mut a = candidate("a", &store);
    a.expect("read").answer();
    a.expect("create");
    store.put_foreign(held_by("b", 15));
    a.observe(changed(&store));
    store.delete();
    a.at(2.0).answer().assert_not_leader();
    a.run_until(16.9).assert_not_leader();
    a.run_until(17.0).assert_leader();
}

#[test]
fn a_deletion_older_than_what_is_known_is_ignored() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let version = stored(&store).version;
    a.observe(deletion(version)).assert_leader();
    a.observe(deletion(ResourceVersion(version.0 + 1)));
    a.assert_lost(LostReason::Deleted);
}
