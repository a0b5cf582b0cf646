//! When the Lease of another holder is free: by local observation of the record's changes alone.

use super::harness::*;
use crate::clock::WallTime;
use crate::election::Observation;
use crate::lease_record::LeaseRecord;
use crate::lease_store::memory::MemoryStore;

#[test]
fn the_first_sight_of_a_record_waits_a_full_duration_however_old_its_renew_time() {
    let mut record = held_by("b", 15);
    record.renew_time = Some(WallTime::from_micros(0));
    let mut a = candidate("a", &store_with(record));
    a.run_until(14.9).assert_not_leader();
    a.run_until(15.0).assert_leader();
}

#[test]
fn a_follower_waits_the_duration_in_the_record_not_its_own() {
    for duration in [3, 60] {
        let mut a = candidate("a", &store_held_by("b", duration));
        let end = f64::from(duration);
        a.run_until(end - 0.1).assert_not_leader();
        a.run_until(end).assert_leader();
    }
}

#[test]
fn a_record_that_names_no_duration_is_given_the_candidates_own() {
    for duration in [None, Some(0), Some(-1)] {
        let mut record = held_by("b", 15);
        record.lease_duration_seconds = duration;
        let mut a = candidate("a", &store_with(record));
        a.run_until(14.9).assert_not_leader();
        a.run_until(15.0).assert_leader();
    }
}

#[test]
fn each_renewal_starts_the_wait_again() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(14.0);
    store.edit(renewed);
    a.run_until(28.9).assert_not_leader();
    a.run_until(29.0).assert_leader();
}

#[test]
fn an_intruder_does_not_end_the_wait_for_the_holder_before() {
    let store = store_held_by("b", 60);
    let mut a = candidate("a", &store);
    a.run_until(10.0);
    store.put_foreign(held_by("c", 3));
    a.run_until(12.0);
    store.edit(renewed);
    a.run_until(14.0);
    store.edit(|record| record.lease_duration_seconds = Some(2));
    a.run_until(59.9).assert_not_leader();
    a.run_until(60.0).assert_leader();
}

#[test]
fn a_lease_that_an_intruder_has_lost_again_is_still_waited_for() {
    let lost: [fn(&MemoryStore); 3] = [
        |store| _ = store.edit(|record| record.holder.clear()),
        |store| _ = store.put_foreign(released()),
        |store| _ = store.delete(),
    ];
    for lost in lost {
        let store = store_held_by("b", 60);
        let mut a = candidate("a", &store);
        a.run_until(10.0);
        store.put_foreign(held_by("c", 3));
        a.run_until(12.0);
        lost(&store);
        a.run_until(59.9).assert_not_leader();
        a.run_until(60.0).assert_leader();
    }
}

#[test]
fn a_shorter_duration_under_the_holders_name_does_not_end_the_wait_for_the_longer_one() {
    let store = store_held_by("b", 60);
    let mut a = candidate("a", &store);
    a.run_until(10.0);
    store.put_foreign(LeaseRecord {
        acquire_time: None,
        ..held_by("b", 3)
    });
    a.run_until(11.0);
    store.put_foreign(released());
    a.run_until(59.9).assert_not_leader();
    a.run_until(60.0).assert_leader();
}

#[test]
fn a_break_in_that_was_released_before_anybody_saw_it_is_still_waited_for() {
    let store = store_held_by("b", 60);
    let mut a = candidate("a", &store).without_watch();
    a.run_until(10.0);
    let transitions = stored(&store).record.transitions + 1;
    store.put_foreign(LeaseRecord {
        transitions,
        ..released()
    });
    // Since the release was seen, at the next poll.
    a.run_until(70.0).assert_not_leader();
    a.run_until(73.0).assert_leader();
}

#[test]
fn a_holder_that_was_broken_in_upon_may_have_renewed_between_two_polls() {
    let store = store_held_by("b", 60);
    let mut a = candidate("a", &store).without_watch();
    a.run_until(10.0);
    store.edit(renewed);
    store.put_foreign(held_by("c", 3));
    a.asked();
    a.run_until(13.0);
    assert!(!a.asked().is_empty(), "it has seen c");
    store.put_foreign(released());
    a.run_until(70.0).assert_not_leader();
    a.run_until(75.0).assert_leader();
}

#[test]
fn reading_an_unchanged_record_again_resets_nothing() {
    let mut a = candidate("a", &store_held_by("b", 15)).without_watch();
    a.run_until(14.9);
    assert!(a.asked().len() > 5);
    a.run_until(15.0).assert_leader();
}

#[test]
fn a_watch_that_reconnects_on_an_unchanged_record_resets_nothing() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(10.0);
    a.observe(Observation::NotWatching);
    a.observe(Observation::Watching);
    a.observe(changed(&store));
    a.run_until(15.0).assert_leader();
}

#[test]
fn a_change_outside_the_record_resets_nothing() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(10.0);
    store.set_field(&["metadata", "labels", "team"], "blue");
    a.run_until(15.0).assert_leader();
    assert_eq!(a.asked(), ["read", "acquire"]);
}

#[test]
fn a_lease_created_again_with_the_same_record_starts_the_wait_again() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store).without_watch();
    a.run_until(10.0);
    store.delete();
    store.put_foreign(held_by("b", 15));
    a.run_until(24.9).assert_not_leader();
}

#[test]
fn the_attempt_is_sent_the_moment_the_lease_expires_not_at_the_next_poll() {
    let mut a = candidate("a", &store_held_by("b", 15)).without_watch();
    a.run_until(14.99);
    a.asked();
    a.run_until(15.0).assert_leader();
    assert_eq!(a.asked(), ["acquire"]);
}

#[test]
fn an_attempt_on_a_record_that_has_changed_unseen_fails_and_waits_again() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(1.0);
    store.edit(renewed);
    // The watch hangs: it tells nothing, and does not end.
    a.watches = false;
    a.run_until(29.9).assert_not_leader();
    assert_eq!(a.asked(), ["read", "acquire", "read"]);
    assert_eq!(stored(&store).record.holder, "b");
    // Since it read, after it had waited for the watch in vain.
    a.run_until(30.2).assert_not_leader();
    a.run_until(30.25).assert_leader();
}

#[test]
fn a_duration_shortened_by_hand_does_not_shorten_what_the_holder_believes() {
    let store = store_held_by("b", 60);
    let mut a = candidate("a", &store);
    a.run_until(10.0);
    store.edit(|record| record.lease_duration_seconds = Some(1));
    a.run_until(59.9).assert_not_leader();
    a.run_until(60.0).assert_leader();
}

#[test]
fn a_duration_lengthened_by_hand_counts_from_the_edit() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(10.0);
    store.edit(|record| record.lease_duration_seconds = Some(60));
    a.run_until(69.9).assert_not_leader();
    a.run_until(70.0).assert_leader();
}

#[test]
fn a_duration_lengthened_by_hand_is_put_right_by_the_holders_next_renewal() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(10.0);
    store.edit(|record| record.lease_duration_seconds = Some(1_000_000));
    a.run_until(11.0);
    store.edit(|record| {
        record.lease_duration_seconds = Some(15);
        renewed(record);
    });
    a.run_until(25.9).assert_not_leader();
    a.run_until(26.0).assert_leader();
}

#[test]
fn the_longest_duration_that_a_record_can_name_is_waited_out() {
    let mut a = candidate("a", &store_held_by("b", i32::MAX));
    a.run_until(1.0);
    assert_eq!(a.next_timeout(), Some(f64::from(i32::MAX)));
}

#[test]
fn the_status_says_who_holds_the_lease_and_for_how_long_if_that_is_very_long() {
    let mut a = candidate("a", &store_held_by("b", 15));
    a.run_until(1.0);
    assert_eq!(a.why_not_leading(), "`b` holds the Lease");

    let mut a = candidate("a", &store_held_by("b", 3_600));
    a.run_until(1.0);
    assert_eq!(
        a.why_not_leading(),
        "`b` holds the Lease; if it crashes, others wait 3600.0 s, its own lease duration \
         (ours is 15.0 s)"
    );
    let snapshot = a.election.lease_snapshot(a.now());
    assert_eq!(snapshot.free_at, Some(instant(3_600.0)));
    let record = a.election.record_age_and_duration(a.now());
    assert_eq!(record, Some((secs(1.0), secs(3_600.0))));
}

#[test]
fn a_lease_that_nobody_ever_held_is_acquired_at_once() {
    let mut a = candidate("a", &MemoryStore::new());
    a.run_until(0.0).assert_leader();
}
