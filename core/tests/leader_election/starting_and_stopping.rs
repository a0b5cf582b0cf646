use std::time::Duration;

use leasehold::lease_store::memory::MemoryStore;
use leasehold::{Config, ErrorKind, LeaderElection, LostReason, Mode, Role};

use crate::support::{LIMIT, acquired, candidate, config, eventually, leader, lost, stopped};

#[test]
fn the_first_candidate_leads_and_the_second_follows() {
    let store = MemoryStore::new();
    let first = leader(&store, &config().identity("first"));
    let second = candidate(&store, &config().identity("second"));
    eventually("the second sees the first", || {
        second.leader().as_deref() == Some("first")
    });
    assert!(first.is_leader());
    assert!(!second.is_leader());
    assert_eq!(second.status().role, Role::Candidate);
    let why = second.status().why_not_leading.unwrap();
    assert!(why.starts_with("`first` holds the Lease"), "{why}");
}

#[test]
fn stopping_releases_the_lease_and_a_standby_takes_over_with_a_larger_token() {
    let store = MemoryStore::new();
    let first = leader(&store, &config());
    let second = candidate(&store, &config());
    let first_token = first.term().unwrap().fencing_token();
    let mut events = second.subscribe().unwrap();
    first.stop().unwrap();
    assert!(!first.is_leader());
    let second_token = acquired(&mut events).fencing_token();
    assert!(second_token > first_token);
}

#[test]
fn without_release_on_stop_the_lease_is_left_to_expire() {
    let store = MemoryStore::new();
    let first = leader(&store, &config().identity("first").release_on_stop(false));
    first.stop().unwrap();
    assert_eq!(store.get().unwrap().record.holder, "first");
}

#[test]
fn stop_may_be_called_twice_and_before_start_and_start_again_after_it() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let first_identity = election.status().identity.unwrap();
    election.stop().unwrap();
    election.stop().unwrap();
    assert_eq!(election.status().role, Role::Stopped);
    election.start().unwrap();
    election.start().unwrap();
    election.wait_for_leadership(LIMIT).unwrap();
    assert_ne!(election.status().identity.unwrap(), first_identity);
}

#[test]
fn who_has_been_started_is_a_candidate_at_once_the_second_time_as_well() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    election.stop().unwrap();
    assert_eq!(election.status().role, Role::Stopped);
    for _ in 0..100 {
        election.start().unwrap();
        assert_ne!(election.status().role, Role::Stopped);
        election.stop().unwrap();
    }
}

#[test]
fn an_election_that_never_leads_says_so_from_the_start() {
    let election = LeaderElection::new(&Config::new("jobs").mode(Mode::Never)).unwrap();
    for _ in 0..100 {
        election.start().unwrap();
        let why = election.status().why_not_leading;
        assert_eq!(why.as_deref(), Some("the mode is `never`"));
        election.stop().unwrap();
    }
}

#[test]
fn an_election_that_always_leads_does_so_when_start_has_returned() {
    let election = LeaderElection::new(&Config::new("jobs").mode(Mode::Always)).unwrap();
    for _ in 0..100 {
        election.start().unwrap();
        assert!(election.is_leader());
        election.stop().unwrap();
    }
}

#[test]
fn a_term_of_an_earlier_run_is_over_though_the_same_election_leads_again() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let old = election.term().unwrap();
    election.stop().unwrap();
    election.start().unwrap();
    let new = election.wait_for_leadership(LIMIT).unwrap();
    assert!(new.is_valid());
    assert!(!old.is_valid());
    assert_eq!(old.remaining(), Duration::ZERO);
    assert_eq!(old.check().unwrap_err().kind(), ErrorKind::LeadershipLost);
}

#[test]
fn dropping_an_election_releases_its_lease() {
    let store = MemoryStore::new();
    drop(leader(&store, &config()));
    assert_eq!(store.get().unwrap().record.holder, "");
}

#[test]
fn each_term_has_its_own_acquired_and_lost_event() {
    let store = MemoryStore::new();
    let short = config()
        .lease_duration(Duration::from_secs(11))
        .renew_deadline(Duration::from_secs(10))
        .retry_period(Duration::from_millis(100));
    let election = candidate(&store, &short);
    let mut events = election.subscribe().unwrap();
    let first = acquired(&mut events);
    election.step_down().unwrap();
    assert_eq!(lost(&mut events), LostReason::SteppedDown);
    assert!(!first.is_valid());
    assert_eq!(first.check().unwrap_err().kind(), ErrorKind::LeadershipLost);
    let second = acquired(&mut events);
    assert!(second.is_valid());
    assert!(!first.is_valid());
    assert!(second.fencing_token() > first.fencing_token());
    election.request_stop().unwrap();
    assert_eq!(lost(&mut events), LostReason::Stopped);
    stopped(&mut events);
}

#[test]
fn a_foreign_holder_ends_the_term_at_once() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let mut events = election.subscribe().unwrap();
    store.edit(|record| {
        record.holder = "somebody-else".to_owned();
        record.renew_time = record.acquire_time;
    });
    assert_eq!(lost(&mut events), LostReason::Superseded);
    assert!(!election.is_leader());
}

#[test]
fn waiting_for_leadership_says_why_it_was_in_vain() {
    let store = MemoryStore::new();
    let _leader = leader(&store, &config().identity("busy"));
    let standby = candidate(&store, &config());
    eventually("the standby knows the leader", || {
        standby.leader().is_some()
    });
    let error = standby.wait_for_leadership(Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(
        error.message().contains("`busy` holds the Lease"),
        "{error}"
    );
    standby.stop().unwrap();
    let error = standby.wait_for_leadership(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[test]
fn a_hundred_elections_share_one_background_thread() {
    let stores: Vec<_> = (0..100).map(|_| MemoryStore::new()).collect();
    let elections: Vec<_> = stores
        .iter()
        .map(|store| leader(store, &config()))
        .collect();
    assert!(elections.iter().all(leasehold::LeaderElection::is_leader));
    #[cfg(target_os = "linux")]
    {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let background = tasks
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
            .filter(|name| name.trim() == "leasehold")
            .count();
        assert_eq!(background, 1);
    }
}

#[test]
fn the_answer_is_false_when_a_request_to_stop_or_step_down_returns() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    for _ in 0..200 {
        election.request_stop().unwrap();
        assert!(!election.is_leader() && election.term().is_none());
        election.stop().unwrap();
        assert!(!election.is_leader());
        election.start().unwrap();
        election.wait_for_leadership(LIMIT).unwrap();
    }
    for _ in 0..50 {
        let election = leader(&MemoryStore::new(), &config());
        election.step_down().unwrap();
        assert!(!election.is_leader() && election.term().is_none());
    }
}
