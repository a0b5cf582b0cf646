//! Leasehold for Python: what the core says, as Python objects. The package around it is in
//! `python/leasehold`; this crate is its private module `leasehold._leasehold`.
//!
//! It converts and holds no rule. Every wait is without the GIL, in slices, so that a signal is
//! handled soon; no thread that Rust started ever attaches to the interpreter, so that none can
//! meet one that is finalizing. Nothing here is bound to a process: a fork is the core's affair,
//! and the package makes a new `Background` in the child.

mod background;
mod election;
mod errors;
mod events;
mod handle;
mod interpreter;
mod locks;
mod memory;
mod mutex;
mod once;
mod status;
mod subscription;
mod term;
mod waiting;

use pyo3::prelude::*;

/// What the core says, as Python objects. Private: use `leasehold`.
#[pymodule(gil_used = false)]
mod _leasehold {
    #[pymodule_export]
    use super::background::Background;
    #[pymodule_export]
    use super::election::Election;
    #[pymodule_export]
    use super::events::{Acquired, LeaderChanged, Lost, RenewalFailing, Stopped};
    #[pymodule_export]
    use super::locks::{Held, LockSet};
    #[pymodule_export]
    use super::memory::MemoryLease;
    #[pymodule_export]
    use super::once::Once;
    #[pymodule_export]
    use super::status::Status;
    #[pymodule_export]
    use super::subscription::{Delivery, Subscription};
    #[pymodule_export]
    use super::term::{Term, Work};
    #[pymodule_export]
    use super::waiting::Cancellation;

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::interpreter::check_is_main(module.py())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
