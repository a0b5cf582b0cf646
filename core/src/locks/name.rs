//! The lock of one name in this process: whose turn it is here, and the election that decides for all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::select;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{HeldLock, LockRequest, closed};
use crate::clock::{Clock, Instant};
use crate::election::Demand;
use crate::error::{Error, ErrorKind, Result};
use crate::leader_election::LeaderElection;
use crate::validation;

/// Leaves room for what tells names apart, in the longest name of a Lease.
const LONGEST_SHOWN: usize = 200;

pub(super) struct LockName {
    pub(super) election: Arc<LeaderElection>,
    /// Who may want the lock, in the order in which they came.
    turn: Arc<Semaphore>,
    observed: AtomicBool,
    last_use: AtomicU64,
}

impl LockName {
    pub(super) fn new(election: LeaderElection) -> Self {
        Self {
            election: Arc::new(election),
            turn: Arc::new(Semaphore::new(1)),
            observed: AtomicBool::default(),
            last_use: AtomicU64::default(),
        }
    }

    pub(super) fn note_use(&self, number: u64, observed: bool) {
        self.last_use.store(number, Ordering::Relaxed);
        self.observed.fetch_or(observed, Ordering::Relaxed);
    }

    pub(super) fn last_use(&self) -> u64 {
        self.last_use.load(Ordering::Relaxed)
    }

    /// Whether nobody needs it to be followed.
    pub(super) fn is_idle(self: &Arc<Self>) -> bool {
        let is_held = Arc::strong_count(&self.election) > 1;
        let is_used = Arc::strong_count(self) > 1;
        !is_held && !is_used && !self.observed.load(Ordering::Relaxed)
    }

    /// Waits for at most `timeout`, or not at all. Dropped before, it has given up.
    pub(super) async fn acquire(
        self: Arc<Self>,
        request: LockRequest,
        timeout: Option<Duration>,
        clock: Clock,
    ) -> Result<Option<HeldLock>> {
        let until = clock.now() + timeout.unwrap_or_default();
        let not_acquired = |why: &str| match timeout {
            None => Ok(None),
            Some(timeout) => {
                let message = format!(
                    "`{}` is not acquired after {timeout:?}: {why}",
                    request.name
                );
                Err(Error::new(ErrorKind::TimedOut, message))
            }
        };
        let Some(turn) = self.await_turn(until, clock).await else {
            return not_acquired("another thread of this process holds it, or waits for it");
        };
        let shared = self.election.shared().clone();
        let demand = Demand {
            until,
            limits: request.limits,
        };
        // Given up or refused, it is released.
        let mut held = HeldLock::new(self.election.clone(), request.name.clone(), turn);
        let answer = shared.demand(demand).ok_or_else(closed)?;
        match answer.await {
            Ok(Ok((work, events))) => {
                held.begin(work, events);
                Ok(Some(held))
            }
            Ok(Err(Some(error))) => Err(error),
            Ok(Err(None)) => {
                let why = shared.status().why_not_leading;
                not_acquired(why.as_deref().unwrap_or("somebody else was first"))
            }
            Err(_) => Err(closed()),
        }
    }

    async fn await_turn(&self, until: Instant, clock: Clock) -> Option<OwnedSemaphorePermit> {
        select! {
            biased;
            turn = self.turn.clone().acquire_owned() => turn.ok(),
            () = clock.sleep_until(until) => None,
        }
    }
}

/// The name of the Lease for a lock that may be called anything: the same, if it can be, else what can be
/// shown of it and a number that tells it from others which look alike.
pub(super) fn lease_name(name: &str) -> String {
    if validation::check_lease("lock", name).is_ok() {
        return name.to_owned();
    }
    let shown = |letter: char| match letter.to_ascii_lowercase() {
        letter if letter.is_ascii_alphanumeric() => letter,
        _ => '-',
    };
    let shown: String = name.chars().map(shown).take(LONGEST_SHOWN).collect();
    let shown = shown.trim_matches('-');
    let shown = if shown.is_empty() { "lock" } else { shown };
    format!("{shown}-{:016x}", fnv1a(name))
}

/// The hash of Fowler, Noll and Vo: the same in each process and each version.
fn fnv1a(text: &str) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    text.bytes().fold(OFFSET, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_called_as_its_lock_if_it_can_be() {
        assert_eq!(lease_name("nightly-report.v2"), "nightly-report.v2");
    }

    #[test]
    fn names_that_no_lease_can_have_make_leases_of_different_names() {
        let name = lease_name("Reports.nightly()");
        assert!(name.starts_with("reports-nightly-"), "{name}");
        assert_ne!(name, lease_name("reports.Nightly()"));
        for odd in ["", "-", "ÄÖÜ", "a/b", &"x".repeat(300), ".", "a..b"] {
            let name = lease_name(odd);
            validation::check_lease("lock", &name).unwrap();
        }
        assert_eq!(lease_name("A"), "a-af63fc4c860222ec", "in each version");
    }
}
