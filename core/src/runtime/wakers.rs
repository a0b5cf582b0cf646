//! The wakers of the application's futures.
//!
//! Invariant: none of them is called, or dropped, on the elections' thread. A waker is code of the
//! application's, or of its async runtime: one that blocks would stop renewals, and one that asks the
//! election how it is would wait for itself. What is woken there is handed to a thread of its own.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Wake, Waker};

use futures_util::task::AtomicWaker;
use once_cell::sync::OnceCell;

use super::PerProcess;

thread_local! {
    /// Whether elections run on this thread.
    static IS_ELECTIONS: Cell<bool> = const { Cell::new(false) };
}

static QUEUE: PerProcess<OnceCell<Sender<Waker>>> = PerProcess::new();

/// From now on, this thread hands on the wakers of the application.
pub(super) fn wake_nothing_on_this_thread() {
    IS_ELECTIONS.set(true);
}

/// Whether elections run on this thread.
pub(crate) fn is_background_thread() -> bool {
    IS_ELECTIONS.get()
}

/// What the application polls, under any async runtime.
pub(crate) async fn for_application<T>(future: impl Future<Output = T>) -> T {
    let relay = Forgetful(Arc::new(Relay::default()));
    let waker = Waker::from(relay.0.clone());
    let mut future = pin!(future);
    poll_fn(|application| {
        relay.0.waker.register(application.waker());
        future.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await
}

/// Stands for the application's waker with those who wake.
#[derive(Default)]
struct Relay {
    waker: AtomicWaker,
}

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let Some(waker) = self.waker.take() else {
            return;
        };
        if !IS_ELECTIONS.get() {
            return waker.wake();
        }
        match queue() {
            // The thread at its other end never ends.
            Ok(queue) => drop(queue.send(waker)),
            // The system cannot start another thread: rather here than never.
            Err(_) => waker.wake(),
        }
    }
}

/// With the future goes the application's waker, on the thread that drops it, no matter who still
/// has the relay.
struct Forgetful(Arc<Relay>);

impl Drop for Forgetful {
    fn drop(&mut self) {
        drop(self.0.waker.take());
    }
}

fn queue() -> io::Result<&'static Sender<Waker>> {
    QUEUE.get()?.get_or_try_init(|| {
        let (queue, wakers) = channel();
        super::spawn_thread("leasehold-wakers", move || wake(&wakers))?;
        Ok(queue)
    })
}

fn wake(wakers: &Receiver<Waker>) {
    for waker in wakers {
        // One that panics keeps no other from being woken.
        drop(catch_unwind(AssertUnwindSafe(|| waker.wake())));
    }
}
