//! Elections of one process that spread over processes know of each other.

use std::time::Duration;

use leasehold::Config;
use leasehold::lease_store::memory::MemoryStore;

use crate::support::{candidate, eventually, leader};

/// So long that nobody comes to its turn here.
fn config(lease: &str) -> Config {
    Config::new(lease)
        .lease_duration(Duration::from_secs(3_600))
        .spread(Duration::from_secs(600))
}

#[test]
fn who_leads_one_election_leaves_the_next_to_others_for_a_while() {
    let _first = leader(&MemoryStore::new(), &config("first"));
    let second = candidate(&MemoryStore::new(), &config("second"));
    eventually("it says that it waits", || {
        let why = second.status().why_not_leading;
        why.is_some_and(|why| why.starts_with("leaving the Lease for "))
    });
    // What is not spread takes no notice.
    leader(&MemoryStore::new(), &config("third").spread(Duration::ZERO));
    assert!(!second.is_leader());
}
