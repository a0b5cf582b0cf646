//! What listeners are told, and how they say that their work has stopped.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use leasehold::{Event, Loss, Registration};
use pyo3::prelude::*;

use crate::errors::exception;
use crate::term::Term;

/// This instance leads.
#[pyclass(frozen, get_all, module = "leasehold")]
pub(crate) struct Acquired {
    /// The term that began.
    term: Py<Term>,
}

/// This instance no longer leads: stop the guarded work, then return from the listener.
#[pyclass(frozen, get_all, module = "leasehold")]
pub(crate) struct Lost {
    /// The term that is over.
    term: Py<Term>,
    /// Why, in a word: one of `leasehold.types.LostReason`.
    reason: &'static str,
}

/// The Lease names another holder, or none. Tells nothing about who may act now.
#[pyclass(frozen, get_all, module = "leasehold")]
pub(crate) struct LeaderChanged {
    /// The holder; None when nobody holds the Lease.
    leader: Option<String>,
}

/// This candidate cannot read or renew the Lease. Told once for each new kind of error.
#[pyclass(frozen, get_all, module = "leasehold")]
pub(crate) struct RenewalFailing {
    /// Why.
    error: Py<PyAny>,
}

/// The election has stopped; after another `start()` there are events again.
#[pyclass(frozen, module = "leasehold")]
pub(crate) struct Stopped;

/// Adds `__match_args__` and `__repr__`, so that events can be matched and printed.
macro_rules! readable {
    ($($Event:ident($($field:ident),+)),+ $(,)?) => {$(
        #[pymethods]
        impl $Event {
            #[classattr]
            #[pyo3(name = "__match_args__")]
            fn match_args() -> ($(readable!(@name_of $field),)+) {
                ($(stringify!($field),)+)
            }

            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                let fields = [$(
                    format!("{}={}", stringify!($field), slf.getattr(stringify!($field))?.repr()?)
                ),+];
                Ok(format!("leasehold.{}({})", stringify!($Event), fields.join(", ")))
            }
        }
    )+};
    (@name_of $field:ident) => { &'static str };
}

readable! {
    Acquired(term),
    Lost(term, reason),
    LeaderChanged(leader),
    RenewalFailing(error),
}

#[pymethods]
impl Stopped {
    #[expect(clippy::unused_self, reason = "that is how Python calls it")]
    fn __repr__(&self) -> &'static str {
        "leasehold.Stopped()"
    }
}

/// An event on its way to one listener.
#[pyclass(frozen, module = "leasehold._leasehold")]
pub(crate) struct Delivery {
    /// The event.
    #[pyo3(get)]
    event: Py<PyAny>,
    unfinished: Mutex<Option<Loss>>,
}

#[pymethods]
impl Delivery {
    /// The listener is done with it: its work has stopped.
    fn done(&self) {
        let mut unfinished = self
            .unfinished
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        drop(unfinished.take());
    }
}

/// The events of an election, in order, for one listener.
#[pyclass(frozen, module = "leasehold._leasehold")]
pub(crate) struct Subscription {
    /// Locked by the one thread that waits for events. None once there are no more: an event that
    /// nobody takes would hold up the release of the Lease.
    events: Mutex<Option<leasehold::Subscription>>,
    registration: Mutex<Option<Registration>>,
}

impl From<leasehold::Subscription> for Subscription {
    fn from(subscription: leasehold::Subscription) -> Self {
        let (events, registration) = subscription.registered();
        Self {
            events: Mutex::new(Some(events)),
            registration: Mutex::new(Some(registration)),
        }
    }
}

#[pymethods]
impl Subscription {
    /// Waits for the next event; None when there will be no more. For a thread of its own: no
    /// signal interrupts it.
    fn next(&self, py: Python<'_>) -> PyResult<Option<Delivery>> {
        loop {
            let event = py.detach(|| {
                let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
                let event = events.as_mut()?.recv_timeout(Duration::MAX).ok();
                if event.is_none() {
                    *events = None;
                }
                event
            });
            let Some(event) = event else { return Ok(None) };
            if let Some(delivery) = Delivery::new(py, event)? {
                return Ok(Some(delivery));
            }
        }
    }

    /// Ends it; what has happened by now is still told.
    fn close(&self) {
        let mut registration = self
            .registration
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        drop(registration.take());
    }
}

impl Delivery {
    /// `None` for an event that this version has no class for.
    fn new(py: Python<'_>, event: Event) -> PyResult<Option<Self>> {
        let term = |term: leasehold::Term| Py::new(py, Term(term));
        let mut unfinished = None;
        let event = match event {
            Event::Acquired(it) => Py::new(py, Acquired { term: term(it)? })?.into_any(),
            Event::Lost(loss) => {
                let reason = loss.reason.name();
                let term = term(loss.term.clone())?;
                unfinished = Some(loss);
                Py::new(py, Lost { term, reason })?.into_any()
            }
            Event::LeaderChanged(leader) => Py::new(py, LeaderChanged { leader })?.into_any(),
            Event::RenewalFailing(error) => {
                let error = exception(py, &error)?.unbind();
                Py::new(py, RenewalFailing { error })?.into_any()
            }
            Event::Stopped => Py::new(py, Stopped)?.into_any(),
            _ => return Ok(None),
        };
        Ok(Some(Self {
            event,
            unfinished: Mutex::new(unfinished),
        }))
    }
}
