//! The process's one background thread and Tokio runtime, started at the first election.
//!
//! Invariant: only this module makes threads or knows about `fork`. The runtime is never shut
//! down: an idle thread costs nothing, and a process may exit under it at any time. A forked child
//! leaks the runtime it inherited, sockets included (closing them would speak on the parent's
//! connections), and starts its own when it starts an election.

mod fork;
mod fork_wiped;
mod log;
mod per_process;
mod process_lock;
mod wakers;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;
use tokio::runtime::{Builder, Handle};

pub(crate) use self::fork::{ForkWiped, ZeroIsValid};
pub(crate) use self::fork_wiped::fork_wiped;
pub(crate) use self::log::{flush_log, log_without_queue};
pub(crate) use self::per_process::{Here, PerProcess};
pub(crate) use self::process_lock::{hold_until_death, wait_until_free};
pub(crate) use self::wakers::{for_application, is_background_thread};
use crate::error::{Error, ErrorKind, Result};

static HANDLE: PerProcess<OnceCell<Handle>> = PerProcess::new();

/// Why no page could be had that is wiped in forked children.
pub(crate) fn no_memory(error: io::Error) -> Error {
    let message = format!("cannot map a page of memory: {error}");
    Error::new(ErrorKind::Internal, message).with_source(error)
}

/// The background runtime of a process.
#[derive(Clone, Copy)]
pub(crate) struct Runtime(&'static Here<OnceCell<Handle>>);

impl Runtime {
    /// This process's runtime, started if need be. Call from any thread.
    pub(crate) fn get() -> Result<Self> {
        let started = HANDLE.get().and_then(|handle| {
            handle.get_or_try_init(start)?;
            Ok(Self(handle))
        });
        started.map_err(|error| {
            Error::new(
                ErrorKind::Internal,
                format!("cannot start Leasehold's background thread: {error}"),
            )
            .with_source(error)
        })
    }

    /// Fails with [`ErrorKind::Forked`] in a child of the process that started it.
    pub(crate) fn check_process(self) -> Result<()> {
        if self.0.is_same_process() {
            return Ok(());
        }
        let message = "this process was forked from the one that opened the Lease: open it again \
                       in the child";
        Err(Error::new(ErrorKind::Forked, message))
    }

    fn handle(self) -> &'static Handle {
        // Nobody has a runtime that has not been started.
        self.0.wait()
    }

    /// Runs `future` on the background thread.
    pub(crate) fn spawn(self, future: impl Future<Output = ()> + Send + 'static) {
        self.handle().spawn(future);
    }

    /// Runs `future` on the background thread and waits for it here. Blocks the calling thread.
    pub(crate) fn wait_for<T: Send + 'static>(
        self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.spawn(async move {
            // The receiver waits below for as long as this runs.
            let _ = sender.send(future.await);
        });
        receiver.recv().map_err(|error| {
            Error::new(ErrorKind::Internal, "a background task panicked").with_source(error)
        })
    }
}

fn start() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        // Those that do file work.
        .on_thread_start(keep_application_out)
        .build()?;
    let handle = runtime.handle().clone();
    spawn_thread("leasehold", move || {
        keep_application_out();
        runtime.block_on(std::future::pending::<()>());
    })?;
    Ok(handle)
}

/// Nothing of the application runs on this thread from now on.
fn keep_application_out() {
    log::queue_events_of_this_thread();
    wakers::wake_nothing_on_this_thread();
}

/// Starts a named thread. It never keeps the process from exiting.
pub(crate) fn spawn_thread(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map(drop)
}

/// Waits for `future` on the calling thread, for at most `limit`; `None` when that has passed.
/// Works on any thread, also on one of another async runtime, and in a wait of nobody else's.
pub(crate) fn block_on<T>(future: impl Future<Output = T>, limit: Option<Duration>) -> Option<T> {
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
            Some(Duration::ZERO) => return None,
            Some(left) => thread::park_timeout(left),
            None => thread::park(),
        }
    }
}

/// The same, however long it takes.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    block_on(future, None).unwrap_or_else(|| unreachable!("nothing limits the wait"))
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
