//! What has happened to an election, or to locks, and has not reached JavaScript yet.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use leasehold::bindings::OnceNews;
use leasehold::{Error, Event};

use crate::waker::Waker;

/// What reaches JavaScript.
pub(crate) enum Notification {
    /// `start` has succeeded.
    Started,
    /// `start` has failed.
    StartFailed(Error),
    /// The core's event. A `Lost` in the queue counts as unfinished work, as it must.
    Event(Event),
    /// News of the call of `runOnce` of this number.
    Once(u32, leasehold::Result<OnceNews>),
    /// Whether the firing is claimed that the call of this number is about.
    Claimed(u32, leasehold::Result<bool>),
}

/// Filled by other threads, emptied by JavaScript.
pub(crate) struct Queue<T> {
    waker: Waker,
    state: Mutex<State<T>>,
    filled: Condvar,
}

struct State<T> {
    notifications: VecDeque<T>,
    closed: bool,
}

impl<T> Queue<T> {
    pub(crate) fn new(waker: Waker) -> Self {
        Self {
            waker,
            state: Mutex::new(State {
                notifications: VecDeque::new(),
                closed: false,
            }),
            filled: Condvar::new(),
        }
    }

    /// Adds to the queue and wakes JavaScript.
    pub(crate) fn put(&self, notification: T) {
        let mut state = self.state();
        // Nobody will take it. A loss is let go with it, and a lock given back.
        if state.closed {
            return;
        }
        state.notifications.push_back(notification);
        drop(state);
        self.filled.notify_all();
        self.waker.wake();
    }

    /// Takes everything out.
    pub(crate) fn take(&self) -> VecDeque<T> {
        mem::take(&mut self.state().notifications)
    }

    /// Blocks until there is something in the queue.
    pub(crate) fn wait(&self) {
        let waited = self
            .filled
            .wait_while(self.state(), |state| state.notifications.is_empty());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Nobody will empty the queue any more.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.notifications.clear();
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
