//! Locks as applications hold them, over Leases in memory.

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "what elections tell")]
mod common;

use std::collections::HashMap;
use std::future::pending;
use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::stream;
use leasehold::clock::WallTime;
use leasehold::lease_record::{LeaseRecord, ResourceVersion, StoredLease};
use leasehold::lease_store::memory::MemoryStore;
use leasehold::lease_store::{LeaseStore, Result, WatchEvent};
use leasehold::{Config, ErrorKind, HeldLock, LockRequest, Locks, LostReason, Mode};

use crate::common::{LIMIT, eventually};

/// Leases by name.
#[derive(Clone, Default)]
struct Cluster(Arc<Mutex<HashMap<String, MemoryStore>>>);

impl Cluster {
    fn lease(&self, name: &str) -> MemoryStore {
        let mut leases = self.0.lock().unwrap();
        leases.entry(name.to_owned()).or_default().clone()
    }

    fn locks(&self) -> Locks {
        self.locks_with(&config())
    }

    fn locks_with(&self, config: &Config) -> Locks {
        let cluster = self.clone();
        Locks::with_stores(config, move |name| Arc::new(cluster.lease(name))).unwrap()
    }

    fn is_held(&self, name: &str) -> bool {
        self.lease(name).get().is_some_and(|it| it.record.is_held())
    }
}

/// Others wait for a day, so that nothing happens but by a release.
fn config() -> Config {
    Config::from_env()
        .lease_duration(Duration::from_secs(86_400))
        .renew_deadline(Duration::from_secs(3_600))
}

fn quick() -> Config {
    Config::from_env()
        .lease_duration(Duration::from_secs(5))
        .renew_deadline(Duration::from_secs(4))
        .retry_period(Duration::from_millis(100))
}

/// What a holder that has crashed leaves behind.
fn left_behind(seconds: i32) -> LeaseRecord {
    LeaseRecord {
        holder: "crashed".to_owned(),
        lease_duration_seconds: Some(seconds),
        acquire_time: Some(WallTime::from_micros(1)),
        renew_time: Some(WallTime::from_micros(1)),
        ..LeaseRecord::default()
    }
}

#[test]
fn a_lock_is_held_by_one_and_given_back() {
    let cluster = Cluster::default();
    let (here, there) = (cluster.locks(), cluster.locks());
    let held = here.try_lock("job").unwrap().unwrap();
    assert!(held.is_held() && held.remaining() > Duration::ZERO);
    assert_eq!(held.name(), "job");
    assert!(there.try_lock("job").unwrap().is_none());
    assert!(there.try_lock("other").unwrap().is_some());

    let token = held.fencing_token();
    assert!(held.release());
    let next = there.try_lock("job").unwrap().unwrap();
    assert!(next.fencing_token() > token);
    assert!(next.release());
}

#[test]
fn two_threads_exclude_each_other_and_the_second_has_its_turn() {
    let cluster = Cluster::default();
    let locks = Arc::new(cluster.locks());
    let first = locks.try_lock("job").unwrap().unwrap();
    assert!(locks.try_lock("job").unwrap().is_none());
    let (sender, second) = mpsc::channel();
    let waiting = locks.clone();
    thread::spawn(move || sender.send(waiting.lock("job", LIMIT).unwrap()).unwrap());
    assert!(first.is_held());
    assert!(first.release());
    let second: HeldLock = second.recv_timeout(LIMIT).unwrap();
    assert!(second.is_held());
}

/// A store that keeps the background thread busy until it is told otherwise.
struct Busy(Mutex<mpsc::Receiver<()>>, mpsc::Sender<()>);

impl LeaseStore for Busy {
    fn read(&self) -> BoxFuture<'_, Result<Option<StoredLease>>> {
        self.1.send(()).unwrap();
        let _ = self.0.lock().unwrap().recv();
        Box::pin(pending())
    }

    fn create(&self, _: LeaseRecord) -> BoxFuture<'_, Result<StoredLease>> {
        Box::pin(pending())
    }

    fn replace(&self, _: StoredLease, _: LeaseRecord) -> BoxFuture<'_, Result<StoredLease>> {
        Box::pin(pending())
    }

    fn watch(&self, _: ResourceVersion) -> BoxStream<'_, Result<WatchEvent>> {
        Box::pin(stream::pending())
    }
}

#[test]
fn who_is_next_before_the_release_has_begun_hears_nothing_of_the_holder_before() {
    let cluster = Cluster::default();
    let locks = cluster.locks_with(&config().drain_timeout(LIMIT));
    let first = locks.try_lock("job").unwrap().unwrap();
    let (sender, is_busy) = mpsc::channel();
    let (free, until_free) = mpsc::channel();
    let busy = Arc::new(Busy(Mutex::new(until_free), sender));
    let other = Locks::with_stores(&config(), move |_| busy.clone()).unwrap();
    other.observe("busy").unwrap();
    is_busy.recv_timeout(LIMIT).unwrap();

    // The second is to look for its turn before the election learns of the release.
    let second = locks.lock_async("job", LIMIT);
    let released = first.release_async();
    drop(free);
    assert!(futures_executor::block_on(released));
    let mut second = futures_executor::block_on(second).unwrap();
    assert!(second.wait_for_loss(Duration::from_millis(1)).is_none());
    assert!(second.release());
}

#[test]
fn a_dropped_lock_is_given_back() {
    let cluster = Cluster::default();
    let locks = cluster.locks();
    drop(locks.try_lock("job").unwrap().unwrap());
    eventually("the Lease is released", || !cluster.is_held("job"));
    assert!(cluster.locks().lock("job", LIMIT).unwrap().is_held());
}

#[test]
fn a_lock_outlives_the_locks_it_came_from() {
    let cluster = Cluster::default();
    let locks = cluster.locks();
    let held = locks.try_lock("job").unwrap().unwrap();
    drop(locks);
    assert!(held.is_held());
    assert!(held.release());
}

#[test]
fn a_wait_in_vain_says_who_holds_the_lock() {
    let cluster = Cluster::default();
    cluster.lease("job").put_foreign(left_behind(86_400));
    let locks = cluster.locks();
    let error = locks.lock("job", Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let message = "`job` is not acquired after 50ms: `crashed` holds the Lease";
    assert_eq!(error.message(), message);
}

/// A store that tells when it is watched, which is after what was read is known.
struct Watched(MemoryStore, mpsc::Sender<()>);

impl LeaseStore for Watched {
    fn read(&self) -> BoxFuture<'_, Result<Option<StoredLease>>> {
        self.0.read()
    }

    fn create(&self, record: LeaseRecord) -> BoxFuture<'_, Result<StoredLease>> {
        self.0.create(record)
    }

    fn replace(
        &self,
        seen: StoredLease,
        record: LeaseRecord,
    ) -> BoxFuture<'_, Result<StoredLease>> {
        self.0.replace(seen, record)
    }

    fn watch(&self, from: ResourceVersion) -> BoxStream<'_, Result<WatchEvent>> {
        // Only the first time is waited for.
        let _ = self.1.send(());
        self.0.watch(from)
    }
}

#[test]
fn a_lock_that_was_left_behind_is_free_at_once_if_it_was_observed() {
    let cluster = Cluster::default();
    let lease = cluster.lease("job");
    lease.put_foreign(left_behind(1));
    let (sender, is_observed) = mpsc::channel();
    let watched = Arc::new(Watched(lease, sender));
    let observing = Locks::with_stores(&config(), move |_| watched.clone()).unwrap();
    let other = cluster.locks();
    observing.observe("job").unwrap();
    is_observed.recv_timeout(LIMIT).unwrap();
    thread::sleep(Duration::from_millis(1_500));
    assert!(
        other.try_lock("job").unwrap().is_none(),
        "seen for the first time"
    );
    assert!(observing.try_lock("job").unwrap().is_some());
}

#[test]
fn a_loss_is_told_and_waited_for() {
    let cluster = Cluster::default();
    let locks = cluster.locks();
    let mut held = locks.try_lock("job").unwrap().unwrap();
    let (sender, told) = mpsc::channel();
    held.on_loss(move |loss| {
        sender
            .send((loss.reason, loss.term.fencing_token()))
            .unwrap();
    })
    .unwrap();
    cluster.lease("job").put_foreign(left_behind(86_400));
    let loss = told.recv_timeout(LIMIT).unwrap();
    assert_eq!(loss, (LostReason::Superseded, held.fencing_token()));
    assert!(!held.is_held());
    assert!(!held.release(), "it is another's");
    assert_eq!(cluster.lease("job").get().unwrap().record.holder, "crashed");
}

#[test]
fn who_waits_for_a_loss_hears_of_it_and_of_nothing_else() {
    let cluster = Cluster::default();
    let locks = cluster.locks();
    let mut held = locks.try_lock("job").unwrap().unwrap();
    assert!(held.wait_for_loss(Duration::from_millis(20)).is_none());
    cluster.lease("job").delete();
    let loss = held.wait_for_loss(LIMIT).unwrap();
    assert_eq!(loss.reason, LostReason::Deleted);
}

#[test]
fn a_release_is_no_loss() {
    let cluster = Cluster::default();
    let locks = cluster.locks();
    let mut held = locks.try_lock("job").unwrap().unwrap();
    let (sender, told) = mpsc::channel();
    held.on_loss(move |loss| {
        sender.send(loss.reason).unwrap();
    })
    .unwrap();
    assert!(held.release());
    // The listener's end of the channel goes with its thread.
    assert_eq!(
        told.recv_timeout(LIMIT),
        Err(mpsc::RecvTimeoutError::Disconnected)
    );
}

#[test]
fn work_that_goes_on_for_too_long_loses_the_lock() {
    let cluster = Cluster::default();
    let locks = cluster.locks_with(&quick());
    let request = LockRequest::new("job").at_most(Duration::from_millis(300));
    let mut held = locks.try_lock(request).unwrap().unwrap();
    let loss = held.wait_for_loss(LIMIT).unwrap();
    assert_eq!(loss.reason, LostReason::LimitReached);
    drop(loss);
    assert!(!held.release());
    assert!(cluster.locks_with(&quick()).lock("job", LIMIT).is_ok());
}

#[test]
fn a_lock_is_kept_for_its_least_time() {
    let cluster = Cluster::default();
    let (here, there) = (cluster.locks(), cluster.locks());
    let request = LockRequest::new("job").at_least(Duration::from_secs(3_600));
    let held = here.try_lock(request).unwrap().unwrap();
    // Longer than a lease of these settings, and than this test may be held up.
    let two_days = Duration::from_secs(2 * 86_400);
    held.set_limits(None, two_days).unwrap();
    assert!(held.release());
    assert!(here.try_lock("job").unwrap().is_none());
    assert!(there.try_lock("job").unwrap().is_none());
    let record = cluster.lease("job").get().unwrap().record;
    assert!(
        record.lease_duration_seconds > Some(86_400 + 80_000),
        "{record:?}"
    );
}

#[test]
fn closing_tells_holders_and_waits_for_them() {
    let cluster = Cluster::default();
    let locks = cluster.locks();
    let mut held = locks.try_lock("job").unwrap().unwrap();
    thread::scope(|scope| {
        let closing = scope.spawn(|| locks.close());
        let loss = held.wait_for_loss(LIMIT).unwrap();
        assert_eq!(loss.reason, LostReason::Stopped);
        assert!(cluster.is_held("job"), "while the work goes on");
        drop(loss);
        assert!(held.release());
        closing.join().unwrap().unwrap();
    });
    assert!(!cluster.is_held("job"));
    let error = locks.try_lock("job").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[test]
fn a_close_that_is_awaited_begins_at_the_call_and_waits_for_holders() {
    let cluster = Cluster::default();
    let locks = cluster.locks();
    let mut held = locks.try_lock("job").unwrap().unwrap();
    let mut closed = pin!(locks.close_async());
    let loss = held.wait_for_loss(LIMIT).unwrap();
    assert_eq!(loss.reason, LostReason::Stopped);
    let look = &mut Context::from_waker(Waker::noop());
    assert!(closed.as_mut().poll(look).is_pending(), "the work goes on");
    let error = locks.try_lock("job").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    drop(loss);
    assert!(held.release());
    futures_executor::block_on(closed).unwrap();
    assert!(!cluster.is_held("job"));
}

#[test]
fn a_future_that_nobody_awaits_any_more_wants_nothing() {
    let cluster = Cluster::default();
    cluster.lease("job").put_foreign(left_behind(86_400));
    let locks = cluster.locks();
    drop(locks.lock_async("job", Duration::from_secs(86_400)));
    // It has made room for the next one.
    let error = locks.lock("job", Duration::from_millis(50)).unwrap_err();
    assert!(error.message().contains("`crashed`"), "{error}");
    cluster.lease("job").delete();
    let locks = cluster.locks();
    let held = futures_executor::block_on(locks.try_lock_async("job"))
        .unwrap()
        .unwrap();
    assert!(futures_executor::block_on(held.release_async()));
}

#[test]
fn locks_that_are_dropped_while_one_is_waited_for_hold_up_nobody() {
    let cluster = Cluster::default();
    cluster.lease("job").put_foreign(left_behind(86_400));
    let locks = cluster.locks();
    let waiting = locks.lock_async("job", Duration::from_secs(86_400));
    drop(locks);
    drop(waiting);
    let others = cluster.locks();
    assert!(others.try_lock("another").unwrap().unwrap().release());
}

#[test]
fn many_names_are_forgotten_and_acquired_again() {
    let cluster = Cluster::default();
    let locks = cluster.locks();
    let held = locks.try_lock("held").unwrap().unwrap();
    for _ in 0..2 {
        for number in 0..150 {
            let lock = locks.try_lock(format!("job-{number}")).unwrap().unwrap();
            assert!(lock.release());
        }
    }
    assert!(held.is_held());
    assert!(
        locks.try_lock("held").unwrap().is_none(),
        "in use, it is not forgotten"
    );
}

#[test]
fn modes_without_a_lease_lock_always_or_never() {
    let always = Locks::new(&Config::from_env().mode(Mode::Always)).unwrap();
    let held = always.try_lock("job").unwrap().unwrap();
    assert!(always.try_lock("job").unwrap().is_none());
    assert!(held.release());
    assert!(always.try_lock("job").unwrap().unwrap().release());

    let never = Locks::new(&Config::from_env().mode(Mode::Never)).unwrap();
    assert!(never.try_lock("job").unwrap().is_none());
    let error = never.lock("job", LIMIT).unwrap_err();
    assert_eq!(
        error.message(),
        "`job` is not acquired: the mode is `never`"
    );
}

#[test]
fn wrong_settings_are_named() {
    let error = Locks::new(&Config::from_env().retry_period(Duration::ZERO)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().starts_with("retry_period"), "{error}");
}

#[test]
fn a_least_time_above_the_most_is_refused() {
    let locks = Cluster::default().locks();
    let (at_most, at_least) = (Duration::from_secs(1), Duration::from_secs(2));
    let request = LockRequest::new("job").at_most(at_most).at_least(at_least);
    let held = locks.try_lock("job").unwrap().unwrap();
    for error in [
        locks.try_lock(request.clone()).unwrap_err(),
        locks.lock(request, LIMIT).unwrap_err(),
        held.set_limits(Some(at_most), at_least).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Config);
        let named = "at_least = 2s: it is longer than at_most = 1s";
        assert!(error.message().starts_with(named), "{error}");
    }
    held.set_limits(Some(at_most), at_most).unwrap();
}
