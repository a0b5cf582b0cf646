//! A panic on the background thread ends the term, and is survived.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use leasehold::bindings::ForeignElection;
use leasehold::lease_record::{LeaseRecord, ResourceVersion, StoredLease};
use leasehold::lease_store::memory::MemoryStore;
use leasehold::lease_store::{LeaseStore, Result, WatchEvent};
use leasehold::{ErrorKind, Event, LeaderElection, Locks, LostReason};

use crate::support::{LIMIT, acquired, config, lost, next, stopped};

/// A store with a defect, once.
#[derive(Clone, Default)]
struct Defective {
    store: MemoryStore,
    panics: Arc<AtomicBool>,
}

impl LeaseStore for Defective {
    fn read(&self) -> BoxFuture<'_, Result<Option<StoredLease>>> {
        self.store.read()
    }

    fn create(&self, record: LeaseRecord) -> BoxFuture<'_, Result<StoredLease>> {
        assert!(!self.panics.swap(false, Ordering::Relaxed), "a defect");
        self.store.create(record)
    }

    fn replace(
        &self,
        seen: StoredLease,
        record: LeaseRecord,
    ) -> BoxFuture<'_, Result<StoredLease>> {
        assert!(!self.panics.swap(false, Ordering::Relaxed), "a defect");
        self.store.replace(seen, record)
    }

    fn watch(&self, from: ResourceVersion) -> BoxStream<'_, Result<WatchEvent>> {
        self.store.watch(from)
    }
}

#[test]
fn a_panic_ends_the_term_and_its_unfinished_work_still_keeps_the_lease() {
    let store = Defective::default();
    let config = config()
        .identity("first")
        .lease_duration(Duration::from_secs(11))
        .renew_deadline(Duration::from_secs(10))
        .retry_period(Duration::from_millis(50))
        .drain_timeout(Duration::from_secs(1));
    let election = LeaderElection::with_store(&config, Arc::new(store.clone())).unwrap();
    election.start().unwrap();
    let mut events = election.subscribe().unwrap();
    let first = acquired(&mut events);
    let work = election.begin_work().unwrap();

    store.panics.store(true, Ordering::Relaxed);
    assert_eq!(lost(&mut events), LostReason::Expired);
    let Event::RenewalFailing(error) = next(&mut events) else {
        panic!("the defect is not reported");
    };
    assert_eq!(error.kind(), ErrorKind::Internal);

    // Its work has had its grace, and goes on.
    let second = acquired(&mut events);
    assert!(second.fencing_token() > first.fencing_token());
    election.request_stop().unwrap();
    stopped(&mut events);
    assert_eq!(store.store.get().unwrap().record.holder, "first");

    drop((work, events));
    // It would expire in the end.
    store.store.delete();
    election.start().unwrap();
    election.wait_for_leadership(LIMIT).unwrap();
    election.stop().unwrap();
    assert!(store.store.get().unwrap().record.holder.is_empty());
}

#[test]
fn a_panic_keeps_nobody_waiting_who_wants_a_lock_or_gives_it_back() {
    let store = Defective::default();
    let config = config()
        .lease_duration(Duration::from_secs(1))
        .renew_deadline(Duration::from_millis(800))
        .retry_period(Duration::from_millis(50));
    let stored = store.clone();
    let locks = Locks::with_stores(&config, move |_| Arc::new(stored.clone())).unwrap();
    let (sender, answers) = mpsc::channel();
    let panics = store.panics.clone();
    thread::spawn(move || {
        panics.store(true, Ordering::Relaxed);
        let wanted = locks.try_lock("job").map(drop);
        sender.send(wanted.unwrap_err().kind()).unwrap();
        let held = locks.lock("job", LIMIT).unwrap();
        panics.store(true, Ordering::Relaxed);
        assert!(!held.release());
        sender.send(ErrorKind::LeadershipLost).unwrap();
    });
    assert_eq!(answers.recv_timeout(LIMIT), Ok(ErrorKind::Internal));
    assert_eq!(answers.recv_timeout(LIMIT), Ok(ErrorKind::LeadershipLost));
}
