//! How many elections this process leads, among those that are spread over processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::clock::Instant;
use crate::election::{Election, Load};

/// The elections of one process, which all run on its background thread.
#[derive(Debug, Default)]
pub(crate) struct Led {
    held: AtomicU32,
    last_term_at: AtomicU64,
}

/// What one election adds to that.
#[derive(Debug)]
pub(crate) struct Share {
    led: Arc<Led>,
    holds: bool,
    last_term: u64,
}

impl Led {
    pub(crate) fn share(self: Arc<Self>) -> Share {
        Share {
            led: self,
            holds: false,
            last_term: 0,
        }
    }
}

impl Share {
    /// What the other elections lead.
    pub(crate) fn others(&self) -> Load {
        let held = self.led.held.load(Ordering::Relaxed);
        Load {
            held: held.saturating_sub(u32::from(self.holds)),
            last_term_at: Instant::from_nanos(self.led.last_term_at.load(Ordering::Relaxed)),
        }
    }

    /// Counts what the election leads now.
    pub(crate) fn count(&mut self, election: &Election, now: Instant) {
        self.hold(election.holds());
        if let Some(active) = election.active_term()
            && active.term.number != self.last_term
        {
            self.last_term = active.term.number;
            self.led
                .last_term_at
                .store(now.as_nanos(), Ordering::Relaxed);
        }
    }

    fn hold(&mut self, holds: bool) {
        match (self.holds, holds) {
            (false, true) => _ = self.led.held.fetch_add(1, Ordering::Relaxed),
            (true, false) => _ = self.led.held.fetch_sub(1, Ordering::Relaxed),
            _ => {}
        }
        self.holds = holds;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.hold(false);
    }
}
