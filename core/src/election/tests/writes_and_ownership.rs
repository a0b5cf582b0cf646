//! Every write is conditional and new; a record is ours only if this election wrote it.

use super::harness::*;
use crate::election::{LostReason, Operation, Reply};
use crate::error::ErrorKind;
use crate::lease_record::{LeaseRecord, StoredLease};
use crate::lease_store::memory::MemoryStore;

// ---- what is written -------------------------------------------------------------------------------

#[test]
fn a_write_replaces_the_version_and_the_object_that_were_seen() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let lease = stored(&store);
    match a.at(2.0).expect("renew").request().operation {
        Operation::Replace { seen, .. } => {
            assert_eq!((seen.version, seen.uid), (lease.version, lease.uid));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lease_created_again_is_not_overwritten() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    store.delete();
    store.put_foreign(held_by("b", 15));
    a.at(2.0).expect("renew").answer();
    a.expect("read").answer();
    a.assert_lost(LostReason::Superseded);
    assert_eq!(stored(&store).record, held_by("b", 15));
}

#[test]
fn a_renewal_changes_the_renew_time_alone() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let acquired = stored(&store).record;
    let renewal = a.at(2.0).expect("renew").written();
    assert_eq!(renewal.renew_time, Some(a.wall()));
    let renew_time = acquired.renew_time;
    assert_eq!(
        LeaseRecord {
            renew_time,
            ..renewal
        },
        acquired
    );
}

#[test]
fn renew_times_grow_though_the_wall_clock_goes_back() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let mut last = stored(&store).record.renew_time.unwrap();
    a.set_wall_ahead(-3_600);
    for renewal in 1..4 {
        a.at(f64::from(renewal) * 2.0).expect("renew").answer();
        let renew_time = stored(&store).record.renew_time.unwrap();
        assert_eq!(renew_time.as_micros(), last.as_micros() + 1);
        last = renew_time;
    }
}

#[test]
fn fields_of_others_are_kept() {
    let store = store_with(held_by("b", 15));
    store.set_field(&["metadata", "annotations", "note"], "keep");
    store.set_field(&["spec", "preferredHolder"], "b");
    let mut a = candidate("a", &store);
    a.run_until(18.0).assert_leader();
    a.stop().drained().run_until(18.0);
    let object = stored(&store).object.unwrap();
    assert_eq!(object["metadata"]["annotations"]["note"], "keep");
    assert_eq!(object["spec"]["preferredHolder"], "b");
}

// ---- the outcome of a write ------------------------------------------------------------------------

#[test]
fn a_success_without_a_new_version_extends_nothing() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let unchanged = stored(&store);
    a.at(2.0)
        .expect("renew")
        .reply(Reply::Written(Ok(unchanged)));
    assert_eq!(a.leader_until(), 10.0);
    assert_eq!(a.events(), ["failing: Unavailable"]);
    a.at(5.0).expect("read");
}

#[test]
fn a_creation_without_a_new_version_wins_nothing() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(1.0);
    store.delete();
    a.run_until(15.9).at(16.0).expect("create");
    let created = StoredLease {
        record: a.written(),
        version: a.election.watch_from().unwrap(),
        uid: "new".to_owned(),
        object: None,
    };
    a.reply(Reply::Written(Ok(created))).assert_not_leader();
}

#[test]
fn a_success_that_answers_with_another_record_wins_nothing() {
    let store = MemoryStore::new();
    let mut a = candidate("a", &store);
    a.expect("read").answer();
    a.expect("create").land();
    let mut rewritten = stored(&store);
    rewritten.record.holder = "b".to_owned();
    a.reply(Reply::Written(Ok(rewritten))).assert_not_leader();
    a.expect("read");
}

#[test]
fn a_timed_out_write_that_took_effect_counts_from_when_it_was_sent() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(2.0).expect("renew").land().at(4.5).time_out();
    assert_eq!(a.leader_until(), 10.0);
    a.expect("read").at(4.6).answer();
    assert_eq!(a.leader_until(), 12.0);
    assert!(a.terms().is_empty());
}

#[test]
fn a_timed_out_acquisition_that_took_effect_wins_from_when_it_was_sent() {
    let store = MemoryStore::new();
    let mut a = candidate("a", &store);
    a.expect("read").answer();
    a.expect("create").land().at(2.5).time_out();
    a.assert_not_leader().expect("read").answer();
    assert_eq!(a.leader_until(), 10.0);
    assert_eq!(a.term().fencing_token, stored(&store).version);
}

#[test]
fn a_timed_out_write_without_effect_extends_nothing_and_is_sent_again_at_once() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(2.0).expect("renew").at(4.5).time_out();
    a.expect("read").answer();
    assert_eq!(a.leader_until(), 10.0);
    a.expect("renew").answer();
    assert_eq!(a.leader_until(), 14.5);
}

#[test]
fn a_conflict_means_a_look_at_what_is_stored_and_may_have_been_our_own_write() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    // A proxy sends it twice: the first takes effect, the second is refused.
    a.at(2.0).expect("renew").land().land().answer();
    assert_eq!(a.leader_until(), 10.0);
    a.expect("read").answer();
    assert_eq!(a.leader_until(), 12.0);
}

#[test]
fn a_write_given_up_long_ago_still_counts_from_when_it_was_sent() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let late = a.at(2.0).expect("renew").request();
    a.at(4.5).time_out();
    a.expect("read").answer();
    a.expect("renew").land_late(late).answer();
    assert_eq!(a.leader_until(), 10.0);
    a.expect("read").at(5.0).answer();
    assert_eq!(a.leader_until(), 12.0);
    assert!(a.terms().is_empty());
}

#[test]
fn writes_given_up_are_forgotten_in_the_end() {
    let mut a = candidate("a", &MemoryStore::new());
    for attempt in 0..1_000 {
        a.at(f64::from(attempt) * 10.0).expect("read").answer();
        a.expect("create").time_out();
    }
    assert!(a.election.writes.remembered() <= 100);
}

// ---- ours or not -----------------------------------------------------------------------------------

#[test]
fn a_read_that_shows_our_own_record_extends_nothing() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    store.set_field(&["metadata", "labels", "team"], "blue");
    a.at(2.0).expect("renew").answer();
    a.at(3.0).expect("read").answer();
    assert_eq!(a.leader_until(), 10.0);
    a.expect("renew").answer();
    assert_eq!(a.leader_until(), 13.0);
}

#[test]
fn a_watch_that_tells_of_our_own_write_neither_wins_nor_extends() {
    let store = MemoryStore::new();
    let mut a = candidate("a", &store);
    a.expect("read").answer();
    a.expect("create").land();
    a.observe(changed(&store)).assert_not_leader();
    a.answer().assert_leader();

    a.at(2.0).expect("renew").land();
    a.observe(changed(&store));
    assert_eq!(a.leader_until(), 10.0);
    a.answer();
    assert_eq!(a.leader_until(), 12.0);
}

#[test]
fn our_record_with_other_fields_edited_is_still_ours() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    store.edit(|record| record.transitions = 9);
    store.edit(|record| record.lease_duration_seconds = Some(5));
    store.set_field(&["metadata", "labels", "team"], "blue");
    a.run_until(3.0).assert_leader();
    assert_eq!(stored(&store).record.transitions, 9);
    assert_eq!(stored(&store).record.lease_duration_seconds, Some(15));
}

#[test]
fn our_name_in_the_record_does_not_make_it_ours() {
    let stolen: [fn(&mut LeaseRecord); 2] = [renewed, |record| record.acquire_time = None];
    for edit in stolen {
        let store = MemoryStore::new();
        let mut a = leader("a", &store);
        a.hear();
        store.edit(edit);
        a.hear().assert_lost(LostReason::IdentityConflict);
        a.run_until(14.9).assert_not_leader();
        a.run_until(15.0).assert_leader();
    }
}

#[test]
fn a_success_overtaken_by_a_later_holder_wins_nothing() {
    let store = MemoryStore::new();
    let mut a = candidate("a", &store);
    a.expect("read").answer();
    a.expect("create").land();
    store.put_foreign(held_by("b", 15));
    a.observe(changed(&store));
    a.answer().assert_not_leader();
    a.expect("read").answer().assert_not_leader();
    assert_eq!(a.events(), ["b holds the Lease"]);
}

#[test]
fn a_success_overtaken_by_a_harmless_edit_counts_once_that_was_read() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(2.0).expect("renew").land();
    store.set_field(&["metadata", "labels", "team"], "blue");
    a.observe(changed(&store)).answer();
    assert_eq!(a.leader_until(), 10.0);
    a.expect("read").answer();
    assert_eq!(a.leader_until(), 12.0);
}

#[test]
fn a_late_answer_to_another_request_is_not_taken_for_this_ones() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(2.0).expect("renew").land();
    let late = Reply::Written(Ok(stored(&store)));
    a.at(4.5).fail(ErrorKind::TimedOut);
    a.expect("read").answer();
    a.expect("renew").reply(late);
    assert_eq!(a.leader_until(), 12.0);
}
