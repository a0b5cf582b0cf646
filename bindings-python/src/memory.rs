//! A Lease in memory, for the tests of applications.

use leasehold::lease_record::{LeaseRecord, RELEASED_DURATION_SECONDS};
use leasehold::lease_store::memory::MemoryStore;
use pyo3::prelude::*;

/// Without end, for a test.
const A_DAY_IN_SECONDS: i32 = 24 * 3600;

/// A Lease in memory, in place of the one that an election's settings name.
#[pyclass(frozen, module = "leasehold._leasehold")]
#[derive(Default)]
pub(crate) struct MemoryLease(pub(crate) MemoryStore);

#[pymethods]
impl MemoryLease {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Gives the Lease to another candidate, who keeps it.
    fn give_to(&self, holder: String) {
        self.put(holder, A_DAY_IN_SECONDS);
    }

    /// The other candidate releases the Lease: anybody may acquire it at once.
    fn release(&self) {
        self.put(String::new(), RELEASED_DURATION_SECONDS);
    }
}

impl MemoryLease {
    fn put(&self, holder: String, seconds: i32) {
        let transitions = self.0.get().map_or(0, |lease| lease.record.transitions);
        self.0.put_foreign(LeaseRecord {
            holder,
            lease_duration_seconds: Some(seconds),
            transitions,
            ..LeaseRecord::default()
        });
    }
}
