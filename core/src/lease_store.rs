//! Where a Lease is kept: the four operations that an election needs.
//!
//! Knows nothing about who leads, nor about settings, the runtime, or which of its stores an election
//! uses. Only `kubernetes` knows kube.
//!
//! Every store passes the same contract tests (`tests/store_contract`).

pub mod file;
pub mod kubernetes;
mod location;
pub mod memory;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;

pub use self::location::{Backend, Location, NamespaceSource};
use crate::error::Result;
use crate::lease_record::{LeaseRecord, ResourceVersion, StoredLease};

/// One named Lease in some store.
///
/// A caller may drop a returned future at any time, which is how it enforces a time limit: the
/// store must then assume nothing about whether the request took effect, and must not use the
/// same connection again.
pub trait LeaseStore: Send + Sync + 'static {
    /// The Lease as of now, never from a cache; `None` when there is none.
    fn read(&self) -> BoxFuture<'_, Result<Option<StoredLease>>>;

    /// Creates the Lease. Fails with [`Conflict`](crate::ErrorKind::Conflict) when there is one.
    fn create(&self, record: LeaseRecord) -> BoxFuture<'_, Result<StoredLease>>;

    /// Replaces the Lease if it is still the very object and version that `seen` is, keeping all
    /// fields that are not part of the record. Fails with
    /// [`Conflict`](crate::ErrorKind::Conflict) when it has changed, is gone, or was created anew.
    fn replace(&self, seen: StoredLease, record: LeaseRecord)
    -> BoxFuture<'_, Result<StoredLease>>;

    /// All changes after version `from`, in order; a store may leave out those that a later one has
    /// overtaken. From version zero, the present Lease comes first, if there is one. The stream ends
    /// when the store ends the watch, after which a new one may resume from the last version seen.
    /// Its first error is its last item: [`Gone`](crate::ErrorKind::Gone) when `from` is too old to
    /// resume, [`Forbidden`](crate::ErrorKind::Forbidden) when watching is not granted.
    fn watch(&self, from: ResourceVersion) -> BoxStream<'_, Result<WatchEvent>>;
}

/// What a watch tells.
#[derive(Clone, Debug)]
pub enum WatchEvent {
    /// The watch stands: changes from now on will be told. Always the first event.
    Opened,
    /// The Lease was created or changed.
    Changed(StoredLease),
    /// The Lease was deleted, at this version.
    Deleted(ResourceVersion),
    /// Nothing changed up to this version: a later watch may resume from it.
    Bookmark(ResourceVersion),
}
