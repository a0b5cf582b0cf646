//! Terms, and the work under them.

use std::hash::{Hash, Hasher};
use std::sync::Mutex;
use std::time::SystemTime;

use pyo3::prelude::*;

use crate::errors::raised;
use crate::mutex::lock;

/// One uninterrupted leadership of this instance. Use it from any thread.
#[pyclass(frozen, eq, hash, module = "leasehold")]
pub(crate) struct Term(pub(crate) leasehold::Term);

impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        self.0.fencing_token() == other.0.fencing_token()
            && self.0.lease_uid() == other.0.lease_uid()
    }
}

impl Hash for Term {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.fencing_token().hash(state);
    }
}

#[pymethods]
impl Term {
    /// A number that only grows from term to term, no matter who leads. Send it with each write
    /// that must not be done twice, and let the receiver refuse a smaller one than it has seen.
    #[getter]
    fn fencing_token(&self) -> u64 {
        self.0.fencing_token()
    }

    /// The Lease's own count of acquisitions. Starts again from zero when the Lease is deleted.
    #[getter]
    fn transitions(&self) -> i32 {
        self.0.transitions()
    }

    /// The UID of the Lease object.
    #[getter]
    fn lease_uid(&self) -> &str {
        self.0.lease_uid()
    }

    /// When the term was won, by this machine's wall clock, in UTC. For display.
    #[getter]
    fn acquired_at(&self) -> SystemTime {
        self.0.acquired_at()
    }

    /// How it came about: what had become of the last holder.
    #[getter]
    fn acquisition(&self) -> &'static str {
        self.0.acquisition().name()
    }

    /// Whether this instance still leads under this term, at this very call. False in a forked
    /// child.
    #[getter]
    fn is_valid(&self) -> bool {
        self.0.is_valid()
    }

    /// How many seconds the term lasts unless it is renewed; zero when it is over.
    #[getter]
    fn remaining(&self) -> f64 {
        self.0.remaining().as_secs_f64()
    }

    /// Raises `LeadershipLostError` once the term is over, and `ForkedError` in a forked child. For
    /// the points of a long job where it may stop.
    fn check(&self, py: Python<'_>) -> PyResult<()> {
        self.0.check().map_err(|error| raised(py, &error))
    }

    fn __repr__(&self) -> String {
        format!(
            "<leasehold.Term fencing_token={} is_valid={}>",
            self.0.fencing_token(),
            if self.0.is_valid() { "True" } else { "False" }
        )
    }
}

/// Work under a term: the Lease is not released before it has ended, or `drain_timeout` has passed.
#[pyclass(frozen, module = "leasehold._leasehold")]
pub(crate) struct Work {
    term: leasehold::Term,
    unfinished: Mutex<Option<leasehold::bindings::Work>>,
}

impl From<leasehold::bindings::Work> for Work {
    fn from(work: leasehold::bindings::Work) -> Self {
        Self {
            term: work.term.clone(),
            unfinished: Mutex::new(Some(work)),
        }
    }
}

#[pymethods]
impl Work {
    /// The term under which it began.
    #[getter]
    fn term(&self) -> Term {
        Term(self.term.clone())
    }

    /// The work has ended.
    fn end(&self) {
        drop(lock(&self.unfinished).take());
    }
}
