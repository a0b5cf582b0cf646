//! A clock that cannot be trusted, and one that jumps.

use std::time::Duration;

use super::harness::*;
use crate::clock::Instant;
use crate::election::{LostReason, Observation, Role, Settings};
use crate::error::ErrorKind;
use crate::lease_record::LeaseRecord;
use crate::lease_store::memory::MemoryStore;

/// So long after another boot, which is before all that was: tests start at second 1,000.
fn booted(seconds: u64) -> Instant {
    Instant::from_nanos(seconds * 1_000_000_000)
}

#[test]
fn a_clock_that_goes_back_ends_the_term() {
    let mut a = leader("a", &MemoryStore::new());
    a.at(5.0).at(4.999).assert_lost(LostReason::ClockFault);
}

#[test]
fn a_clock_of_another_boot_ends_the_term() {
    let mut a = leader("a", &MemoryStore::new());
    a.at(5.0);
    a.election.handle_clock_fault(instant(6.0));
    a.at(6.0).assert_lost(LostReason::ClockFault);
}

#[test]
fn after_a_clock_fault_what_is_stored_counts_as_seen_for_the_first_time() {
    let mut a = candidate("a", &store_held_by("b", 15));
    a.run_until(10.0).asked();
    a.at(9.0).expect("read").answer();
    a.run_until(23.9).assert_not_leader();
    a.run_until(24.0).assert_leader();
}

#[test]
fn after_a_clock_fault_a_holder_that_was_seen_is_waited_for_though_its_lease_is_gone() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(10.0).asked();
    store.delete();
    a.at(9.0).expect("read").answer();
    a.run_until(23.9).assert_not_leader();
    a.run_until(24.0).assert_leader();
}

#[test]
fn after_a_clock_fault_others_are_waited_for_though_this_candidate_led_and_its_lease_is_gone() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.run_until(10.0).asked();
    store.delete();
    a.at_instant(booted(2));
    a.expect("read").answer();
    let acquires = a.election.poll_timeout().unwrap();
    assert!(acquires >= booted(17), "{acquires:?}");
    a.at_instant(acquires).assert_not_leader();
    a.expect("create").answer().assert_leader();
}

#[test]
fn after_a_clock_fault_no_work_goes_on_by_the_old_clock() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.works_on().at(11.0).assert_lost(LostReason::Expired);
    assert!(a.election.work_until() > a.now());
    a.at_instant(booted(2));
    assert!(a.election.work_until() <= booted(2));
}

#[test]
fn after_a_clock_fault_no_earlier_write_entitles_to_lead() {
    let store = MemoryStore::new();
    let mut confirmed = leader("a", &store);
    confirmed.at_instant(booted(2));
    confirmed.expect("read").answer().assert_not_leader();
    confirmed.expect("acquire").answer().assert_leader();

    let store = MemoryStore::new();
    let mut under_way = leader("a", &store);
    under_way.at(2.0).expect("renew").at_instant(booted(2));
    under_way.answer().assert_not_leader();
    under_way.expect("acquire").answer().assert_leader();
    assert_eq!(
        under_way.terms(),
        ["term 1 lost: clock_fault", "term 2 acquired"]
    );

    let store = MemoryStore::new();
    let mut given_up = leader("a", &store);
    given_up.at(2.0).expect("renew").land().at(4.5).time_out();
    given_up.at_instant(booted(2));
    given_up.expect("read").answer().assert_not_leader();
    given_up.expect("acquire").answer().assert_leader();
}

#[test]
fn after_a_clock_fault_nothing_waits_for_an_instant_of_the_old_clock() {
    let mut a = candidate("a", &MemoryStore::new());
    a.expect("read")
        .at_instant(booted(2))
        .fail(ErrorKind::Unavailable);
    let retry = a.election.poll_timeout().unwrap();
    assert!(retry <= booted(2) + secs(2.4));
    a.at_instant(retry).expect("read").answer();
    a.expect("create").answer().assert_leader();
}

#[test]
fn after_a_clock_fault_polling_goes_on() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(2.0).expect("renew").at_instant(booted(2));
    a.answer().expect("acquire").answer().assert_leader();
    store.put_foreign(held_by("b", 60));
    a.observe(changed(&store)).assert_not_leader();
    a.observe(Observation::NotWatching).expect("read");
}

#[test]
fn a_clock_fault_makes_no_older_version_credible() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    let old = changed(&store);
    a.run_until(10.0);
    store.put_foreign(held_by("c", 15));
    a.run_until(11.0).events();
    a.at(10.0).observe(old);
    a.expect("read").answer();
    assert!(a.events().is_empty());
}

#[test]
fn a_clock_fault_leaves_what_was_drained_or_released_to_expire() {
    for work_has_stopped in [false, true] {
        let store = MemoryStore::new();
        let mut a = leader("a", &store);
        a.at(1.0).stop();
        if work_has_stopped {
            a.drained();
        }
        a.at(0.5).expect_nothing_due();
        assert_eq!(a.role(), Role::Stopped);
        assert_eq!(stored(&store).record.holder, "a");
    }
}

#[test]
fn a_clock_fault_ends_the_search_for_what_may_have_been_won() {
    let store = MemoryStore::new();
    let mut a = candidate("a", &store);
    a.expect("read").answer();
    a.expect("create").stop().at(2.5).time_out();
    assert_eq!(a.role(), Role::Releasing);
    a.at_instant(booted(2));
    assert_eq!(a.role(), Role::Stopped);
}

#[test]
fn a_machine_that_slept_through_everything_starts_over() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(2.0).expect("renew").land();
    a.at(1e9).assert_lost(LostReason::Expired);
    a.time_out().run_until(1e9).assert_leader();
}

#[test]
fn the_longest_settings_overflow_nothing() {
    let century = Duration::from_secs(100 * 365 * 24 * 3_600);
    let settings = Settings {
        lease_duration: century,
        renew_deadline: century / 2,
        retry_period: century / 4,
        drain_timeout: Duration::MAX,
        ..settings()
    };
    let store = MemoryStore::new();
    store.put_foreign(LeaseRecord {
        transitions: i32::MAX,
        ..released()
    });
    let mut a = candidate_with(&store, settings);
    a.set_wall_ahead(i64::MAX).run_until(0.0).assert_leader();
    assert_eq!(stored(&store).record.lease_duration_seconds, Some(i32::MAX));
    a.step_down();
    a.run_until(1.0);
    assert_eq!(a.role(), Role::Draining);
    a.drained().expect("release");
}
