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

use std::fmt;
use std::future::ready;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;

pub use self::location::{Backend, Location, NamespaceSource};
use crate::error::{Error, ErrorKind};
use crate::lease_record::{LeaseRecord, ResourceVersion, StoredLease};

/// Why a store has not done what it was asked.
#[derive(Clone, Debug)]
pub enum StoreError {
    /// Somebody else has written first: the election reads again.
    Conflict(String),
    /// The version to watch from is too old: the election watches from what there is.
    TooOld(String),
    /// What the application hears of as well.
    Other(Error),
}

/// The result of a request to a store.
pub type Result<T> = std::result::Result<T, StoreError>;

impl StoreError {
    /// What went wrong, as the application hears of it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Conflict(_) | Self::TooOld(_) => ErrorKind::Unavailable,
            Self::Other(error) => error.kind(),
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let kind = error.kind();
        match error {
            StoreError::Conflict(reason) | StoreError::TooOld(reason) => Self::new(kind, reason),
            StoreError::Other(error) => error,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(reason) | Self::TooOld(reason) => f.write_str(reason),
            Self::Other(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Conflict(_) | Self::TooOld(_) => None,
            Self::Other(error) => error.source(),
        }
    }
}

/// One named Lease in some store.
///
/// A caller may drop a returned future at any time, which is how it enforces a time limit: the
/// store must then assume nothing about whether the request took effect, and must not use the
/// same connection again.
pub trait LeaseStore: Send + Sync + 'static {
    /// The Lease as of now, never from a cache; `None` when there is none.
    fn read(&self) -> BoxFuture<'_, Result<Option<StoredLease>>>;

    /// Creates the Lease. Fails with [`StoreError::Conflict`] when there is one.
    fn create(&self, record: LeaseRecord) -> BoxFuture<'_, Result<StoredLease>>;

    /// Replaces the Lease if it is still the very object and version that `seen` is, keeping all
    /// fields that are not part of the record. Fails with [`StoreError::Conflict`] when it has
    /// changed, is gone, or was created again.
    fn replace(&self, seen: StoredLease, record: LeaseRecord)
    -> BoxFuture<'_, Result<StoredLease>>;

    /// All changes after version `from`, in order; a store may leave out those that a later one has
    /// overtaken, if it says so. From version zero, the present Lease comes first, if there is one. The
    /// stream ends
    /// when the store ends the watch, after which a new one may resume from the last version seen.
    /// Its first error is its last item: [`StoreError::TooOld`] when `from` is too old to resume,
    /// [`ErrorKind::Forbidden`] when watching is not granted.
    fn watch(&self, from: ResourceVersion) -> BoxStream<'_, Result<WatchEvent>>;

    /// Waits until nothing of requests and watches that were dropped goes on any more, as far as that
    /// is up to this process. A store of which something may go on says here when it has ended: an
    /// election that stops waits for it, for at most `renew_deadline`, when it has dropped all. A store around
    /// another passes this on to it.
    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
}

/// What a watch tells.
#[derive(Clone, Debug)]
pub enum WatchEvent {
    /// The watch stands: changes come from now on. Always the first event.
    Opened,
    /// Changes before the next one may be left out, such as a holder of whom nobody hears.
    LeftOut,
    /// The Lease was created or changed.
    Changed(StoredLease),
    /// The Lease was deleted, at this version.
    Deleted(ResourceVersion),
    /// Nothing changed up to this version: a later watch may resume from it.
    Bookmark(ResourceVersion),
}
