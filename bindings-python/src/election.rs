//! The election, less what the package adds in Python.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use leasehold::LeaderElection;
use leasehold::bindings::{ForeignElection, configured, wait};
use pyo3::prelude::*;

use crate::background::Background;
use crate::errors::{detached, raised};
use crate::handle::Handle;
use crate::memory::MemoryLease;
use crate::once::Once;
use crate::status::Status;
use crate::subscription::Subscription;
use crate::term::{Term, Work};
use crate::waiting::{self, Cancellation, Seconds};

/// What the elections of `leasehold` and `leasehold.aio` have in common.
#[pyclass(frozen, subclass, weakref, module = "leasehold._leasehold")]
pub(crate) struct Election(Handle);

#[pymethods]
impl Election {
    /// `settings` by their names in the core, as text; `lease` in place of the one that they name.
    #[new]
    #[pyo3(signature = (settings, lease = None))]
    fn new(
        py: Python<'_>,
        settings: Vec<(String, String)>,
        lease: Option<&MemoryLease>,
    ) -> PyResult<Self> {
        let store = lease.map(|lease| lease.0.clone());
        detached(py, || Handle::new(configured(settings)?, store).map(Self))
    }

    // ---- questions, answered from memory -------------------------------------------------------

    /// Whether this instance is the leader now. Compares a deadline with the clock each time, so it
    /// is False the moment a paused, suspended or partitioned process wakes, and in a forked child.
    #[getter]
    fn is_leader(&self) -> bool {
        self.0.inherited().is_leader()
    }

    /// How many seconds the leadership lasts unless it is renewed; zero when there is none.
    #[getter]
    fn remaining(&self) -> f64 {
        self.0.inherited().remaining().as_secs_f64()
    }

    /// The term under which this instance leads; None when it does not, and for an instant after
    /// `is_leader` turned True, which is published before any listener is called.
    #[getter]
    fn term(&self) -> Option<Term> {
        self.0.inherited().term().map(Term)
    }

    /// The holder that the Lease names, as last observed. Tells nothing about who may act now.
    #[getter]
    fn leader(&self) -> Option<String> {
        self.0.inherited().leader()
    }

    /// How the election stands. In a forked child it is the status of a stopped one.
    fn status(&self, py: Python<'_>) -> PyResult<Status> {
        Status::new(py, self.0.inherited().status())
    }

    /// The election's metrics in the Prometheus text format, under client-go's names if it has
    /// them. In a forked child there are none.
    fn metrics(&self) -> String {
        self.0.inherited().metrics()
    }

    /// Whether the election works as it should, for a liveness probe: a standby is healthy, and so
    /// is a candidate whose API server is down. Not so an election whose background thread is
    /// stuck, nor one that the Lease still names `tolerance` seconds after it expired.
    #[pyo3(signature = (tolerance = Seconds(Duration::ZERO)), text_signature = "($self, tolerance=0)")]
    fn healthy(&self, tolerance: Seconds) -> bool {
        self.0.inherited().check_health(tolerance.0).is_ok()
    }

    /// As `healthy`, but raises what is wrong.
    #[pyo3(signature = (tolerance = Seconds(Duration::ZERO)), text_signature = "($self, tolerance=0)")]
    fn check_health(&self, py: Python<'_>, tolerance: Seconds) -> PyResult<()> {
        let health = self.0.inherited().check_health(tolerance.0);
        health.map_err(|error| raised(py, &error))
    }

    /// When the firing of a job was due that was begun last, as far as this instance knows; as it is,
    /// while it leads. None if none is known. Raises `CorruptError` if what the Lease remembers
    /// cannot be understood.
    fn last_firing(&self, py: Python<'_>, job: &str) -> PyResult<Option<SystemTime>> {
        let election = self.here(py)?;
        detached(py, || election.last_firing(job))
    }

    // ---- commands that do not wait -------------------------------------------------------------

    /// Stops leading, and holds back for one lease duration so that another candidate may lead.
    /// The answer is false when it returns, and the Lease is released when the work has stopped.
    /// Nothing happens if it does not lead.
    fn step_down(&self, py: Python<'_>) -> PyResult<()> {
        let election = self.here(py)?;
        detached(py, || election.step_down())
    }

    /// Begins to stop, as `stop` does, and returns at once; `Stopped` tells when that is done.
    /// Returns whether the election was running. For listeners, which must not wait for themselves.
    #[pyo3(signature = (drain = None))]
    fn request_stop(&self, py: Python<'_>, drain: Option<Seconds>) -> PyResult<bool> {
        let election = self.here(py)?;
        let drain = drain.map(|drain| drain.0);
        detached(py, || waiting::request_stop(&election, drain))
    }

    // ---- for the package -----------------------------------------------------------------------

    /// Starts. Waits while credentials are loaded.
    fn _start(&self, py: Python<'_>, background: &Background) -> PyResult<()> {
        let election = detached(py, || self.0.start())?;
        background.add(election);
        Ok(())
    }

    /// Stops and waits for it.
    fn _stop(&self, py: Python<'_>, drain: Option<Seconds>) -> PyResult<()> {
        let election = self.here(py)?;
        waiting::stop(py, &election, drain.map(|drain| drain.0))
    }

    /// Waits until this instance leads; None if the wait was cancelled.
    fn _wait_for_leadership(
        &self,
        py: Python<'_>,
        timeout: Option<Seconds>,
        cancellation: Option<&Cancellation>,
    ) -> PyResult<Option<Term>> {
        let election = self.here(py)?;
        let timeout = timeout.map(|timeout| timeout.0);
        waiting::wait_for_leadership(py, &election, timeout, cancellation, |term| {
            Some(Term(term))
        })
    }

    /// Waits until this instance leads, and begins work; None if the wait was cancelled.
    fn _wait_for_work(
        &self,
        py: Python<'_>,
        timeout: Option<Seconds>,
        cancellation: Option<&Cancellation>,
    ) -> PyResult<Option<Work>> {
        let election = self.here(py)?;
        let timeout = timeout.map(|timeout| timeout.0);
        let work = |_| election.begin_work().map(Work::from);
        waiting::wait_for_leadership(py, &election, timeout, cancellation, work)
    }

    /// Begins work if this instance leads.
    fn _begin_work(&self) -> Option<Work> {
        self.0.inherited().begin_work().map(Work::from)
    }

    /// Claims a firing, or one that was missed within so long; None if the wait was cancelled.
    fn _claim(
        &self,
        py: Python<'_>,
        job: &str,
        due: SystemTime,
        missed_within: Option<Seconds>,
        cancellation: Option<&Cancellation>,
    ) -> PyResult<Option<bool>> {
        let election = self.here(py)?;
        let mut claim = Box::pin(async {
            match missed_within {
                None => election.claim_async(job, due).await,
                Some(within) => election.claim_missed_async(job, due, within.0).await,
            }
        });
        waiting::in_slices(py, None, cancellation, |slice| {
            wait(claim.as_mut(), slice).transpose()
        })
    }

    /// Begins a call of `run_once`, and starts if that has to; None if the wait was cancelled.
    fn _begin_once(
        &self,
        py: Python<'_>,
        key: &str,
        background: &Background,
        in_listener: bool,
        cancellation: Option<&Cancellation>,
    ) -> PyResult<Option<Once>> {
        let election = self.here(py)?;
        let once = Once::begin(py, &election, key, in_listener, cancellation)?;
        self.0.has_started();
        background.add(election);
        Ok(once)
    }

    /// The events from now on, with the present term first.
    fn _subscribe(&self, py: Python<'_>) -> PyResult<Subscription> {
        let election = self.here(py)?;
        detached(py, || election.subscribe().map(Subscription::from))
    }
}

impl Election {
    fn here(&self, py: Python<'_>) -> PyResult<Arc<LeaderElection>> {
        detached(py, || self.0.here())
    }
}
