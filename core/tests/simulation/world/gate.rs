//! Threads of a simulated process that can be held up, let go and killed.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What one thread must pass before each of its turns.
#[derive(Default)]
pub(crate) struct Gate(Mutex<State>);

#[derive(Default)]
struct State {
    /// By so many that hold it up at once.
    closed: u32,
    killed: bool,
    waiting: Option<Waker>,
}

impl Gate {
    /// No turn from now on. The thread's timers and sockets go on without it.
    pub(crate) fn close(&self) {
        self.state().closed += 1;
    }

    /// Undoes one `close`.
    pub(crate) fn open(&self) {
        self.change(|state| state.closed -= 1);
    }

    /// Ends the thread where it stands, running nothing of it but destructors.
    pub(crate) fn kill(&self) {
        self.change(|state| state.killed = true);
    }

    /// Runs `thread` while this gate is open, and `after_turn` each time that it ran.
    pub(crate) fn guard(
        self: Arc<Self>,
        thread: impl Future<Output = ()> + Send + 'static,
        mut after_turn: impl FnMut() + Send + 'static,
    ) -> impl Future<Output = ()> + Send {
        let mut thread = Some(Box::pin(thread));
        poll_fn(move |context| {
            if self.is_killed() {
                thread = None;
            }
            let Some(thread) = &mut thread else {
                return Poll::Ready(());
            };
            if self.is_closed_for(context) {
                return Poll::Pending;
            }
            let turn = thread.as_mut().poll(context);
            after_turn();
            turn
        })
    }

    fn is_killed(&self) -> bool {
        self.state().killed
    }

    fn is_closed_for(&self, context: &Context<'_>) -> bool {
        let mut state = self.state();
        state.waiting = Some(context.waker().clone());
        state.closed > 0
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        if let Some(thread) = state.waiting.take() {
            thread.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
