use std::time::Duration;

use leasehold::bindings::ForeignElection;
use leasehold::lease_store::memory::MemoryStore;
use leasehold::{LeaderElection, LostReason, Role};

use crate::support::{acquired, candidate, config, eventually, leader, lost};

/// client-go `HealthzAdaptor`: healthy before it started, as leader, and as standby.
#[test]
fn an_election_is_healthy_whether_it_leads_or_not() {
    let store = MemoryStore::new();
    let idle = LeaderElection::with_store(&config(), std::sync::Arc::new(store.clone())).unwrap();
    let first = leader(&store, &config());
    let second = candidate(&store, &config());
    for election in [&idle, &first, &second] {
        election.check_health(Duration::ZERO).unwrap();
    }
}

#[test]
fn an_application_without_a_sign_of_life_no_longer_leads_and_does_not_release() {
    let store = MemoryStore::new();
    let config = config()
        .identity("first")
        .stall_timeout(Duration::from_millis(50));
    let election = candidate(&store, &config);
    let mut events = election.subscribe().unwrap();
    acquired(&mut events);
    election.sign_of_life();
    assert_eq!(lost(&mut events), LostReason::Stalled);
    assert!(!election.is_leader());
    eventually("it says so", || election.status().role == Role::Stalled);
    assert_eq!(store.get().unwrap().record.holder, "first");
    // It lives on, with a sign of life that a machine may hold up now and then.
    eventually("it leads again", || {
        election.sign_of_life();
        election.is_leader()
    });
    acquired(&mut events);
}

#[test]
fn signs_of_life_are_due_several_times_within_the_stall_timeout() {
    let period = |timeout| {
        let config = config().stall_timeout(Duration::from_secs(timeout));
        let election = LeaderElection::new(&config).unwrap();
        election.sign_of_life_period()
    };
    assert!(period(30).unwrap() * 3 < Duration::from_secs(30));
    assert_eq!(period(0), None, "nobody watches");
}

#[test]
fn an_application_that_never_gave_a_sign_of_life_is_not_watched() {
    let store = MemoryStore::new();
    let config = config()
        .stall_timeout(Duration::from_millis(1))
        .retry_period(Duration::from_millis(10));
    let election = leader(&store, &config);
    let version = store.get().unwrap().version;
    eventually("renewals go on", || {
        store.get().unwrap().version.0 > version.0 + 3
    });
    assert!(election.is_leader());
}

#[test]
fn metrics_carry_client_gos_names_and_the_answer_of_now() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let metrics = election.metrics();
    for line in [
        "leader_election_master_status{name=\"monolith-jobs\"} 1",
        "leasehold_failing{name=\"monolith-jobs\"} 0",
        "leader_election_slowpath_total{name=\"monolith-jobs\"} 0",
        "leasehold_terms_total{name=\"monolith-jobs\"} 1",
        "leasehold_losses_total{name=\"monolith-jobs\",reason=\"expired\"} 0",
        "leasehold_requests_total{name=\"monolith-jobs\",verb=\"create\",outcome=\"ok\"} 1",
    ] {
        assert!(
            metrics.lines().any(|found| found == line),
            "no {line:?} in\n{metrics}"
        );
    }
    election.stop().unwrap();
    let metrics = election.metrics();
    for line in [
        "leader_election_master_status{name=\"monolith-jobs\"} 0",
        "leasehold_losses_total{name=\"monolith-jobs\",reason=\"stopped\"} 1",
    ] {
        assert!(
            metrics.lines().any(|found| found == line),
            "no {line:?} in\n{metrics}"
        );
    }
}
