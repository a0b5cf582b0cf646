//! Elections over one store in memory, and waiting for what they tell.

use std::sync::Arc;
use std::time::Duration;

use leasehold::lease_store::memory::MemoryStore;
use leasehold::{Config, Event, LeaderElection, Loss, LostReason, Subscription, Term};

/// How long a test waits for something that must happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn config() -> Config {
    Config::new("monolith-jobs")
}

/// A started candidate for the Lease in `store`.
pub(crate) fn candidate(store: &MemoryStore, config: &Config) -> LeaderElection {
    let election = LeaderElection::with_store(config, Arc::new(store.clone())).unwrap();
    election.start().unwrap();
    election
}

/// A started candidate that leads.
pub(crate) fn leader(store: &MemoryStore, config: &Config) -> LeaderElection {
    let election = candidate(store, config);
    election.wait_for_leadership(LIMIT).unwrap();
    election
}

pub(crate) fn next(events: &mut Subscription) -> Event {
    events
        .recv_timeout(LIMIT)
        .expect("an event within the limit")
}

/// Waits for the next term.
pub(crate) fn acquired(events: &mut Subscription) -> Term {
    loop {
        if let Event::Acquired(term) = next(events) {
            return term;
        }
    }
}

/// Waits for the end of a term. Its work goes on until the loss is dropped.
pub(crate) fn loss(events: &mut Subscription) -> Loss {
    loop {
        if let Event::Lost(loss) = next(events) {
            return loss;
        }
    }
}

/// Waits for the end of a term, lets go of its work, and returns why it ended.
pub(crate) fn lost(events: &mut Subscription) -> LostReason {
    loss(events).reason
}

/// Waits until the election has stopped.
pub(crate) fn stopped(events: &mut Subscription) {
    while !matches!(next(events), Event::Stopped) {}
}

/// Waits until `condition` holds.
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + LIMIT;
    while !condition() {
        assert!(
            std::time::Instant::now() < deadline,
            "never happened: {what}"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}
