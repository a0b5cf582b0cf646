//! The driver in virtual time: what it does after a defect, and in the run after one that left work behind.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_core::stream::BoxStream;
use tokio::task::JoinHandle;

use super::*;
use crate::clock::WallTime;
use crate::config::Mode;
use crate::events::WorkGuard;
use crate::leadership::{Leadership, Longest, Term};
use crate::lease_record::{LeaseRecord, ResourceVersion};
use crate::lease_store::memory::MemoryStore;
use crate::lease_store::{Result as StoreResult, WatchEvent};
use crate::shared::Need;

/// Longer than the pause after a defect, and than a Lease lasts.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(60);
/// From when a term may begin until it has: attempts are so far apart, with their jitter.
const ATTEMPT: Duration = Duration::from_secs(3);

/// Longer than anything here takes, in virtual time.
const LIMIT: Duration = Duration::from_secs(600);

/// The test's store and the election's.
const WATCHES_WHEN_NONE_IS_OPEN: usize = 2;

/// A store that refuses writes, or panics at one, when it is told to.
#[derive(Clone, Default)]
struct Faulty {
    store: MemoryStore,
    panics: Arc<AtomicBool>,
    refuses: Arc<AtomicBool>,
    /// Watches that are open.
    watches: Arc<()>,
    settled: Arc<AtomicBool>,
}

impl Faulty {
    fn check(&self) -> StoreResult<()> {
        assert!(!self.panics.swap(false, Ordering::Relaxed), "a defect");
        if self.refuses.load(Ordering::Relaxed) {
            let error = Error::new(ErrorKind::Unavailable, "as the test says");
            return Err(error.into());
        }
        Ok(())
    }
}

impl LeaseStore for Faulty {
    fn read(&self) -> BoxFuture<'_, StoreResult<Option<StoredLease>>> {
        self.store.read()
    }

    fn create(&self, record: LeaseRecord) -> BoxFuture<'_, StoreResult<StoredLease>> {
        Box::pin(async move {
            self.check()?;
            self.store.create(record).await
        })
    }

    fn replace(
        &self,
        seen: StoredLease,
        record: LeaseRecord,
    ) -> BoxFuture<'_, StoreResult<StoredLease>> {
        Box::pin(async move {
            self.check()?;
            self.store.replace(seen, record).await
        })
    }

    fn watch(&self, from: ResourceVersion) -> BoxStream<'_, StoreResult<WatchEvent>> {
        let open = self.watches.clone();
        let watch = self.store.watch(from);
        Box::pin(watch.inspect(move |_| drop(open.clone())))
    }

    /// As a store does that counts what it was asked.
    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            while Arc::strong_count(&self.watches) > WATCHES_WHEN_NONE_IS_OPEN {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            self.settled.store(true, Ordering::Relaxed);
        })
    }
}

struct Driven {
    store: Faulty,
    shared: Arc<Shared>,
    clock: Clock,
    stall_timeout: Option<Duration>,
}

impl Driven {
    fn new() -> Self {
        let clock = Clock::simulated(WallTime::default());
        let longest = Longest {
            term: Duration::from_secs(10),
            work: Duration::from_secs(15),
        };
        let leadership = Leadership::new(clock, longest).unwrap();
        Self {
            store: Faulty::default(),
            shared: Arc::new(Shared::new("jobs", Mode::Kubernetes, leadership)),
            clock,
            stall_timeout: None,
        }
    }

    /// Starts a run, which ends when it is stopped.
    fn start(&self) -> JoinHandle<()> {
        let begun = self.shared.begin("a", "it starts", Need::Application);
        let (_, commands) = begun.expect("none runs");
        let elector = Elector {
            identity: "a".to_owned(),
            seed: 1,
            settings: Settings {
                lease_duration: Duration::from_secs(15),
                renew_deadline: Duration::from_secs(10),
                retry_period: Duration::from_secs(2),
                drain_timeout: DRAIN_TIMEOUT,
                release_on_stop: true,
                reclaim: false,
                spread: Duration::ZERO,
                preference: 0,
            },
            stall_timeout: self.stall_timeout,
            store: Arc::new(self.store.clone()),
            prover: Arc::new(NoProof),
            signs: SignWriters::default(),
            on_demand: false,
            led: Arc::default(),
            shared: self.shared.clone(),
            commands,
        };
        tokio::spawn(elector.run())
    }

    async fn term(&self) -> Term {
        let term = self.shared.await_term().expect("it runs");
        within_limit(term).await.expect("a term")
    }

    /// Begins work, has the term under it end, and returns the work and when that was.
    async fn outlast(&self, fault: &AtomicBool) -> (WorkGuard, Instant) {
        self.term().await;
        let (_, work, end) = self.shared.work_and_end().expect("it leads");
        fault.store(true, Ordering::Relaxed);
        within_limit(end).await.unwrap_err();
        (work, self.clock.now())
    }
}

async fn within_limit<T>(wait: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(LIMIT, wait).await;
    outcome.expect("it comes within the limit")
}

#[tokio::test(start_paused = true)]
async fn no_term_begins_beside_work_whose_term_a_defect_has_ended() {
    let driven = Driven::new();
    driven.start();
    let (_work, ended_at) = driven.outlast(&driven.store.panics).await;
    driven.term().await;
    let waited = driven.clock.now().since(ended_at);
    assert!(waited >= DRAIN_TIMEOUT, "{waited:?}");
    assert!(waited < DRAIN_TIMEOUT + ATTEMPT, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_such_work_lets_the_next_term_begin() {
    let driven = Driven::new();
    driven.start();
    let (work, ended_at) = driven.outlast(&driven.store.panics).await;
    let worked = DRAIN_TIMEOUT / 2;
    tokio::time::sleep(worked).await;
    drop(work);
    driven.term().await;
    let waited = driven.clock.now().since(ended_at);
    assert!(waited >= worked, "{waited:?}");
    assert!(waited < worked + ATTEMPT, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn no_term_of_the_next_run_begins_beside_work_that_the_last_one_has_left() {
    let driven = Driven::new();
    let run = driven.start();
    let (_work, ended_at) = driven.outlast(&driven.store.refuses).await;
    driven.shared.command(Command::Stop(None)).unwrap();
    within_limit(run).await.unwrap();
    driven.store.refuses.store(false, Ordering::Relaxed);
    driven.start();
    driven.term().await;
    let waited = driven.clock.now().since(ended_at);
    assert!(waited >= DRAIN_TIMEOUT, "{waited:?}");
    assert!(
        waited < DRAIN_TIMEOUT + ATTEMPT,
        "its grace, once: {waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_term_at_once_and_releases_the_lease_when_the_work_has_ended() {
    let driven = Driven::new();
    let run = driven.start();
    driven.term().await;
    let (_, work) = driven.shared.work().unwrap();
    driven.shared.command(Command::Stop(None)).unwrap();
    assert!(!driven.shared.leadership().is_leader());
    let holder = || driven.store.store.get().unwrap().record.holder;
    let renewed_at = driven.store.store.get().unwrap().version;
    tokio::time::sleep(DRAIN_TIMEOUT / 2).await;
    assert_eq!(holder(), "a");
    assert!(driven.store.store.get().unwrap().version > renewed_at);
    drop(work);
    within_limit(run).await.unwrap();
    assert_eq!(holder(), "");
}

#[tokio::test(start_paused = true)]
async fn a_store_settles_when_all_that_it_was_asked_is_dropped() {
    let driven = Driven::new();
    let run = driven.start();
    driven.term().await;
    let stopped_at = driven.clock.now();
    driven.shared.command(Command::Stop(None)).unwrap();
    within_limit(run).await.unwrap();
    assert!(driven.store.settled.load(Ordering::Relaxed));
    let waited = driven.clock.now().since(stopped_at);
    assert!(waited < Duration::from_secs(1), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_store_settles_before_a_stop_that_a_defect_overtakes_is_told() {
    let driven = Driven::new();
    let run = driven.start();
    driven.term().await;
    let (_, work) = driven.shared.work().unwrap();
    driven.shared.command(Command::Stop(None)).unwrap();
    driven.store.panics.store(true, Ordering::Relaxed);
    within_limit(run).await.unwrap();
    drop(work);
    assert!(driven.store.settled.load(Ordering::Relaxed));
    assert!(!driven.shared.is_running());
}

#[tokio::test(start_paused = true)]
async fn who_steps_down_releases_the_lease_and_leads_again_after_a_lease_duration() {
    let driven = Driven::new();
    driven.start();
    let first = driven.term().await;
    let stepped_down_at = driven.clock.now();
    driven.shared.command(Command::StepDown).unwrap();
    assert!(!driven.shared.leadership().is_leader());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(driven.store.store.get().unwrap().record.holder, "");
    let second = driven.term().await;
    assert!(second.number() > first.number());
    assert!(second.is_valid() && !first.is_valid());
    let waited = driven.clock.now().since(stepped_down_at);
    assert!(waited >= Duration::from_secs(15), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn who_shows_no_sign_of_life_neither_leads_nor_renews_until_there_is_one() {
    let mut driven = Driven::new();
    driven.stall_timeout = Some(Duration::from_secs(5));
    driven.shared.leadership().note_sign_of_life();
    driven.start();
    driven.term().await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    driven.shared.sign_of_life();
    tokio::time::sleep(Duration::from_millis(4_900)).await;
    assert!(driven.shared.leadership().is_leader());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!driven.shared.leadership().is_leader());
    let version = driven.store.store.get().unwrap().version;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(driven.store.store.get().unwrap().version, version);
    driven.shared.sign_of_life();
    assert_eq!(driven.term().await.number(), 2);
}
