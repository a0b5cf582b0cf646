//! Calls of `run_once`, whose work is done in Python.

use std::pin::pin;
use std::sync::Mutex;

use leasehold::LeaderElection;
use leasehold::bindings::{OnceCall, OnceHold, OnceNews, OnceWork, wait};
use pyo3::prelude::*;

use crate::errors::detached;
use crate::mutex::lock;
use crate::term::Term;
use crate::waiting::{Cancellation, in_slices};

/// Says when to do the work, and learns how it went.
#[pyclass(frozen, module = "leasehold._leasehold")]
pub(crate) struct Once {
    call: Mutex<Option<OnceCall>>,
    /// Taken out to end a wait for news.
    hold: Mutex<Option<OnceHold>>,
    /// What is under way.
    work: Mutex<Option<OnceWork>>,
}

/// The term to work under; then whether the work was done here, or `failed`.
#[derive(IntoPyObject)]
pub(crate) enum News {
    Begun(Term),
    Done(bool),
    Failed(&'static str),
}

impl Once {
    /// Takes part in the election where nobody has started it; None once cancelled.
    pub(crate) fn begin(
        py: Python<'_>,
        election: &LeaderElection,
        key: &str,
        in_listener: bool,
        cancellation: Option<&Cancellation>,
    ) -> PyResult<Option<Self>> {
        let mut beginning = pin!(async {
            if in_listener {
                OnceCall::begin_in_listener(election, key).await
            } else {
                OnceCall::begin(election, key).await
            }
        });
        let begun = in_slices(py, None, cancellation, |slice| {
            wait(beginning.as_mut(), slice).transpose()
        })?;
        Ok(begun.map(|mut call| {
            let hold = call.hold();
            Self {
                call: Mutex::new(Some(call)),
                hold: Mutex::new(Some(hold)),
                work: Mutex::default(),
            }
        }))
    }
}

#[pymethods]
impl Once {
    /// Waits for news; None once cancelled, or closed.
    fn next(&self, py: Python<'_>, cancellation: Option<&Cancellation>) -> PyResult<Option<News>> {
        let news = in_slices(py, None, cancellation, |slice| {
            let mut call = lock(&self.call);
            let Some(call) = call.as_mut() else {
                return Ok(Some(None));
            };
            wait(call.next(), slice).transpose()
        })?;
        Ok(news.flatten().map(|news| match news {
            OnceNews::Begun(work) => {
                let term = Term(work.term.clone());
                *lock(&self.work) = Some(work);
                News::Begun(term)
            }
            OnceNews::Done(here) => News::Done(here),
            OnceNews::Failed => News::Failed("failed"),
        }))
    }

    /// The work that has begun has ended, with this failure or with none.
    fn ended(&self, failure: Option<String>) {
        if let Some(work) = lock(&self.work).take() {
            work.ended(failure);
        }
    }

    /// The work that has begun is not done: its term is over.
    fn give_up(&self) {
        drop(lock(&self.work).take());
    }

    /// Nobody waits for news any more. Work that has not ended is left to others.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || {
            *lock(&self.hold) = None;
            // Otherwise another thread waits there, and has just been woken.
            if let Ok(mut call) = self.call.try_lock() {
                *call = None;
            }
            *lock(&self.work) = None;
            Ok(())
        })
    }
}
