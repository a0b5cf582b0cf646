//! The process's one background thread and Tokio runtime, started at the first election.
//!
//! Invariant: only this module makes threads or knows about `fork`. The runtime is never shut
//! down: an idle thread costs nothing, and a process may exit under it at any time. A forked child
//! leaks the runtime it inherited, sockets included (closing them would speak on the parent's
//! connections), and starts its own when it starts an election.

#![expect(
    unsafe_code,
    reason = "keeps the runtime behind a pointer that a fork makes stale"
)]

mod fork;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;
use tokio::runtime::{Builder, Handle};

pub(crate) use self::fork::{ForkWiped, ZeroIsValid};
use crate::error::{Error, ErrorKind, Result};
use crate::lease_store::Stores;

static RUNTIME: AtomicPtr<Runtime> = AtomicPtr::new(ptr::null_mut());

/// The background runtime, and what elections share in this process.
pub(crate) struct Runtime {
    handle: OnceCell<Handle>,
    /// The connections that elections share.
    pub(crate) stores: Stores,
    /// Tells the process that made it from its forked children.
    here: ForkWiped<Nothing>,
}

struct Nothing;

// SAFETY: it has no bits.
unsafe impl ZeroIsValid for Nothing {}

impl Runtime {
    /// This process's runtime, started if need be. Call from any thread.
    pub(crate) fn get() -> Result<&'static Self> {
        Self::get_here().map_err(|error| {
            Error::new(
                ErrorKind::Internal,
                format!("cannot start Leasehold's background thread: {error}"),
            )
            .with_source(error)
        })
    }

    fn get_here() -> io::Result<&'static Self> {
        loop {
            let current = RUNTIME.load(Ordering::Acquire);
            // SAFETY: null, or a leaked box.
            let runtime = unsafe { current.as_ref() };
            if let Some(runtime) = runtime.filter(|runtime| runtime.here.is_same_process()) {
                runtime.handle.get_or_try_init(start)?;
                return Ok(runtime);
            }
            // Claimed before it is started: of two threads only one starts it, and a lock that is
            // held there while a child is forked is not the child's.
            let claim = Box::into_raw(Box::new(Self {
                handle: OnceCell::new(),
                stores: Stores::default(),
                here: ForkWiped::new(Nothing)?,
            }));
            let claimed =
                RUNTIME.compare_exchange(current, claim, Ordering::AcqRel, Ordering::Acquire);
            if claimed.is_err() {
                // SAFETY: nobody else has seen it.
                drop(unsafe { Box::from_raw(claim) });
            }
        }
    }

    /// Fails with [`ErrorKind::Forked`] in a child of the process that started it.
    pub(crate) fn check_process(&self) -> Result<()> {
        if self.here.is_same_process() {
            return Ok(());
        }
        let message = "this process was forked from the one that opened the Lease: open it anew";
        Err(Error::new(ErrorKind::Forked, message))
    }

    fn handle(&self) -> &Handle {
        // Nobody has a reference to a runtime that has not been started.
        self.handle.wait()
    }

    /// Runs `future` on the background thread.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.handle().spawn(future);
    }

    /// Runs `future` on the background thread and waits for it here. Blocks the calling thread.
    pub(crate) fn wait_for<T: Send + 'static>(
        &self,
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
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    spawn_thread("leasehold", move || {
        runtime.block_on(std::future::pending::<()>());
    })?;
    Ok(handle)
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

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
