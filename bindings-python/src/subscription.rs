//! How events come to a listener, and how it says that its work has stopped.

use std::sync::Mutex;
use std::time::Duration;

use leasehold::bindings::ForeignHeldLock;
use leasehold::{Event, HeldLock, Registration};
use pyo3::prelude::*;

use crate::errors::exception;
use crate::events::{Acquired, LeaderChanged, Lost, RenewalFailing, Stopped, Unfinished};
use crate::mutex::lock;
use crate::term::Term;

/// An event on its way to one listener.
#[pyclass(frozen, module = "leasehold._leasehold")]
pub(crate) struct Delivery {
    /// The event.
    #[pyo3(get)]
    event: Py<PyAny>,
    unfinished: Unfinished,
}

#[pymethods]
impl Delivery {
    /// The listener is done with it: its work has stopped.
    fn done(&self) {
        drop(lock(&self.unfinished).take());
    }
}

impl Delivery {
    /// `None` for an event that this version has no class for.
    fn new(py: Python<'_>, event: Event) -> PyResult<Option<Self>> {
        let term = |term: leasehold::Term| Py::new(py, Term(term));
        let mut unfinished = Unfinished::default();
        let event = match event {
            Event::Acquired(it) => Py::new(py, Acquired { term: term(it)? })?.into_any(),
            Event::Lost(loss) => {
                let term = term(loss.term.clone())?;
                let reason = loss.reason.name();
                unfinished = Unfinished::new(Mutex::new(Some(loss)));
                let event = Lost {
                    term,
                    reason,
                    unfinished: unfinished.clone(),
                };
                Py::new(py, event)?.into_any()
            }
            Event::LeaderChanged(leader) => Py::new(py, LeaderChanged { leader })?.into_any(),
            Event::RenewalFailing(error) => {
                let error = exception(py, &error)?.unbind();
                Py::new(py, RenewalFailing { error })?.into_any()
            }
            Event::Stopped => Py::new(py, Stopped)?.into_any(),
            _ => return Ok(None),
        };
        Ok(Some(Self { event, unfinished }))
    }
}

/// The events of an election, in order, or the loss of a lock, for one listener.
#[pyclass(frozen, module = "leasehold._leasehold")]
pub(crate) struct Subscription {
    /// Locked by the one thread that waits for events. None once the last has come, or the listener
    /// is gone: until then a term that ends is not released.
    events: Mutex<Option<leasehold::Subscription>>,
    registration: Mutex<Option<Registration>>,
    /// That of a lock, if it is only about the loss of that.
    of_lock: Option<Term>,
}

impl From<leasehold::Subscription> for Subscription {
    fn from(subscription: leasehold::Subscription) -> Self {
        let (events, registration) = subscription.registered();
        Self {
            events: Mutex::new(Some(events)),
            registration: Mutex::new(Some(registration)),
            of_lock: None,
        }
    }
}

#[pymethods]
impl Subscription {
    /// Waits for the next event; None when no other will come. For a thread of its own: no
    /// signal interrupts it. If it `holds`, a later end of a term then waits for `done`.
    #[pyo3(signature = (holds=false))]
    fn next(&self, py: Python<'_>, holds: bool) -> PyResult<Option<Delivery>> {
        while let Some(event) = py.detach(|| self.wait(holds)) {
            if let Some(delivery) = Delivery::new(py, event)? {
                return Ok(Some(delivery));
            }
        }
        Ok(None)
    }

    /// Ends it; what has happened by now is still returned.
    fn close(&self) {
        drop(lock(&self.registration).take());
    }

    /// The listener is gone, also what it has started.
    fn done(&self) {
        *lock(&self.events) = None;
    }
}

impl Subscription {
    /// Of the loss of a lock that is held for `term`.
    pub(crate) fn of_lock(
        events: leasehold::Subscription,
        registration: Registration,
        term: &leasehold::Term,
    ) -> Self {
        Self {
            events: Mutex::new(Some(events)),
            registration: Mutex::new(Some(registration)),
            of_lock: Some(Term(term.clone())),
        }
    }

    fn wait(&self, holds: bool) -> Option<Event> {
        let mut events = lock(&self.events);
        while let Ok(event) = events.as_mut()?.recv_timeout(Duration::MAX) {
            let Some(term) = &self.of_lock else {
                return Some(event);
            };
            if matches!(&event, Event::Lost(loss) if Term(loss.term.clone()) == *term) {
                // Nothing follows, also when nobody has released what nothing refers to any more.
                *events = None;
                return HeldLock::loss(event, &term.0).map(Event::Lost);
            }
        }
        if !holds {
            *events = None;
        }
        None
    }
}
