//! What differs between operating systems: the one place that asks which it is.
//!
//! Each module has one interface and a form of it for each system. `runtime` has the one thing beside
//! these that systems differ in: `fork`, and the memory that a forked child sees.

pub(crate) mod changes;
pub(crate) mod clock;
pub(crate) mod files;
pub(crate) mod folders;
pub(crate) mod host;
pub(crate) mod programs;
