//! From the core's errors to the exceptions of `leasehold._errors`.

use leasehold::Error;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The exception for an error. Which class a kind of error has is in `leasehold._errors`.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = MAKE.import(py, "leasehold._errors", "error_of_kind")?;
    make.call1((error.kind().name(), error.message()))
}

/// An error as something to raise.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    // Otherwise what kept it from being made, such as an interpreter without memory.
    exception(py, error).map_or_else(|why| why, PyErr::from_value)
}

/// Runs `call` without the GIL, and raises what it fails with. A panic is an error like others.
pub(crate) fn detached<T: Send>(
    py: Python<'_>,
    call: impl FnOnce() -> leasehold::Result<T> + Send,
) -> PyResult<T> {
    let outcome = py.detach(|| leasehold::bindings::contain_panics(call));
    outcome.map_err(|error| raised(py, &error))
}
