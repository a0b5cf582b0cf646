//! What has happened to an election and has not been told to JavaScript yet.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use leasehold::{Error, Event};

use crate::bell::Bell;

/// What is told to JavaScript.
pub(crate) enum Told {
    /// `start` has succeeded.
    Started,
    /// `start` has failed.
    StartFailed(Error),
    /// The core's event. A `Lost` in the queue counts as unfinished work, as it must.
    Event(Event),
}

/// Filled by the election's thread, emptied by JavaScript.
pub(crate) struct Queue {
    bell: Bell,
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Default)]
struct State {
    told: VecDeque<Told>,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(bell: Bell) -> Self {
        Self {
            bell,
            state: Mutex::default(),
            filled: Condvar::new(),
        }
    }

    /// Adds to the queue and wakes JavaScript.
    pub(crate) fn put(&self, told: Told) {
        let mut state = self.state();
        // Nobody will take it. A loss is let go with it.
        if state.closed {
            return;
        }
        state.told.push_back(told);
        drop(state);
        self.filled.notify_all();
        self.bell.ring();
    }

    /// Takes everything out.
    pub(crate) fn take(&self) -> VecDeque<Told> {
        mem::take(&mut self.state().told)
    }

    /// Blocks until there is something in the queue.
    pub(crate) fn wait(&self) {
        let waited = self
            .filled
            .wait_while(self.state(), |state| state.told.is_empty());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Nobody will empty the queue any more.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.told.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
