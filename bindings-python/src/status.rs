//! How an election stands.

use pyo3::prelude::*;

use crate::errors::exception;

/// How an election stands, for people and probes.
#[pyclass(frozen, get_all, module = "leasehold")]
pub(crate) struct Status {
    /// The name of the Lease.
    lease: String,
    /// Where the Lease is kept.
    mode: &'static str,
    /// This candidate's holder string; None while it does not run.
    identity: Option<String>,
    /// What this candidate is doing.
    role: &'static str,
    /// The holder that the Lease names, as last observed.
    holder: Option<String>,
    /// Why this instance is not leading, in a sentence; None while it leads.
    why_not_leading: Option<String>,
    /// The last request's error, until one succeeds again.
    failing: Option<Py<PyAny>>,
    /// Whether changes of the Lease are watched; otherwise they are polled.
    watching: bool,
    /// The present term's fencing token.
    fencing_token: Option<u64>,
    /// How many seconds the leadership lasts unless it is renewed; zero when there is none.
    remaining: f64,
}

impl Status {
    pub(crate) fn new(py: Python<'_>, status: leasehold::Status) -> PyResult<Self> {
        let failing = status.failing.as_ref();
        Ok(Self {
            lease: status.lease,
            mode: status.mode.name(),
            identity: status.identity,
            role: status.role.name(),
            holder: status.holder,
            why_not_leading: status.why_not_leading,
            failing: failing
                .map(|error| exception(py, error).map(Bound::unbind))
                .transpose()?,
            watching: status.watching,
            fencing_token: status.fencing_token,
            remaining: status.remaining.as_secs_f64(),
        })
    }
}

#[pymethods]
impl Status {
    fn __repr__(&self) -> String {
        let shown = [
            ("lease", Some(self.lease.as_str())),
            ("role", Some(self.role)),
            ("holder", self.holder.as_deref()),
            ("why_not_leading", self.why_not_leading.as_deref()),
        ];
        let shown = shown.into_iter();
        let shown: String = shown
            .filter_map(|(name, value)| Some(format!(" {name}={:?}", value?)))
            .collect();
        format!("<leasehold.Status{shown}>")
    }
}
