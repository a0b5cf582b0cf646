//! What client-go gets wrong, each fault by name.

use super::harness::*;
use crate::election::LostReason;
use crate::lease_store::memory::MemoryStore;

#[test]
fn validity_counts_from_the_reply() {
    let store = MemoryStore::new();
    let mut a = candidate("a", &store);
    a.expect("read").answer();
    a.expect("create").at(2.4).answer().assert_leader();
    assert_eq!(a.leader_until(), 10.0);

    a.expect("renew").at(4.8).answer();
    assert_eq!(a.leader_until(), 12.4);
    a.at(12.3).assert_leader();
    a.at(12.4).assert_lost(LostReason::Expired);
}

#[test]
fn try_release_tests_a_stale_holder_and_clears_a_new_leaders_lease() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store).without_watch();
    a.at(1.0).stop();
    store.put_foreign(held_by("b", 15));
    a.drained().run_until(1.0);
    assert_eq!(a.asked(), ["release", "read"]);
    assert_eq!(stored(&store).record, held_by("b", 15));
    assert_eq!(
        a.events(),
        ["term 1 lost: stopped", "b holds the Lease", "stopped"]
    );
}

#[test]
fn sees_another_holder_and_goes_on_leading() {
    let store = MemoryStore::new();
    let mut watching = leader("a", &store);
    watching.hear();
    store.put_foreign(held_by("b", 15));
    watching.at(0.1).hear().assert_lost(LostReason::Superseded);

    let store = MemoryStore::new();
    let mut reading = leader("a", &store);
    store.put_foreign(held_by("b", 15));
    reading.at(2.0).expect("renew").answer().assert_leader();
    reading.expect("read").answer();
    reading.assert_lost(LostReason::Superseded);
}

#[test]
fn re_acquires_silently() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let first = a.term();
    store.put_foreign(held_by("b", 15));
    a.run_until(1.0).assert_not_leader();
    store.put_foreign(released());
    a.run_until(2.0).assert_leader();
    assert_eq!(
        a.terms(),
        ["term 1 lost: superseded", "term 2 acquired"],
        "within the first term's renew deadline"
    );
    assert!(a.term().fencing_token > first.fencing_token);
}

#[test]
fn on_stopped_leading_for_one_that_never_led() {
    let mut a = candidate("a", &store_held_by("b", 15));
    a.run_until(1.0).stop();
    assert_eq!(a.events(), ["b holds the Lease", "stopped"]);
}

#[test]
fn run_is_one_shot() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    for term in 2..5 {
        let now = f64::from(term) * 100.0;
        a.at(now).run_until(now + 20.0).assert_leader();
        assert_eq!(a.term().number, u64::try_from(term).unwrap());
    }
}

#[test]
fn followers_poll() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let mut b = candidate("b", &store);
    run(&mut [&mut a, &mut b], 3_600.0);
    assert_eq!(b.asked(), ["read"]);
}
