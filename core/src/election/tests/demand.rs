//! A lock for one piece of work: wanted, held, kept, released; and followed in between.

use std::time::Duration;

use super::harness::*;
use crate::clock::Instant;
use crate::election::{Demand, Limits, LostReason};
use crate::error::ErrorKind;
use crate::lease_record::HolderProcess;
use crate::lease_store::memory::MemoryStore;

/// One that follows the Lease since second zero, and does not want it yet.
fn idle(store: &MemoryStore) -> Candidate {
    let mut a = candidate("a", store);
    a.election = a.election.on_demand();
    a.run_until(0.0);
    a.asked();
    a.events();
    a
}

fn another(store: &MemoryStore, now: f64) -> Candidate {
    let mut b = candidate("b", store);
    b.election = b.election.on_demand();
    b.at(now).run_until(now);
    b.asked();
    b.events();
    b
}

impl Candidate {
    fn want(&mut self, timeout: f64) -> &mut Self {
        self.want_within(timeout, Limits::default())
    }

    fn want_within(&mut self, timeout: f64, limits: Limits) -> &mut Self {
        let until = self.now() + secs(timeout);
        self.election
            .handle_demand(self.now(), Demand { until, limits });
        let now = self.now();
        self.at_instant(now)
    }

    fn now_seconds(&self) -> f64 {
        self.now().since(instant(0.0)).as_secs_f64()
    }

    /// Asks and is answered until nothing is due at this instant.
    fn settle(&mut self) -> &mut Self {
        let now = self.now_seconds();
        self.run_until(now)
    }

    fn release(&mut self) -> &mut Self {
        self.step_down().drained().settle()
    }
}

fn at_least(seconds: f64) -> Limits {
    Limits {
        at_least: secs(seconds),
        ..Limits::default()
    }
}

fn at_most(seconds: f64) -> Limits {
    Limits {
        at_most: Some(secs(seconds)),
        ..Limits::default()
    }
}

#[test]
fn a_lock_that_nobody_wants_is_watched_and_never_written() {
    for store in [
        MemoryStore::new(),
        store_with(released()),
        store_held_by("c", 15),
    ] {
        let mut a = idle(&store);
        a.run_until(1_000.0);
        assert!(a.asked().is_empty());
    }
}

#[test]
fn a_free_lock_is_acquired_with_one_request_and_given_back_with_another() {
    let store = MemoryStore::new();
    let mut a = idle(&store);
    a.at(5.0).want(0.0).settle().assert_leader();
    assert_eq!(a.asked(), ["create"]);
    a.at(6.0).release();
    assert_eq!(a.asked(), ["release"]);
    assert!(a.events().contains(&"given back".to_owned()));
    a.run_until(1_000.0);
    assert!(a.asked().is_empty(), "nobody campaigns");

    a.want(0.0).settle().assert_leader();
    assert_eq!(a.asked(), ["acquire"], "at once, and again");
}

#[test]
fn a_lock_that_is_held_is_declined_after_it_was_read() {
    let store = store_held_by("c", 15);
    let mut a = idle(&store);
    a.at(3.0).want(0.0).settle().assert_not_leader();
    assert_eq!(a.asked(), ["read"]);
    assert_eq!(a.events(), ["declined"]);
    store.edit(|record| *record = released());
    a.run_until(100.0).assert_not_leader();
}

#[test]
fn a_lock_that_was_released_before_anybody_told_is_acquired() {
    let store = store_held_by("c", 15);
    let mut a = idle(&store).without_watch();
    a.at(1.0);
    store.edit(|record| *record = released());
    a.want(0.0).settle().assert_leader();
}

#[test]
fn a_lock_whose_holder_was_not_seen_to_renew_for_its_duration_is_acquired_at_once() {
    let store = store_held_by("c", 15);
    let mut a = idle(&store);
    a.run_until(14.0);
    a.want(0.0).settle().assert_not_leader();
    a.run_until(15.0);
    a.want(0.0).settle().assert_leader();
}

#[test]
fn a_lock_is_waited_for_as_long_as_it_is_wanted_and_no_longer() {
    let store = store_held_by("c", 15);
    let mut a = idle(&store);
    a.want(10.0).run_until(9.9);
    assert!(!a.events().contains(&"declined".to_owned()));
    a.run_until(10.0);
    assert_eq!(a.events(), ["declined"]);

    a.want(10.0).run_until(20.0);
    a.assert_leader();
    assert_eq!(a.term().number, 1);
}

#[test]
fn a_lock_that_is_wanted_says_itself_when_it_is_declined() {
    let store = store_held_by("c", 15);
    let mut a = idle(&store);
    a.want(10.0).settle();
    assert_eq!(a.next_timeout(), Some(10.0));
    a.at(10.0);
    assert_eq!(a.events().last().unwrap(), "declined");
    assert_eq!(a.next_timeout(), None);

    a.want(2.0).expect("read").at(12.0);
    assert_eq!(a.next_timeout(), None, "it waits for the answer");
    a.answer().settle();
    assert_eq!(a.events(), ["declined"]);
}

#[test]
fn a_lock_that_is_wanted_is_declined_when_the_clock_has_gone_back() {
    let mut a = idle(&store_held_by("c", 15));
    a.want(10.0).settle();
    a.at_instant(Instant::from_nanos(2_000_000_000)).settle();
    assert_eq!(a.events().last().unwrap(), "declined");
}

#[test]
fn an_application_without_a_sign_of_life_is_declined_a_lock() {
    let mut a = idle(&store_held_by("c", 15));
    a.stall().want(0.0);
    assert_eq!(a.events().last().unwrap(), "declined: Unavailable");
}

#[test]
fn what_keeps_requests_from_succeeding_is_said_and_only_that_of_now() {
    let store = store_held_by("c", 15);
    let mut a = idle(&store);
    a.want(0.0).expect("read").fail(ErrorKind::Unavailable);
    let now = a.now();
    a.at_instant(now);
    assert_eq!(a.events().last().unwrap(), "declined: Unavailable");

    a.at(16.0).want(0.0).settle().assert_leader();
}

#[test]
fn a_lock_that_is_won_when_nobody_wants_it_any_more_is_given_back() {
    let store = MemoryStore::new();
    let mut a = idle(&store);
    a.want(0.0).expect("create").land();
    a.step_down().answer().assert_not_leader();
    a.settle();
    assert!(!stored(&store).record.is_held());
}

#[test]
fn work_is_limited_and_told_so_and_others_wait_for_the_record() {
    let store = MemoryStore::new();
    let mut a = idle(&store);
    let mut b = another(&store, 0.0);
    a.want_within(0.0, at_most(25.0)).settle();
    run(&mut [&mut a, &mut b], 24.9);
    a.assert_leader();
    run(&mut [&mut a, &mut b], 25.0);
    a.assert_lost(LostReason::LimitReached);

    // The last renewal was sent at 24.
    b.want(100.0);
    run(&mut [&mut a, &mut b], 38.9);
    b.assert_not_leader();
    run(&mut [&mut a, &mut b], 39.0);
    b.assert_leader();
}

#[test]
fn a_limit_can_be_moved_while_the_work_goes_on() {
    let store = MemoryStore::new();
    let mut a = idle(&store);
    a.want_within(0.0, at_most(5.0)).run_until(4.0);
    let now = a.now();
    a.election.handle_limits(now, at_most(10.0));
    a.published().run_until(13.9).assert_leader();
    a.run_until(14.0).assert_lost(LostReason::LimitReached);
    a.election.handle_limits(instant(14.0), at_most(10.0));
    a.run_until(20.0).assert_not_leader();
}

#[test]
fn a_lock_is_kept_by_a_record_that_nobody_renews_until_its_least_time_is_over() {
    let store = MemoryStore::new();
    let mut a = idle(&store);
    let mut b = another(&store, 0.0);
    a.election.handle_process(Some(HolderProcess::default()));
    a.want_within(0.0, at_least(40.5)).settle().assert_leader();
    assert!(stored(&store).record.note.is_some());
    run(&mut [&mut a, &mut b], 1.0);
    a.release();
    assert!(a.events().contains(&"given back".to_owned()));
    let record = stored(&store).record;
    assert!(record.is_held());
    assert_eq!(record.lease_duration_seconds, Some(40));
    assert!(
        record.note.is_none(),
        "nothing by which its writer is proven dead"
    );

    for now in [2.0, 30.0, 40.4] {
        run(&mut [&mut a, &mut b], now);
        a.want(0.0).settle().assert_not_leader();
        b.want(0.0).settle().assert_not_leader();
    }
    assert_eq!(stored(&store).record, record);
    run(&mut [&mut a, &mut b], 41.0);
    b.want(0.0).settle().assert_leader();
}

#[test]
fn a_lock_that_is_kept_for_whole_seconds_is_kept_for_none_more() {
    let store = MemoryStore::new();
    let mut a = idle(&store);
    a.want_within(0.0, at_least(5.0)).settle().at(2.0).release();
    assert_eq!(stored(&store).record.lease_duration_seconds, Some(3));
}

#[test]
fn who_has_kept_a_lock_acquires_it_again_when_its_least_time_is_over() {
    let store = MemoryStore::new();
    let mut a = idle(&store);
    a.want_within(0.0, at_least(5.0)).settle().release();
    a.at(4.9).want(0.0).settle().assert_not_leader();
    a.at(5.0).want(0.0).settle().assert_leader();
}

#[test]
fn after_its_least_time_a_lock_is_released_as_ever() {
    let store = MemoryStore::new();
    let mut a = idle(&store);
    a.want_within(0.0, at_least(5.0)).run_until(5.0);
    a.release();
    assert!(!stored(&store).record.is_held());
}

#[test]
fn a_release_that_is_not_answered_is_found_out_or_said_not_to_be_known() {
    let store = MemoryStore::new();
    let mut a = idle(&store);
    a.want(0.0).settle().assert_leader();
    a.step_down().drained().expect("release").time_out();
    a.run_until(3.0);
    assert!(a.events().contains(&"given back".to_owned()));

    a.want(0.0).settle().assert_leader();
    a.step_down().drained();
    while a.now_seconds() < 13.0 {
        if a.try_ask().is_some() {
            a.fail(ErrorKind::Unavailable);
        }
        let next = (a.now() + Duration::from_millis(100)).min(instant(13.0));
        a.at_instant(next);
    }
    assert!(a.events().contains(&"not given back".to_owned()));
}

#[test]
fn a_release_is_known_though_another_has_acquired_the_lock_before_it_is_answered() {
    let store = MemoryStore::new();
    let mut a = idle(&store);
    a.want(0.0).settle().assert_leader();
    a.step_down().drained().expect("release").land().hear();
    store.put_foreign(held_by("c", 15));
    a.hear();
    assert!(a.events().contains(&"given back".to_owned()));
    a.answer().settle().assert_not_leader();
    assert_eq!(stored(&store).record.holder, "c");
}

#[test]
fn one_who_has_lost_a_lock_has_nothing_to_release() {
    let store = MemoryStore::new();
    let mut a = idle(&store);
    a.want(0.0).settle().assert_leader();
    store.put_foreign(held_by("c", 15));
    a.hear().assert_lost(LostReason::Superseded);
    a.step_down();
    assert_eq!(a.events(), ["not given back"]);
    assert_eq!(stored(&store).record.holder, "c");
}

#[test]
fn a_lock_that_is_wanted_again_while_it_is_given_back_is_acquired_after_that() {
    let store = MemoryStore::new();
    let mut a = idle(&store);
    a.want(0.0).settle().step_down();
    a.want(0.0).drained().settle();
    assert_eq!(
        a.terms(),
        [
            "term 1 acquired",
            "term 1 lost: stepped_down",
            "term 2 acquired"
        ]
    );
}

#[test]
fn work_keeps_others_out_for_no_longer_than_it_may_go_on() {
    let check = |at_most: Option<f64>, at_least| {
        let limits = Limits {
            at_most: at_most.map(secs),
            at_least: secs(at_least),
        };
        limits.check().map_err(|error| error.kind())
    };
    assert_eq!(check(Some(2.0), 2.1), Err(ErrorKind::Config));
    assert_eq!(check(Some(2.0), 2.0), Ok(()));
    assert_eq!(check(Some(2.0), 0.0), Ok(()));
    assert_eq!(check(None, 3.0), Ok(()));
}
