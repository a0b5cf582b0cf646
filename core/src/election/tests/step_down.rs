//! Stepping down lets another lead.

use super::harness::*;
use crate::election::{LostReason, Role, Settings};
use crate::lease_store::memory::MemoryStore;

#[test]
fn another_candidate_takes_over_as_soon_as_the_work_has_stopped() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let mut b = candidate("b", &store);
    run(&mut [&mut a, &mut b], 1.0);
    a.step_down().assert_lost(LostReason::SteppedDown);
    run(&mut [&mut a, &mut b], 5.0);
    b.assert_not_leader();
    a.drained();
    run(&mut [&mut a, &mut b], 5.0);
    b.assert_leader();
    run(&mut [&mut a, &mut b], 100.0);
    b.assert_leader();
}

#[test]
fn without_another_candidate_it_leads_again_after_a_lease_duration() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).step_down().drained().run_until(1.0);
    assert_eq!(
        a.why_not_leading(),
        "holding back for 15.0 s after step_down"
    );
    a.run_until(15.9).assert_not_leader();
    a.run_until(16.0).assert_leader();
    assert_eq!(a.terms(), ["term 1 lost: stepped_down", "term 2 acquired"]);
}

#[test]
fn it_holds_back_from_the_release_on_however_long_the_work_took_to_stop() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).step_down().run_until(25.0).drained();
    a.run_until(39.9).assert_not_leader();
    assert!(!stored(&store).record.is_held());
    a.run_until(40.0).assert_leader();
}

#[test]
fn it_holds_back_though_the_work_never_stops() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).step_down().run_until(45.9).assert_not_leader();
    assert_eq!(stored(&store).record.holder, "a", "not released");
    a.run_until(46.0).assert_leader();
}

#[test]
fn a_renewal_that_lands_while_it_holds_back_opens_no_term() {
    for work_has_stopped in [false, true] {
        let store = MemoryStore::new();
        let settings = Settings {
            drain_timeout: secs(1.0),
            ..settings()
        };
        let mut a = leader_with(&store, settings);
        a.at(1.9).step_down().at(2.0).expect("renew").at(2.9);
        assert_eq!(a.role(), Role::Candidate, "the work had its time");
        if work_has_stopped {
            a.drained();
        }
        a.answer().run_until(3.0).assert_not_leader();
        assert_eq!(stored(&store).record.is_held(), !work_has_stopped);
    }
}

#[test]
fn one_that_does_not_lead_has_nothing_to_step_down_from() {
    let mut a = candidate("a", &store_held_by("b", 15));
    a.run_until(1.0).step_down();
    a.run_until(15.0).assert_leader();
    assert_eq!(a.terms(), ["term 1 acquired"]);
}

#[test]
fn a_stop_while_stepping_down_ends_the_election_when_the_work_has_stopped() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).step_down().stop().stop();
    assert_eq!(a.role(), Role::Draining);
    a.drained().run_until(1.0);
    assert!(!stored(&store).record.is_held());
    assert_eq!(
        a.events(),
        [
            "term 1 lost: stepped_down",
            "nobody holds the Lease",
            "stopped"
        ]
    );
}

#[test]
fn the_status_tells_a_step_down_from_a_stop() {
    let mut a = leader("a", &MemoryStore::new());
    a.at(1.0).step_down();
    assert_eq!(
        a.why_not_leading(),
        "stepping down: waiting for the guarded work to end"
    );
    a.stop();
    assert_eq!(
        a.why_not_leading(),
        "stopping: waiting for the guarded work to end"
    );
}

#[test]
fn it_releases_though_a_stop_would_keep_the_lease() {
    let store = MemoryStore::new();
    let settings = Settings {
        release_on_stop: false,
        ..settings()
    };
    let mut a = leader_with(&store, settings);
    a.at(1.0).step_down().drained().run_until(1.0);
    assert!(!stored(&store).record.is_held());
}

#[test]
fn work_that_has_no_time_at_all_to_stop_is_not_waited_for() {
    let store = MemoryStore::new();
    let settings = Settings {
        drain_timeout: secs(0.0),
        ..settings()
    };
    let mut a = leader_with(&store, settings);
    a.at(1.0).step_down().run_until(10.0);
    assert_eq!(a.role(), Role::Candidate);
    assert_eq!(stored(&store).record.holder, "a");
}
