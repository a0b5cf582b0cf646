//! Work stops first, the Lease is released after.

use std::time::Duration;

use super::harness::*;
use crate::clock::WallTime;
use crate::election::{LostReason, Role, Settings};
use crate::error::ErrorKind;
use crate::lease_record::{LeaseRecord, StoredLease};
use crate::lease_store::memory::MemoryStore;

// ---- how long work may go on ------------------------------------------------------------------------

#[test]
fn work_that_stops_in_order_has_the_drain_limit_while_the_lease_is_renewed() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).stop_within(Some(Duration::from_secs(20)));
    assert_eq!(a.work_until(), 15.0, "nothing is renewed yet");
    a.run_until(8.0);
    assert_eq!(a.work_until(), 21.0);
}

#[test]
fn work_that_stops_in_order_has_until_the_lease_expires_if_it_cannot_be_renewed() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).stop().at(9.0).expect("renew");
    a.at(10.0).time_out();
    assert_eq!(a.role(), Role::Stopped);
    assert_eq!(a.work_until(), 15.0);
}

#[test]
fn the_work_of_an_expired_term_has_until_the_lease_expires() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.works_on().at(12.0).assert_lost(LostReason::Expired);
    assert_eq!(a.work_until(), 15.0);
}

#[test]
fn work_has_no_time_left_once_somebody_else_has_written() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    assert!(store.delete());
    a.at(1.0).hear().assert_lost(LostReason::Deleted);
    assert_eq!(a.work_until(), 1.0);
}

// ---- the work stops --------------------------------------------------------------------------------

#[test]
fn the_answer_is_false_at_once_and_renewal_goes_on_until_the_work_has_stopped() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).stop().assert_not_leader();
    assert_eq!(a.events(), ["term 1 lost: stopped"]);
    assert_eq!(a.role(), Role::Draining);
    a.run_until(25.0);
    assert_eq!(a.asked(), ["renew"; 12]);
    a.drained().run_until(25.0);
    assert_eq!(a.asked(), ["release"]);
    assert_eq!(a.events(), ["nobody holds the Lease", "stopped"]);
}

#[test]
fn work_that_does_not_stop_in_time_leaves_the_lease_to_expire() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let mut b = candidate("b", &store);
    run(&mut [&mut a, &mut b], 1.0);
    a.stop();
    run(&mut [&mut a, &mut b], 31.0);
    assert_eq!(a.role(), Role::Stopped);
    assert_eq!(
        a.events(),
        ["term 1 lost: stopped", "term 1 left to expire", "stopped"]
    );
    a.drained();
    run(&mut [&mut a, &mut b], 44.9);
    assert_eq!(stored(&store).record.holder, "a");
    run(&mut [&mut a, &mut b], 45.0);
    b.assert_leader();
}

#[test]
fn a_stop_may_give_the_work_another_limit() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).stop_within(Some(Duration::from_secs(5)));
    a.run_until(5.9);
    assert_eq!(a.role(), Role::Draining);
    a.run_until(6.0);
    assert_eq!(a.role(), Role::Stopped);
}

#[test]
fn a_second_stop_may_hasten_the_first_and_never_slows_it_down() {
    for (limit, stopped_at) in [(60, 31.0), (5, 7.0)] {
        let store = MemoryStore::new();
        let mut a = leader("a", &store);
        a.at(1.0).stop();
        a.at(2.0).stop_within(Some(Duration::from_secs(limit)));
        a.run_until(stopped_at - 0.1);
        assert_eq!(a.role(), Role::Draining);
        a.run_until(stopped_at);
        assert_eq!(a.role(), Role::Stopped);
    }
}

#[test]
fn a_lease_that_can_no_longer_be_renewed_ends_the_draining() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).stop().at(9.0).expect("renew");
    assert_eq!(a.next_timeout(), Some(10.0));
    a.at(10.0).time_out();
    assert_eq!(a.role(), Role::Stopped);
    a.drained().expect_nothing_due();
    assert_eq!(stored(&store).record.holder, "a");
}

#[test]
fn the_work_of_an_earlier_term_must_have_stopped_too() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.works_on().at(10.0).run_until(40.0).assert_leader();
    assert_eq!(a.term().number, 2);
    a.stop().drained();
    a.at(41.0).expect_nothing_due();
    a.drained().expect("release");
}

#[test]
fn a_lease_taken_over_while_draining_is_left_alone_and_the_term_is_not_lost_twice() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).stop();
    store.put_foreign(held_by("b", 15));
    a.run_until(1.5).drained().run_until(5.0);
    assert_eq!(a.terms(), ["term 1 lost: stopped"]);
    assert_eq!(a.role(), Role::Stopped);
    assert_eq!(stored(&store).record, held_by("b", 15));
}

// ---- the release -----------------------------------------------------------------------------------

#[test]
fn a_release_empties_the_holder_with_a_duration_of_one_second_and_keeps_the_transitions() {
    let store = store_with(LeaseRecord {
        transitions: 7,
        ..released()
    });
    let mut a = leader("a", &store);
    a.at(1.0).stop().drained();
    let now = Some(a.wall());
    assert_eq!(
        a.expect("release").written(),
        LeaseRecord {
            holder: String::new(),
            lease_duration_seconds: Some(1),
            acquire_time: now,
            renew_time: now,
            transitions: 8,
            ..LeaseRecord::default()
        }
    );
}

#[test]
fn a_standby_takes_over_the_moment_the_lease_is_released() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let mut b = candidate("b", &store);
    run(&mut [&mut a, &mut b], 1.0);
    a.stop().drained();
    run(&mut [&mut a, &mut b], 1.0);
    b.assert_leader();
}

#[test]
fn a_release_that_took_effect_unanswered_is_found_out() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).stop().drained();
    a.expect("release").land().at(3.5).time_out();
    a.expect("read").answer();
    assert_eq!(a.role(), Role::Stopped);
}

#[test]
fn a_release_without_effect_is_sent_again() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).stop().drained();
    a.expect("release").at(3.5).time_out();
    a.expect("read").answer();
    a.expect("release").answer();
    assert_eq!(a.role(), Role::Stopped);
    assert!(!stored(&store).record.is_held());
}

#[test]
fn a_release_after_another_has_taken_over_is_dropped() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).stop().drained();
    a.expect("release").land();
    store.put_foreign(held_by("b", 15));
    a.at(3.5).time_out().expect("read").answer();
    assert_eq!(a.role(), Role::Stopped);
    assert_eq!(stored(&store).record, held_by("b", 15));
}

#[test]
fn a_release_is_given_up_when_the_lease_has_expired() {
    let mut a = leader("a", &MemoryStore::new());
    a.at(1.0).stop().drained();
    a.expect("release").fail(ErrorKind::Unavailable);
    a.at(9.0).expect("read");
    assert_eq!(a.role(), Role::Releasing);
    assert_eq!(a.next_timeout(), Some(10.0));
    a.at(10.0);
    assert_eq!(a.role(), Role::Stopped);
}

#[test]
fn a_renewal_under_way_lands_before_the_release_is_sent() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(2.0).expect("renew").stop().drained();
    assert_eq!(a.role(), Role::Releasing);
    a.expect_nothing_due().answer();
    a.expect("release").answer();
    assert!(!stored(&store).record.is_held());
}

// ---- a stop that keeps the Lease -------------------------------------------------------------------

fn keeps_the_lease() -> Settings {
    Settings {
        release_on_stop: false,
        ..settings()
    }
}

#[test]
fn a_stop_that_is_to_keep_the_lease_leaves_it_to_expire() {
    let store = MemoryStore::new();
    let mut a = leader_with(&store, keeps_the_lease());
    a.at(1.0).stop().drained();
    assert_eq!(a.role(), Role::Stopped);
    assert_eq!(stored(&store).record.holder, "a");
}

#[test]
fn a_stop_that_is_to_keep_the_lease_keeps_it_though_a_renewal_is_under_way() {
    let store = MemoryStore::new();
    let mut a = leader_with(&store, keeps_the_lease());
    a.at(2.0).expect("renew").stop().drained();
    a.answer().run_until(5.0);
    assert_eq!(a.role(), Role::Stopped);
    assert_eq!(stored(&store).record.holder, "a");
}

#[test]
fn a_stop_that_is_to_keep_the_lease_does_not_ask_what_may_have_been_won() {
    let mut a = candidate_with(&MemoryStore::new(), keeps_the_lease());
    a.expect("read").answer();
    a.expect("create").land().at(2.5).time_out().stop();
    assert_eq!(a.role(), Role::Stopped);
}

// ---- a stop of one that does not lead --------------------------------------------------------------

#[test]
fn a_candidate_stops_at_once() {
    let mut a = candidate("a", &store_held_by("b", 15));
    a.run_until(1.0).stop();
    assert_eq!(a.role(), Role::Stopped);
    assert_eq!(a.next_timeout(), None);
}

#[test]
fn nothing_is_told_after_the_end() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.expect("read").stop().answer();
    a.observe(changed(&store));
    a.stop().drained().step_down().stall().alive();
    a.at(100.0).expect_nothing_due();
    assert_eq!(a.events(), ["stopped"]);
}

#[test]
fn what_is_won_after_a_stop_is_given_back() {
    let store = MemoryStore::new();
    let mut a = candidate("a", &store);
    a.expect("read").answer();
    a.expect("create").stop();
    assert!(a.events().is_empty(), "the answer may still come");
    a.answer().expect("release").answer();
    assert_eq!(a.role(), Role::Stopped);
    assert!(!stored(&store).record.is_held());
    assert!(a.terms().is_empty());
}

#[test]
fn what_may_have_been_won_is_found_out_and_given_back() {
    let store = MemoryStore::new();
    let stopped_before = |a: &mut Candidate| {
        a.stop().at(2.5).time_out();
    };
    let stopped_after = |a: &mut Candidate| {
        a.at(2.5).time_out().stop();
    };
    for stop in [stopped_before, stopped_after] as [fn(&mut Candidate); 2] {
        let mut a = candidate("a", &store);
        a.expect("read").answer();
        a.ask();
        a.land();
        stop(&mut a);
        a.expect("read").answer();
        a.expect("release").answer();
        assert_eq!(a.role(), Role::Stopped);
        assert!(!stored(&store).record.is_held());
    }
}

#[test]
fn what_may_have_been_won_and_was_not_is_let_be() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(14.9).at(15.0).expect("acquire").stop();
    store.edit(renewed);
    a.answer().run_until(15.0);
    assert_eq!(a.role(), Role::Stopped);
    assert_eq!(stored(&store).record.holder, "b");
}

#[test]
fn what_was_looked_for_and_not_found_is_not_looked_for_again() {
    let mut a = candidate("a", &MemoryStore::new());
    a.expect("read").answer();
    a.expect("create").at(2.5).time_out();
    a.expect("read").answer().stop();
    assert_eq!(a.role(), Role::Stopped);
}

#[test]
fn what_may_have_been_won_is_not_looked_for_while_the_work_of_an_earlier_term_goes_on() {
    let mut a = leader("a", &MemoryStore::new());
    a.works_on()
        .at(8.0)
        .expect("renew")
        .at(10.0)
        .time_out()
        .stop();
    assert_eq!(a.role(), Role::Stopped);
}

#[test]
fn the_search_for_what_may_have_been_won_ends_with_its_validity() {
    let mut a = candidate("a", &MemoryStore::new());
    a.expect("read").answer();
    a.expect("create").stop().at(2.5).time_out();
    a.expect("read").at(5.0).time_out();
    assert_eq!(a.role(), Role::Releasing);
    a.at(10.0);
    assert_eq!(a.role(), Role::Stopped);
}

#[test]
fn what_is_won_after_a_stop_is_kept_while_the_work_of_an_earlier_term_goes_on() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.works_on()
        .at(8.0)
        .expect("renew")
        .at(10.0)
        .stop()
        .answer();
    assert_eq!(a.role(), Role::Stopped);
    assert_eq!(stored(&store).record.holder, "a");
}

#[test]
fn a_release_of_somebody_elses_is_no_release_of_ours() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).stop().drained();
    a.expect("release").at(3.5).time_out();
    let StoredLease { record, .. } = store.put_foreign(LeaseRecord {
        renew_time: Some(WallTime::from_micros(1)),
        ..released()
    });
    a.expect("read").answer();
    assert_eq!(a.role(), Role::Stopped);
    assert_eq!(stored(&store).record, record);
}
