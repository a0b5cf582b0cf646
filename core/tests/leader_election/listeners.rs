use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use leasehold::lease_store::memory::MemoryStore;
use leasehold::{Event, LeaderElection, Role, SingletonService, Term};

use crate::support::{LIMIT, config, eventually, leader, next};

#[test]
fn a_listener_that_comes_late_is_told_of_the_term_at_once() {
    let election = leader(&MemoryStore::new(), &config());
    let (tell, told) = mpsc::channel();
    let _registration = election
        .add_listener(move |event| {
            if let Event::Acquired(term) = event {
                tell.send(term.fencing_token()).unwrap();
            }
        })
        .unwrap();
    assert_eq!(
        told.recv_timeout(LIMIT).unwrap(),
        election.term().unwrap().fencing_token()
    );
}

#[test]
fn a_blocked_listener_blocks_neither_renewal_nor_the_other_listeners() {
    let store = MemoryStore::new();
    let election = leader(&store, &config().retry_period(Duration::from_millis(10)));
    let (release, blocked) = mpsc::channel::<()>();
    let _blocked = election
        .add_listener(move |_| blocked.recv().unwrap_or(()))
        .unwrap();
    let (tell, told) = mpsc::channel();
    let _other = election
        .add_listener(move |_| tell.send(()).unwrap())
        .unwrap();
    told.recv_timeout(LIMIT).unwrap();
    let version = store.get().unwrap().version;
    eventually("renewals go on", || {
        store.get().unwrap().version.0 > version.0 + 3
    });
    assert!(election.is_leader());
    drop(release);
}

#[test]
fn a_listener_that_panics_is_told_of_later_events_and_does_not_hold_the_lease() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let (tell, told) = mpsc::channel();
    let _registration = election
        .add_listener(move |event| {
            tell.send(matches!(event, Event::Lost(_))).unwrap();
            panic!("a defect of the application");
        })
        .unwrap();
    assert!(!told.recv_timeout(LIMIT).unwrap(), "the term comes first");
    election.stop().unwrap();
    while !told.recv_timeout(LIMIT).expect("then its end") {}
    assert_eq!(store.get().unwrap().record.holder, "");
}

#[test]
fn a_listener_is_no_longer_called_once_its_registration_is_dropped() {
    let election = leader(&MemoryStore::new(), &config());
    let (tell, told) = mpsc::channel();
    let registration = election
        .add_listener(move |_| tell.send(()).unwrap())
        .unwrap();
    told.recv_timeout(LIMIT).unwrap();
    drop(registration);
    // The listener, and with it the channel's sender, goes with its thread.
    while told.recv_timeout(LIMIT).is_ok() {}
    election.stop().unwrap();
}

#[test]
fn a_subscription_ends_when_its_registration_is_dropped_after_what_was_told_before() {
    let election = leader(&MemoryStore::new(), &config());
    let (mut events, registration) = election.subscribe().unwrap().registered();
    drop(registration);
    assert!(matches!(next(&mut events), Event::Acquired(_)));
    let end = events.recv_timeout(LIMIT).unwrap_err();
    assert_eq!(end, RecvTimeoutError::Disconnected);
}

#[test]
fn a_subscription_that_looks_late_receives_nothing_that_happens_after_its_registration_is_dropped()
{
    let store = Arc::new(MemoryStore::new());
    let election = LeaderElection::with_store(&config(), store).unwrap();
    let (mut events, registration) = election.subscribe().unwrap().registered();
    drop(registration);
    election.start().unwrap();
    election.wait_for_leadership(LIMIT).unwrap();
    let end = events.recv_timeout(LIMIT).unwrap_err();
    assert_eq!(end, RecvTimeoutError::Disconnected);
}

#[test]
fn a_term_that_ends_while_a_removed_service_stops_is_released_after_it() {
    struct SlowStop(Sender<&'static str>, Receiver<()>);
    impl SingletonService for SlowStop {
        fn start(&mut self, _: &Term) {
            self.0.send("start").unwrap();
        }

        fn stop(&mut self) {
            self.0.send("stopping").unwrap();
            let _ = self.1.recv();
        }
    }

    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let (tell, service) = mpsc::channel();
    let (go_on, gate) = mpsc::channel();
    let registration = election
        .add_singleton_service(SlowStop(tell, gate))
        .unwrap();
    assert_eq!(told(&service), "start");
    drop(registration);
    assert_eq!(told(&service), "stopping");

    election.request_stop().unwrap();
    eventually("it waits", || election.status().role == Role::Draining);
    assert_ne!(store.get().unwrap().record.holder, "");
    go_on.send(()).unwrap();
    eventually("it is released", || {
        store.get().unwrap().record.holder.is_empty()
    });
}

/// Tells what it was told.
struct Service(Sender<&'static str>);

impl SingletonService for Service {
    fn start(&mut self, term: &Term) {
        assert!(term.is_valid());
        self.0.send("start").unwrap();
    }

    fn stop(&mut self) {
        self.0.send("stop").unwrap();
    }
}

fn told(service: &Receiver<&'static str>) -> &'static str {
    service.recv_timeout(LIMIT).unwrap()
}

#[test]
fn a_singleton_service_has_stopped_before_the_lease_is_released() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let (tell, service) = mpsc::channel();
    let _registration = election.add_singleton_service(Service(tell)).unwrap();
    assert_eq!(told(&service), "start");
    election.stop().unwrap();
    assert_eq!(service.try_recv(), Ok("stop"), "before stop() returned");
    assert_eq!(store.get().unwrap().record.holder, "");
}

#[test]
fn a_singleton_service_that_is_removed_while_it_runs_is_stopped() {
    let election = leader(&MemoryStore::new(), &config());
    let (tell, service) = mpsc::channel();
    let registration = election.add_singleton_service(Service(tell)).unwrap();
    assert_eq!(told(&service), "start");
    drop(registration);
    assert_eq!(told(&service), "stop");
    assert!(election.is_leader());
}
