//! A dead application does not lead without end, and its Lease is not released over its work.

use super::harness::*;
use crate::election::{LostReason, Role};
use crate::lease_store::memory::MemoryStore;

#[test]
fn a_leader_without_a_sign_of_life_neither_leads_nor_renews_nor_releases() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let mut b = candidate("b", &store);
    run(&mut [&mut a, &mut b], 4.0);
    a.asked();
    a.stall().assert_lost(LostReason::Stalled);
    run(&mut [&mut a, &mut b], 18.9);
    assert!(a.asked().is_empty());
    assert_eq!(stored(&store).record.holder, "a");
    run(&mut [&mut a, &mut b], 19.0);
    b.assert_leader();
}

#[test]
fn a_candidate_without_a_sign_of_life_does_not_campaign() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(1.0).stall().run_until(100.0);
    assert_eq!(a.asked(), ["read"]);
    assert_eq!(a.role(), Role::Stalled);
    a.alive().run_until(100.0).assert_leader();
}

#[test]
fn the_work_of_a_leader_that_lives_again_has_its_grace_from_then_on() {
    let mut a = leader("a", &MemoryStore::new());
    a.works_on().at(1.0).stall().run_until(60.0).alive();
    a.run_until(89.9).assert_not_leader();
    a.run_until(90.0).assert_leader();
}

#[test]
fn a_renewal_that_lands_after_the_stall_opens_no_term_and_is_not_released() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(2.0).expect("renew").stall().answer();
    a.run_until(5.0).drained().run_until(8.0);
    assert_eq!(a.asked(), ["renew"]);
    assert_eq!(a.terms(), ["term 1 lost: stalled"]);
}

#[test]
fn an_acquisition_that_lands_after_the_stall_opens_no_term() {
    let mut a = candidate("a", &MemoryStore::new());
    a.expect("read").answer();
    a.expect("create").stall().answer().assert_not_leader();
}

#[test]
fn one_that_lives_again_campaigns_again_in_a_term_of_its_own() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let first = a.term();
    a.at(3.0).stall().at(4.0).alive();
    a.expect("acquire").answer().assert_leader();
    assert_eq!(a.terms(), ["term 1 lost: stalled", "term 2 acquired"]);
    assert!(a.term().fencing_token > first.fencing_token);
}

#[test]
fn work_that_stalls_while_it_drains_is_neither_renewed_nor_released() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).step_down().stall().drained().run_until(100.0);
    assert!(a.asked().is_empty());
    assert_eq!(stored(&store).record.holder, "a");
    assert_eq!(a.role(), Role::Stalled);
}

#[test]
fn a_release_is_not_held_up_by_a_stall_since_the_work_has_stopped() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).stop().drained().stall().run_until(1.0);
    assert!(!stored(&store).record.is_held());
    assert_eq!(a.role(), Role::Stopped);
}

#[test]
fn a_stall_and_a_stop_end_the_election_without_a_release() {
    let orders: [fn(&mut Candidate); 2] = [|a| _ = a.stall().stop(), |a| _ = a.stop().stall()];
    for order in orders {
        let store = MemoryStore::new();
        let mut a = leader("a", &store);
        order(a.at(1.0));
        assert_eq!(a.role(), Role::Stopped);
        assert_eq!(stored(&store).record.holder, "a");
    }
}

#[test]
fn a_stalled_candidate_goes_on_listening_to_the_watch() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(1.0).stall();
    a.at(10.0);
    store.edit(renewed);
    a.hear().at(20.0).alive();
    a.run_until(24.9).assert_not_leader();
    a.run_until(25.0).assert_leader();
}
