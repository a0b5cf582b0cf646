//! Work that goes on in JavaScript, by numbers.
//!
//! Not by objects: one that JavaScript lost would be collected, and the Lease released over work that
//! has not ended.

use std::collections::HashMap;
use std::time::Duration;

use leasehold::Loss;
use leasehold::bindings::{OnceWork, Work};

/// What keeps the Lease from being released.
pub(crate) enum Guard {
    /// Listeners have been called, and have not all returned.
    Loss(Loss),
    /// Work under a term.
    Work { _held: Work },
    /// Work that runs once.
    Once(OnceWork),
}

#[derive(Default)]
pub(crate) struct Unfinished {
    guards: HashMap<u32, Guard>,
    last: u32,
}

impl Unfinished {
    /// Holds `guard` until its number is let go.
    pub(crate) fn hold(&mut self, guard: Guard) -> u32 {
        self.last = self.last.wrapping_add(1);
        self.guards.insert(self.last, guard);
        self.last
    }

    pub(crate) fn let_go(&mut self, number: u32) {
        self.guards.remove(&number);
    }

    /// As above, of work that runs once, and how it went.
    pub(crate) fn once_ended(&mut self, number: u32, failure: Option<String>) {
        if let Some(Guard::Once(work)) = self.guards.remove(&number) {
            work.ended(failure);
        }
    }

    /// How long the work may go on that the loss of this number ends; zero if there is none.
    pub(crate) fn time_left(&self, number: u32) -> Duration {
        match self.guards.get(&number) {
            Some(Guard::Loss(loss)) => loss.time_left(),
            _ => Duration::ZERO,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.guards.is_empty()
    }
}
