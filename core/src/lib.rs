//! Leader election on Kubernetes Leases, inside your process.

pub mod clock;
pub mod election;
mod error;
pub mod lease_record;
pub mod lease_store;

pub use error::{Error, ErrorKind, Result};
