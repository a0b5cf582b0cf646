//! Waits that a signal, and so Ctrl-C, can interrupt.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use leasehold::bindings::{ForeignElection, wait};
use leasehold::{ErrorKind, Event, LeaderElection, Locks, Result};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::errors::detached;

/// How long a wait goes on before it looks whether a signal has come.
const SLICE: Duration = Duration::from_millis(100);

/// Ends a wait from another thread.
#[pyclass(frozen, module = "leasehold._leasehold")]
#[derive(Default)]
pub(crate) struct Cancellation(AtomicBool);

#[pymethods]
impl Cancellation {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Lets the wait return None soon.
    fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A duration as Python has it: seconds as a number, or a `timedelta`.
#[derive(Clone, Copy)]
pub(crate) struct Seconds(pub(crate) Duration);

impl<'py> FromPyObject<'_, 'py> for Seconds {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let number = object.extract::<f64>();
        let seconds = number
            .or_else(|_| object.call_method0("total_seconds")?.extract())
            .map_err(|_| PyTypeError::new_err("use seconds as a number, or a timedelta"))?;
        if seconds == f64::INFINITY {
            return Ok(Self(Duration::MAX));
        }
        Duration::try_from_secs_f64(seconds)
            .map(Self)
            .map_err(|_| PyValueError::new_err(format!("{seconds} s: use zero or more seconds")))
    }
}

/// Waits in slices until `attempt` has an outcome; between them signals are handled. `None` once
/// cancelled, or when `timeout` has passed.
pub(crate) fn in_slices<T: Send>(
    py: Python<'_>,
    timeout: Option<Duration>,
    cancellation: Option<&Cancellation>,
    mut attempt: impl FnMut(Duration) -> Result<Option<T>> + Send,
) -> PyResult<Option<T>> {
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let slice = left.map_or(SLICE, |left| left.min(SLICE));
        if let Some(outcome) = detached(py, || attempt(slice))? {
            return Ok(Some(outcome));
        }
        py.check_signals()?;
        let cancelled = cancellation.is_some_and(|it| it.0.load(Ordering::Relaxed));
        if cancelled || left == Some(slice) {
            return Ok(None);
        }
    }
}

/// Waits until this instance leads and `then` has an outcome. `None` only if it was cancelled.
pub(crate) fn wait_for_leadership<T: Send>(
    py: Python<'_>,
    election: &LeaderElection,
    timeout: Option<Duration>,
    cancellation: Option<&Cancellation>,
    then: impl Fn(leasehold::Term) -> Option<T> + Send + Sync,
) -> PyResult<Option<T>> {
    let leading = in_slices(py, timeout, cancellation, |slice| {
        match election.wait_for_leadership(slice) {
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(None),
            outcome => outcome.map(&then),
        }
    })?;
    let cancelled = cancellation.is_some_and(|it| it.0.load(Ordering::Relaxed));
    match (leading, timeout) {
        (None, Some(timeout)) if !cancelled => {
            detached(py, || Err(election.not_leading_after(timeout)))
        }
        (outcome, _) => Ok(outcome),
    }
}

/// Stops an election and waits until it has stopped.
pub(crate) fn stop(
    py: Python<'_>,
    election: &LeaderElection,
    drain: Option<Duration>,
) -> PyResult<()> {
    let mut events = detached(py, || election.subscribe())?;
    if !detached(py, || request_stop(election, drain))? {
        return Ok(());
    }
    in_slices(py, None, None, move |slice| {
        use std::sync::mpsc::RecvTimeoutError::Disconnected;
        let event = events.recv_timeout(slice);
        Ok(matches!(event, Ok(Event::Stopped) | Err(Disconnected)).then_some(()))
    })
    .map(drop)
}

/// Begins to stop; whether the election was running.
pub(crate) fn request_stop(election: &LeaderElection, drain: Option<Duration>) -> Result<bool> {
    match drain {
        Some(drain) => election.request_stop_within(drain),
        None => election.request_stop(),
    }
}

/// Closes locks, and waits for those that are held.
pub(crate) fn close(py: Python<'_>, locks: &Locks) -> PyResult<()> {
    let mut closed = Box::pin(locks.close_async());
    in_slices(py, None, None, |slice| wait(&mut closed, slice).transpose()).map(drop)
}
