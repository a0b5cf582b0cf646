//! Which interpreter of the process this is.

#![expect(
    unsafe_code,
    reason = "asks CPython, for which PyO3 has no safe function"
)]

use pyo3::exceptions::PyImportError;
use pyo3::ffi::{PyInterpreterState_Get, PyInterpreterState_GetID};
use pyo3::prelude::*;

const MAIN: i64 = 0;

/// Fails in a subinterpreter: the classes here are the process's, not an interpreter's, and daemon
/// threads would outlive it. (`PyO3` refuses only those with a GIL of their own.)
pub(crate) fn check_is_main(_py: Python<'_>) -> PyResult<()> {
    // SAFETY: we are attached, as the token shows, so that there is a current interpreter.
    let id = unsafe { PyInterpreterState_GetID(PyInterpreterState_Get()) };
    if id == MAIN {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "leasehold cannot be imported in a subinterpreter: use it in the process's main interpreter \
         (with mod_wsgi: `WSGIApplicationGroup %{GLOBAL}`)",
    ))
}
