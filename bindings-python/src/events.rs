//! What listeners receive, as classes that can be matched and printed.

use std::sync::{Arc, Mutex};

use leasehold::Loss;
use pyo3::prelude::*;

use crate::mutex::lock;
use crate::term::Term;

/// A loss whose work goes on until the listener has returned.
pub(crate) type Unfinished = Arc<Mutex<Option<Loss>>>;

/// This instance leads.
#[pyclass(frozen, get_all, module = "leasehold")]
pub(crate) struct Acquired {
    /// The term that began.
    pub(crate) term: Py<Term>,
}

#[pymethods]
impl Acquired {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    const MATCH_ARGS: (&'static str,) = ("term",);

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        repr(slf, &["term"])
    }
}

/// This instance no longer leads: stop the guarded work, then return from the listener.
#[pyclass(frozen, module = "leasehold")]
pub(crate) struct Lost {
    /// The term that is over.
    #[pyo3(get)]
    pub(crate) term: Py<Term>,
    /// Why, in a word: one of `leasehold.types.LostReason`.
    #[pyo3(get)]
    pub(crate) reason: &'static str,
    pub(crate) unfinished: Unfinished,
}

#[pymethods]
impl Lost {
    /// How many seconds the term's work may still go on: before that, no other candidate leads.
    /// Zero if another may lead already, and once the listener has returned. Ask again rather
    /// than keep the answer: it shrinks when renewals fail.
    #[getter]
    fn time_left(&self) -> f64 {
        let left = lock(&self.unfinished).as_ref().map(Loss::time_left);
        left.unwrap_or_default().as_secs_f64()
    }

    #[classattr]
    #[pyo3(name = "__match_args__")]
    const MATCH_ARGS: (&'static str, &'static str) = ("term", "reason");

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        repr(slf, &["term", "reason"])
    }
}

/// The Lease names another holder, or none. Tells nothing about who may act now.
#[pyclass(frozen, get_all, module = "leasehold")]
pub(crate) struct LeaderChanged {
    /// The holder; None when nobody holds the Lease.
    pub(crate) leader: Option<String>,
}

#[pymethods]
impl LeaderChanged {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    const MATCH_ARGS: (&'static str,) = ("leader",);

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        repr(slf, &["leader"])
    }
}

/// This candidate cannot read or renew the Lease. Told once for each new kind of error.
#[pyclass(frozen, get_all, module = "leasehold")]
pub(crate) struct RenewalFailing {
    /// Why.
    pub(crate) error: Py<PyAny>,
}

#[pymethods]
impl RenewalFailing {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    const MATCH_ARGS: (&'static str,) = ("error",);

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        repr(slf, &["error"])
    }
}

/// The election has stopped; after another `start()` there are events again.
#[pyclass(frozen, module = "leasehold")]
pub(crate) struct Stopped;

#[pymethods]
impl Stopped {
    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        repr(slf, &[])
    }
}

/// `leasehold.Lost(term=…, reason='expired')`.
fn repr(event: &Bound<'_, PyAny>, fields: &[&str]) -> PyResult<String> {
    let field = |name: &&str| Ok(format!("{name}={}", event.getattr(*name)?.repr()?));
    let fields: PyResult<Vec<String>> = fields.iter().map(field).collect();
    let class = event.get_type().qualname()?;
    Ok(format!("leasehold.{class}({})", fields?.join(", ")))
}
