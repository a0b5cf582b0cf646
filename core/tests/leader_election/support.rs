//! Elections over one store in memory.

use std::sync::Arc;

use leasehold::lease_store::memory::MemoryStore;
use leasehold::{Config, Event, LeaderElection, LostReason, Subscription};

pub(crate) use crate::common::{LIMIT, acquired, eventually, loss, next};

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

/// Waits for the end of a term, lets go of its work, and returns why it ended.
pub(crate) fn lost(events: &mut Subscription) -> LostReason {
    loss(events).reason
}

/// Waits until the election has stopped.
pub(crate) fn stopped(events: &mut Subscription) {
    while !matches!(next(events), Event::Stopped) {}
}
