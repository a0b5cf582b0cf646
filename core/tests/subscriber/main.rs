//! A `tracing` subscriber of the application, which the election never waits for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use leasehold::lease_store::memory::MemoryStore;
use leasehold::{Config, LeaderElection};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const LIMIT: Duration = Duration::from_secs(60);

static EVENTS: AtomicU32 = AtomicU32::new(0);
static BLOCKS: AtomicBool = AtomicBool::new(false);
static IS_BLOCKED: AtomicBool = AtomicBool::new(false);

/// Panics at each event of Leasehold, or never returns from it.
struct Hostile;

impl Subscriber for Hostile {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("leasehold")
    }

    fn event(&self, _: &Event<'_>) {
        // What happens on the application's own threads is its own affair.
        if !thread::current()
            .name()
            .is_some_and(|name| name.starts_with("leasehold"))
        {
            return;
        }
        EVENTS.fetch_add(1, Ordering::Relaxed);
        while BLOCKS.load(Ordering::Relaxed) {
            IS_BLOCKED.store(true, Ordering::Relaxed);
            thread::park();
        }
        panic!("a subscriber that panics");
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < deadline, "never happened: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Leads, renews, and stops.
fn an_election() {
    let store = MemoryStore::new();
    let config = Config::new("jobs").retry_period(Duration::from_millis(50));
    let election = LeaderElection::with_store(&config, Arc::new(store.clone())).unwrap();
    election.start().unwrap();
    election.wait_for_leadership(LIMIT).unwrap();
    let version = || store.get().unwrap().version.0;
    let begun = version();
    eventually("it renews", || version() > begun + 40);
    election.stop().unwrap();
    assert!(store.get().unwrap().record.holder.is_empty());
}

#[test]
fn a_subscriber_that_panics_or_blocks_does_not_touch_the_election() {
    an_election();
    let prepared = LevelFilter::current();
    assert_eq!(prepared, LevelFilter::OFF, "without a subscriber");

    tracing::subscriber::set_global_default(Hostile).unwrap();
    an_election();
    let events = || EVENTS.load(Ordering::Relaxed);
    eventually("it still gets later events", || events() > 1);

    BLOCKS.store(true, Ordering::Relaxed);
    an_election();
    eventually("it blocks", || IS_BLOCKED.load(Ordering::Relaxed));
}
