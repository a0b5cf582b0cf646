//! Locks, less what the package adds in Python, and those that are held.

use std::sync::{Arc, Mutex, MutexGuard};

use leasehold::bindings::{ForeignHeldLock, ForeignLocks, configured, wait};
use leasehold::{HeldLock, LockRequest, Locks};
use pyo3::prelude::*;

use crate::background::Background;
use crate::errors::detached;
use crate::mutex::lock;
use crate::subscription::Subscription;
use crate::term::Term;
use crate::waiting::{self, Cancellation, Seconds};

/// What the locks of `leasehold` and `leasehold.aio` have in common.
#[pyclass(frozen, module = "leasehold._leasehold")]
pub(crate) struct LockSet(Arc<Locks>);

#[pymethods]
impl LockSet {
    /// `settings` by their names in the core, as text.
    #[new]
    fn new(py: Python<'_>, settings: Vec<(String, String)>) -> PyResult<Self> {
        detached(py, || {
            let config = configured(settings)?;
            Ok(Self(Arc::new(Locks::new(&config)?)))
        })
    }

    /// Observes a lock. Waits while credentials are loaded.
    fn observe(&self, py: Python<'_>, background: &Background, name: &str) -> PyResult<()> {
        detached(py, || self.0.observe(name))?;
        background.add_locks(&self.0);
        Ok(())
    }

    /// Acquires a lock, and waits for it for so long; without a timeout not at all. None if it is not
    /// free, or where the wait was cancelled.
    #[expect(clippy::too_many_arguments, reason = "Python gives them by name")]
    fn acquire(
        &self,
        py: Python<'_>,
        background: &Background,
        name: String,
        timeout: Option<Seconds>,
        at_most: Option<Seconds>,
        at_least: Seconds,
        cancellation: Option<&Cancellation>,
    ) -> PyResult<Option<Held>> {
        let mut request = LockRequest::new(name).at_least(at_least.0);
        if let Some(at_most) = at_most {
            request = request.at_most(at_most.0);
        }
        let timeout = timeout.map(|timeout| timeout.0);
        let mut acquired = detached(py, || ForeignLocks::acquire(&*self.0, request, timeout))?;
        background.add_locks(&self.0);
        // When this is dropped, because of a signal as well, it gives up.
        let acquired = waiting::in_slices(py, None, cancellation, |slice| {
            wait(&mut acquired, slice).transpose()
        })?;
        Ok(acquired
            .flatten()
            .map(|lock| Held::new(lock, self.0.clone())))
    }

    /// Begins to close.
    fn request_close(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || self.0.request_close())
    }

    /// Closes, and waits for those that are held.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        waiting::close(py, &self.0)
    }
}

/// A lock that is held until it is released, or nothing refers to it any more.
#[pyclass(frozen, module = "leasehold._leasehold")]
pub(crate) struct Held {
    term: leasehold::Term,
    /// Taken out to release it.
    lock: Mutex<Option<HeldLock>>,
    /// Signs of life are given for as long as somebody has these.
    _locks: Arc<Locks>,
}

impl Held {
    fn new(lock: HeldLock, locks: Arc<Locks>) -> Self {
        Self {
            term: lock.term().clone(),
            lock: Mutex::new(Some(lock)),
            _locks: locks,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<HeldLock>> {
        lock(&self.lock)
    }
}

#[pymethods]
impl Held {
    /// The term for which it is held.
    #[getter]
    fn term(&self) -> Term {
        Term(self.term.clone())
    }

    /// Other limits for the work, from now on.
    fn set_limits(
        &self,
        py: Python<'_>,
        at_most: Option<Seconds>,
        at_least: Seconds,
    ) -> PyResult<()> {
        let at_most = at_most.map(|at_most| at_most.0);
        detached(py, || match &*self.lock() {
            Some(lock) => lock.set_limits(at_most, at_least.0),
            None => self.term.check(),
        })
    }

    /// What tells of the loss; None the second time.
    fn subscribe(&self) -> Option<Subscription> {
        let (events, registration) = self.lock().as_mut()?.take_events()?;
        Some(Subscription::of_lock(events, registration, &self.term))
    }

    /// Gives it back, and waits until that is done; whether it is known to be.
    fn release(&self, py: Python<'_>) -> PyResult<bool> {
        let Some(lock) = py.detach(|| self.lock().take()) else {
            return Ok(false);
        };
        // It begins at the call, and goes on after a signal.
        let mut released = Box::pin(lock.release_async());
        let released = waiting::in_slices(py, None, None, |slice| Ok(wait(&mut released, slice)))?;
        Ok(released == Some(true))
    }
}
