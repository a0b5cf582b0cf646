//! What a store brings to be tested against the contract.

use std::sync::Arc;

use leasehold::lease_store::LeaseStore;
use serde_json::Value;

/// One Lease of its own for one test, absent at first, and the means of others who may touch it.
pub(crate) trait Fixture {
    /// Whether a watch may leave out a change that a later one has overtaken.
    const COALESCES_CHANGES: bool = false;

    /// Fields outside the record that the store keeps, with a value each, to be set in this order.
    const FOREIGN_FIELDS: &[(&[&str], &str)] = &[
        (&["metadata", "labels", "team"], "blue"),
        (
            &["metadata", "annotations", "note"],
            "ask before you touch it",
        ),
        (&["spec", "strategy"], "OldestEmulationVersion"),
        (&["spec", "preferredHolder"], "candidate-7"),
    ];

    async fn new() -> Self;

    /// A candidate's own access to the Lease, sharing nothing with another candidate's.
    fn store(&self) -> Arc<dyn LeaseStore>;

    /// Deletes the Lease without the store's help.
    async fn delete(&self);

    /// Sets a field of the stored Lease without the store's help.
    async fn set_field(&self, path: &[&str], value: &str);

    /// Reads a field of the stored Lease without the store's help; null when it is absent.
    async fn field(&self, path: &[&str]) -> Value;
}
