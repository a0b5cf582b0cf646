//! What the Lease is to remember is written by the term that wants it, is confirmed, and is not lost when
//! somebody else holds the Lease.

use super::harness::*;
use crate::clock::WallTime;
use crate::election::Recorded::{TermOver, TooLate, Unchanged, Written};
use crate::election::Reply;
use crate::error::ErrorKind;
use crate::lease_record::{Memory, MemoryChange};
use crate::lease_store::memory::MemoryStore;

fn begin(key: &str) -> MemoryChange {
    MemoryChange::Begin {
        key: key.to_owned(),
        by: "a".to_owned(),
        most: 3,
    }
}

fn done(key: &str) -> MemoryChange {
    MemoryChange::Done {
        key: key.to_owned(),
    }
}

fn fail(key: &str) -> MemoryChange {
    MemoryChange::Fail {
        key: key.to_owned(),
        failure: "no".to_owned(),
    }
}

fn due(second: i64) -> WallTime {
    WallTime::from_micros(second * 1_000_000)
}

fn fire(second: i64) -> MemoryChange {
    MemoryChange::Fire {
        job: "bill".to_owned(),
        due: due(second),
    }
}

fn last(store: &MemoryStore) -> Option<WallTime> {
    memory(store).firings.last("bill")
}

fn memory(store: &MemoryStore) -> Memory {
    *stored(store).record.memory
}

/// A store whose Lease has been released, and remembers these attempts at `1`.
fn store_after(attempts: u32, failure: Option<&str>) -> MemoryStore {
    let store = store_with(released());
    for _ in 0..attempts {
        store.edit(|record| _ = record.memory.make(&begin("1")));
    }
    if failure.is_some() {
        store.edit(|record| _ = record.memory.make(&fail("1")));
    }
    store
}

#[test]
fn a_change_is_written_at_once_by_a_renewal_and_told_when_it_is_confirmed() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(0.5).record(begin("1")).expect("renew").land();
    assert_eq!(a.recorded(), [], "its answer is under way");
    a.answer();
    assert_eq!(a.recorded(), [(1, Written)]);
    assert_eq!(a.leader_until(), 10.5);
    a.record(done("1")).expect("renew").answer();
    assert_eq!(a.recorded(), [(2, Written)]);
    assert!(memory(&store).is_done("1"));
    a.expect_nothing_due();
}

#[test]
fn renewals_releases_and_other_holders_keep_what_the_lease_remembers() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.record(done("1")).expect("renew").answer();
    a.at(2.5).expect("renew").answer();
    assert!(memory(&store).is_done("1"));
    a.stop().drained().expect("release").answer();
    assert!(memory(&store).is_done("1"));
    let mut b = leader("b", &store);
    assert!(memory(&store).is_done("1"));
    b.record(done("1")).expect_nothing_due();
    assert_eq!(b.recorded(), [(1, Unchanged)], "the others have done it");
}

#[test]
fn a_term_that_has_ended_records_nothing() {
    let end: [fn(&mut Candidate); 4] = [
        |a| _ = a.at(10.0),
        |a| _ = a.step_down(),
        |a| _ = a.stop(),
        |a| _ = a.stall(),
    ];
    for end in end {
        let store = MemoryStore::new();
        let mut a = leader("a", &store);
        a.record(done("1"));
        end(&mut a);
        a.record(done("2"));
        assert_eq!(a.recorded(), [(1, TermOver), (2, TermOver)]);
        a.drained().run_until(60.0);
        assert_eq!(memory(&store), Memory::default());
    }
}

#[test]
fn a_later_term_does_not_record_what_an_earlier_one_wanted() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.record(done("1")).expect("renew").at(10.0).time_out();
    assert_eq!(a.recorded(), [(1, TermOver)]);
    a.run_until(60.0).assert_leader();
    assert_eq!(a.term().number, 2);
    a.election.handle_record(a.now(), 1, done("2"));
    a.run_until(90.0);
    assert_eq!(a.recorded(), [(2, TermOver)]);
    assert_eq!(memory(&store), Memory::default());
}

#[test]
fn a_write_without_an_answer_is_looked_for_and_counts_once() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.record(begin("1"))
        .expect("renew")
        .land()
        .at(2.5)
        .time_out();
    a.at(5.0).expect("read").answer();
    assert_eq!(a.recorded(), [(1, Written)]);
    a.run_until(30.0);
    assert_eq!(memory(&store).begun("1").unwrap().attempts, 1);
}

#[test]
fn a_write_that_was_lost_is_repeated() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.record(begin("1")).expect("renew").at(2.5).time_out();
    a.at(5.0).expect("read").answer().expect("renew").answer();
    assert_eq!(a.recorded(), [(1, Written)]);
    assert_eq!(memory(&store).begun("1").unwrap().attempts, 1);
}

#[test]
fn the_first_of_two_writes_without_an_answer_confirms_as_well() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.record(begin("1")).expect("renew");
    let first = a.request();
    a.at(2.5).time_out().at(5.0).expect("read").answer();
    a.expect("renew").land_late(first).land().answer();
    a.at(6.0).expect("read").answer();
    assert_eq!(a.recorded(), [(1, Written)]);
    assert_eq!(memory(&store).begun("1").unwrap().attempts, 1);
}

#[test]
fn what_somebody_has_removed_since_is_written_again() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.record(done("1")).expect("renew").land();
    store.edit(|record| *record.memory = Memory::default());
    a.at(2.5).time_out().at(5.0).expect("read").answer();
    a.expect("renew").answer();
    assert_eq!(a.recorded(), []);
    a.run_until(9.0);
    assert_eq!(a.recorded(), [(1, Written)]);
    assert!(memory(&store).is_done("1"));
}

/// The renewal that is due is written, but without what the Lease is to remember.
fn renew_stripped(a: &mut Candidate, store: &MemoryStore) {
    a.expect("renew");
    assert!(a.written().memory.is_done("1"));
    a.land();
    store.edit(|record| *record.memory = Memory::default());
    a.reply(Reply::Written(Ok(stored(store))));
}

fn failures(a: &mut Candidate) -> usize {
    let events = a.events();
    events.iter().filter(|it| it.starts_with("failing")).count()
}

#[test]
fn what_each_write_loses_is_written_again_after_a_while_and_told_once() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(0.5).record(done("1"));
    renew_stripped(&mut a, &store);
    a.expect_nothing_due();
    assert_eq!(failures(&mut a), 1);
    a.at(2.5).expect("renew").answer().expect_nothing_due();
    assert_eq!(a.recorded(), [], "that was without the change");
    a.at(3.0);
    renew_stripped(&mut a, &store);
    a.expect_nothing_due();
    assert_eq!(failures(&mut a), 0);
    a.run_until(8.0);
    assert_eq!(a.recorded(), [(1, Written)]);
    assert!(memory(&store).is_done("1"));
}

#[test]
fn a_store_that_takes_no_changes_costs_no_term() {
    for refusal in [ErrorKind::Forbidden, ErrorKind::Unavailable] {
        let store = MemoryStore::new();
        let mut a = leader("a", &store);
        a.record(done("1"));
        for tenth in 0..600 {
            a.at(f64::from(tenth) / 10.0);
            while let Some(name) = a.try_ask() {
                if name == "renew" && a.written().memory.is_done("1") {
                    a.fail(refusal);
                } else {
                    a.answer();
                }
            }
            a.assert_leader();
        }
        assert_eq!(failures(&mut a), 1);
        assert_eq!(a.recorded(), []);
        a.run_until(70.0);
        assert_eq!(a.recorded(), [(1, Written)]);
        assert_eq!(a.term().number, 1);
    }
}

#[test]
fn what_somebody_has_added_stays() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    store.edit(|record| _ = record.memory.make(&done("by hand")));
    a.record(done("1"))
        .expect("renew")
        .answer()
        .expect("read")
        .answer();
    a.expect("renew").answer();
    assert_eq!(memory(&store).done, ["by hand", "1"]);
}

#[test]
fn work_that_has_failed_is_left_alone_for_longer_and_longer() {
    for (attempts, wait) in [(1, 2.0), (2, 4.0)] {
        for failure in [Some("no"), None] {
            let store = store_after(attempts, failure);
            let mut a = leader("a", &store);
            a.record(begin("1")).run_until(wait - 0.01);
            assert_eq!(a.recorded(), []);
            assert_eq!(memory(&store).begun("1").unwrap().attempts, attempts);
            a.run_until(wait);
            assert_eq!(a.recorded(), [(1, Written)]);
            let begun = memory(&store).begun("1").cloned().unwrap();
            assert_eq!((begun.attempts, begun.failure), (attempts + 1, None));
        }
    }
}

#[test]
fn other_changes_do_not_wait_for_work_that_is_left_alone() {
    let store = store_after(1, Some("no"));
    let mut a = leader("a", &store);
    a.record(begin("1"))
        .record(begin("2"))
        .expect("renew")
        .answer();
    assert_eq!(a.recorded(), [(2, Written)]);
    a.run_until(1.99).recorded();
    a.run_until(2.0);
    assert_eq!(a.recorded(), [(1, Written)]);
}

#[test]
fn work_is_not_begun_more_often_than_it_may_be() {
    let store = store_after(3, Some("no"));
    let mut a = leader("a", &store);
    a.record(begin("1")).run_until(60.0);
    assert_eq!(a.recorded(), [(1, Unchanged)]);
    assert_eq!(memory(&store).begun("1").unwrap().attempts, 3);
}

#[test]
fn what_nobody_understands_is_kept() {
    let store = store_with(released());
    store.edit(|record| record.memory.unreadable = Some("leasehold.io/done: ?".to_owned()));
    let mut a = leader("a", &store);
    a.record(begin("1")).record(done("1")).run_until(60.0);
    assert_eq!(a.recorded(), [(1, Unchanged), (2, Unchanged)]);
    assert!(memory(&store).unreadable.is_some());
}

#[test]
fn a_firing_is_begun_when_its_write_is_confirmed_and_by_one_candidate_only() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(0.5).record(fire(60)).expect("renew").land();
    assert_eq!(a.recorded(), [], "its answer is under way");
    a.record(fire(60)).answer();
    assert_eq!(a.recorded(), [(1, Written), (2, Unchanged)]);
    a.record(fire(60)).record(fire(59)).expect_nothing_due();
    assert_eq!(a.recorded(), [(3, Unchanged), (4, Unchanged)]);
    a.stop().drained().expect("release").answer();
    let mut b = leader("b", &store);
    b.record(fire(60))
        .record(fire(120))
        .expect("renew")
        .answer();
    assert_eq!(b.recorded(), [(1, Unchanged), (2, Written)]);
    assert_eq!(last(&store), Some(due(120)));
}

#[test]
fn one_of_two_that_want_the_same_firing_has_it() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.record(fire(60)).record(fire(60)).record(fire(50));
    a.expect("renew");
    assert_eq!(a.recorded(), [], "before anything is stored");
    a.answer();
    let settled = [(1, Written), (2, Unchanged), (3, Unchanged)];
    assert_eq!(a.recorded(), settled);
}

#[test]
fn a_firing_whose_write_has_no_answer_is_begun_once_when_it_is_found() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.record(fire(60)).expect("renew").land().at(2.5).time_out();
    assert_eq!(a.recorded(), []);
    a.record(fire(60)).at(5.0).expect("read").answer();
    assert_eq!(a.recorded(), [(1, Written), (2, Unchanged)]);
    a.run_until(30.0);
    assert_eq!(a.recorded(), []);
}

#[test]
fn a_firing_whose_term_ends_before_its_answer_is_begun_by_nobody() {
    let end: [fn(&mut Candidate); 3] = [|a| _ = a.step_down(), |a| _ = a.stop(), |a| _ = a.stall()];
    for end in end {
        let store = MemoryStore::new();
        let mut a = leader("a", &store);
        a.record(fire(60)).expect("renew").land();
        end(&mut a);
        assert_eq!(a.recorded(), [(1, TermOver)]);
        a.answer().drained().run_until(40.0);
        assert_eq!(last(&store), Some(due(60)));
        let mut b = candidate("b", &store);
        b.run_until(80.0).assert_leader();
        b.record(fire(60)).run_until(81.0);
        assert_eq!(b.recorded(), [(1, Unchanged)], "it may have been begun");
    }
}

#[test]
fn a_firing_that_was_refused_and_is_stored_nevertheless_is_begun_by_who_asked() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.record(fire(60)).expect("renew");
    let refused = a.request();
    a.fail(ErrorKind::Unavailable);
    a.at(2.5).expect("read").answer().expect("renew");
    assert_eq!(*a.written().memory, Memory::default());
    a.land_late(refused).answer();
    a.record(fire(60)).run_until(8.0);
    assert_eq!(a.recorded(), [(1, Written), (2, Unchanged)]);
}

/// Answers all that `a` asks now, but refuses what records something.
fn refuse_records(a: &mut Candidate) {
    while let Some(name) = a.try_ask() {
        if name == "renew" && *a.written().memory != Memory::default() {
            a.fail(ErrorKind::Forbidden);
        } else {
            a.answer();
        }
    }
}

#[test]
fn a_firing_that_cannot_be_recorded_is_given_up_and_not_begun_later() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(0.5).record(fire(60));
    for tenth in 5..600 {
        a.at(f64::from(tenth) / 10.0);
        refuse_records(&mut a);
        a.assert_leader();
        let given_up = if tenth < 105 {
            None
        } else {
            Some((1, TooLate))
        };
        assert_eq!(
            a.recorded().first().copied(),
            given_up.filter(|_| tenth == 105)
        );
    }
    a.run_until(90.0);
    assert_eq!(last(&store), None);
    a.record(fire(60)).run_until(100.0);
    assert_eq!(a.recorded(), [(2, Written)]);
}

#[test]
fn a_firing_is_given_up_on_time_though_an_answer_is_awaited_then() {
    let mut a = leader("a", &MemoryStore::new());
    a.at(0.5).record(fire(60));
    for tenth in 5..90 {
        a.at(f64::from(tenth) / 10.0);
        refuse_records(&mut a);
    }
    while a.try_ask().is_none() {
        let due = a.next_timeout().unwrap();
        a.at(due);
    }
    assert!(a.now() < instant(10.5) && a.request_deadline() > 10.5);
    assert_eq!(a.next_timeout(), Some(10.5));
    a.at(10.5);
    assert_eq!(a.recorded(), [(1, TooLate)]);
}

#[test]
fn work_with_no_attempt_yet_is_begun_at_once() {
    let store = store_after(1, None);
    store.edit(|record| record.memory.begun[0].attempts = 0);
    let mut a = leader("a", &store);
    a.record(begin("1")).expect("renew").answer();
    assert_eq!(a.recorded(), [(1, Written)]);
}
