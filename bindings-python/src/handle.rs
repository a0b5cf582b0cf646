//! The core's election as an object of Python holds it: one that outlives a fork before its start,
//! and whose end never blocks.

#![expect(unsafe_code, reason = "keeps the election behind a pointer")]

use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::time::Duration;

use leasehold::lease_store::memory::MemoryStore;
use leasehold::{Config, ErrorKind, LeaderElection, Result, bindings};

/// An election that was made but not started may be started by a forked child, as an application
/// does that is loaded once and then forked into workers. The core's cannot, so that the child gets
/// another one of the same settings.
pub(crate) struct Handle {
    config: Config,
    store: Option<MemoryStore>,
    started: AtomicBool,
    /// From `Arc::into_raw`. What it has pointed to is not freed before the handle is dropped.
    current: AtomicPtr<LeaderElection>,
}

impl Handle {
    pub(crate) fn new(config: Config, store: Option<MemoryStore>) -> Result<Self> {
        let handle = Self {
            config,
            store,
            started: AtomicBool::new(false),
            current: AtomicPtr::new(ptr::null_mut()),
        };
        let election = Arc::into_raw(Arc::new(handle.make()?)).cast_mut();
        handle.current.store(election, Ordering::Release);
        Ok(handle)
    }

    fn make(&self) -> Result<LeaderElection> {
        match &self.store {
            Some(lease) => bindings::election_of_a_test(&self.config, lease.clone()),
            None => LeaderElection::new(&self.config),
        }
    }

    /// The election for questions that a forked child may ask of its parent's. Never blocks.
    #[inline]
    pub(crate) fn inherited(&self) -> &LeaderElection {
        // SAFETY: never null after `new`, and what it points to lives as long as `self`.
        unsafe { &*self.current.load(Ordering::Acquire) }
    }

    /// The election of this process. In a child of the process that started it, its methods fail.
    pub(crate) fn here(&self) -> Result<Arc<LeaderElection>> {
        let current = self.current.load(Ordering::Acquire);
        if !self.started.load(Ordering::Acquire) && is_forked(self.inherited()) {
            let fresh = Arc::into_raw(Arc::new(self.make()?)).cast_mut();
            let replaced =
                self.current
                    .compare_exchange(current, fresh, Ordering::AcqRel, Ordering::Acquire);
            if replaced.is_err() {
                // SAFETY: made above, and seen by nobody else.
                drop(unsafe { Arc::from_raw(fresh) });
            }
            // What was replaced is leaked: another thread may be asking it just now.
        }
        let current = self.current.load(Ordering::Acquire);
        // SAFETY: from `Arc::into_raw`, and the handle holds a count of it.
        unsafe {
            Arc::increment_strong_count(current);
            Ok(Arc::from_raw(current))
        }
    }

    /// The election of this process was started: it is not a forked child's own to start any more.
    pub(crate) fn has_started(&self) {
        self.started.store(true, Ordering::Release);
    }

    /// Starts the election of this process and returns it.
    pub(crate) fn start(&self) -> Result<Arc<LeaderElection>> {
        let election = self.here()?;
        election.start()?;
        self.has_started();
        Ok(election)
    }
}

/// Whether it was made by a parent of this process.
fn is_forked(election: &LeaderElection) -> bool {
    let health = election.check_health(Duration::ZERO);
    health.is_err_and(|error| error.kind() == ErrorKind::Forked)
}

impl Drop for Handle {
    /// Begins to stop. While it does, `Background` holds the election as well, so that the core's
    /// own drop, which waits, is not here.
    fn drop(&mut self) {
        let current = *self.current.get_mut();
        if current.is_null() {
            return;
        }
        // SAFETY: from `Arc::into_raw`, and the handle's own count.
        let election = unsafe { Arc::from_raw(current) };
        // In a forked child there is nothing to stop.
        let _ = election.request_stop();
    }
}
