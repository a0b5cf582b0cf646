//! Work stops first, the Lease is released after.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use leasehold::bindings::ForeignElection;
use leasehold::lease_store::memory::MemoryStore;
use leasehold::{DEFAULT_LEASE_DURATION, LostReason, Role};

use crate::support::{LIMIT, candidate, config, eventually, leader, loss, stopped};

#[test]
fn work_runs_on_the_leader_only() {
    let store = MemoryStore::new();
    let first = leader(&store, &config());
    let second = candidate(&store, &config());
    let token = first.run_if_leader(leasehold::Term::fencing_token);
    assert_eq!(token, Some(first.term().unwrap().fencing_token()));
    assert_eq!(second.run_if_leader(|_| ()), None);
}

#[test]
fn work_that_outlasts_a_stop_keeps_the_next_run_from_leading() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let work = election.begin_work().unwrap();
    let mut events = election.subscribe().unwrap();
    store.delete();
    assert_eq!(loss(&mut events).reason, LostReason::Deleted);
    // There is nothing to give back, so it ends at once.
    election.stop().unwrap();

    election.start().unwrap();
    eventually("it waits for the work of the run before", || {
        let why = election.status().why_not_leading;
        why.is_some_and(|why| why.contains("waiting for the work of the last term"))
    });
    assert!(!election.is_leader());
    drop(work);
    election.wait_for_leadership(LIMIT).unwrap();
}

#[test]
fn running_work_holds_the_lease_until_it_returns() {
    let store = MemoryStore::new();
    let election = leader(&store, &config().identity("first"));
    thread::scope(|scope| {
        let (started, has_started) = mpsc::channel();
        let (finish, may_finish) = mpsc::channel::<()>();
        let work = scope.spawn(|| {
            election.run_if_leader(move |term| {
                started.send(()).unwrap();
                may_finish.recv().unwrap();
                term.is_valid()
            })
        });
        has_started.recv_timeout(LIMIT).unwrap();
        election.request_stop().unwrap();
        eventually("the answer turns false", || !election.is_leader());
        eventually("it waits for the work", || {
            election.status().role == Role::Draining
        });
        assert_eq!(store.get().unwrap().record.holder, "first");
        finish.send(()).unwrap();
        assert_eq!(
            work.join().unwrap(),
            Some(false),
            "the work saw its term end"
        );
        eventually("the Lease is released", || {
            store.get().unwrap().record.holder.is_empty()
        });
    });
}

#[test]
fn work_begun_by_hand_holds_the_lease_until_it_is_dropped() {
    let store = MemoryStore::new();
    let election = leader(&store, &config().identity("first"));
    let work = election.begin_work().unwrap();
    election.request_stop().unwrap();
    eventually("it waits for the work", || {
        election.status().role == Role::Draining
    });
    assert!(!work.term.is_valid(), "the work can see that it is to end");
    assert!(election.begin_work().is_none(), "and none begins any more");
    assert_eq!(store.get().unwrap().record.holder, "first");
    drop(work);
    eventually("the Lease is released", || {
        store.get().unwrap().record.holder.is_empty()
    });
    eventually("the election has ended", || !election.is_running());
}

#[test]
fn work_that_outlasts_the_drain_timeout_keeps_the_lease_from_being_released() {
    let store = MemoryStore::new();
    let config = config()
        .identity("first")
        .drain_timeout(Duration::from_millis(10));
    let election = leader(&store, &config);
    let mut events = election.subscribe().unwrap();
    election.request_stop().unwrap();
    let unfinished = loss(&mut events);
    stopped(&mut events);
    assert_eq!(unfinished.reason, LostReason::Stopped);
    assert_eq!(store.get().unwrap().record.holder, "first");
    let left = unfinished.time_left();
    assert!(!left.is_zero(), "until the Lease expires");
    assert!(left <= DEFAULT_LEASE_DURATION);
}

#[test]
fn a_renewal_goes_on_while_the_work_is_being_stopped() {
    let store = MemoryStore::new();
    let election = leader(&store, &config().retry_period(Duration::from_millis(10)));
    let mut events = election.subscribe().unwrap();
    election.step_down().unwrap();
    let unfinished = loss(&mut events);
    let version = store.get().unwrap().version;
    eventually("two renewals", || {
        store.get().unwrap().version.0 >= version.0 + 2
    });
    assert!(!election.is_leader());
    drop(unfinished);
    eventually("the Lease is released", || {
        store.get().unwrap().record.holder.is_empty()
    });
}
