//! A Lease in a folder of one host: for a laptop, or a single machine without a cluster.
//!
//! Candidates in any number of processes, in any language, elect one leader through it. Each Lease
//! has a folder of its own, `<directory>/<namespace>/<lease>`, with three files:
//!
//! - `lease.json`: the Lease. It is only ever replaced as a whole, so that it can be read at any
//!   time. Times in it are for people: candidates measure expiry on their own clocks.
//! - `lock`: held while a Lease is compared and written; names the process that holds it.
//! - `version`: the highest version that may have been given out. It outlives the Lease, so that
//!   fencing tokens never go back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::stream;
use tokio::sync::watch;

use self::folder::{LEASE, LeaseFolder, Sight};
use super::{LeaseStore, WatchEvent};
use crate::error::{Error, ErrorKind, Result};
use crate::lease_record::{LeaseRecord, ResourceVersion, StoredLease};
use crate::system::changes::Changes;

mod errors;
mod folder;
mod format;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod guard;
mod lock;

/// The folder of elections without a cluster: `.leasehold` in the user's home folder.
///
/// Fails with [`Config`](ErrorKind::Config) when the user has none.
pub fn default_directory() -> Result<PathBuf> {
    match std::env::home_dir() {
        Some(home) if home.is_absolute() => Ok(home.join(".leasehold")),
        _ => Err(Error::config(
            "directory",
            "unset",
            "this user has no home directory to keep Leases in: set it to a directory",
        )),
    }
}

/// One Lease in a folder. Needs a Tokio runtime with time and I/O enabled.
#[derive(Debug)]
pub struct FileStore {
    folder: Arc<LeaseFolder>,
    /// File work that goes on, waited for or not, has a receiver each.
    under_way: watch::Sender<()>,
}

impl FileStore {
    /// Opens the Lease `namespace`/`lease` below `directory`, an absolute path, and makes the
    /// folders that are missing, for their owner only. The Lease itself need not exist.
    ///
    /// Fails with [`Config`](ErrorKind::Config) when `directory` cannot hold an election: it is on
    /// a network or FUSE file system, or somebody else may write to it.
    pub fn open(directory: &Path, namespace: &str, lease: &str) -> Result<Self> {
        Ok(Self::of(LeaseFolder::open(directory, namespace, lease)?))
    }

    /// The same for somebody who only looks, at any folder that he may read: makes and locks nothing.
    /// Until a candidate has made the folder, there is no Lease, and a watch fails with
    /// [`Unavailable`](ErrorKind::Unavailable).
    pub(crate) fn find(directory: &Path, namespace: &str, lease: &str) -> Result<Self> {
        Ok(Self::of(LeaseFolder::find(directory, namespace, lease)?))
    }

    fn of(folder: LeaseFolder) -> Self {
        Self {
            folder: Arc::new(folder),
            under_way: watch::Sender::default(),
        }
    }

    /// The folder of this Lease.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Whether this user could elect here; [`open`](Self::open) says what that takes.
    pub(crate) async fn check(&self) -> Result<()> {
        self.blocking(LeaseFolder::check).await
    }

    /// Runs file work where it stalls nobody. When the future is dropped, work that has begun ends by
    /// itself, after a bounded wait for the lock.
    async fn blocking<T: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        work: impl FnOnce(&LeaseFolder) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let (folder, goes_on) = (Arc::clone(&self.folder), self.under_way.subscribe());
        let outcome = tokio::task::spawn_blocking(move || {
            let outcome = work(&folder);
            drop(goes_on);
            outcome
        });
        outcome.await.unwrap_or_else(|failure| {
            let kind = if failure.is_panic() {
                ErrorKind::Internal
            } else {
                ErrorKind::Closed
            };
            let message = format!("file work did not finish: {failure}");
            Err(Error::new(kind, message).into())
        })
    }
}

impl LeaseStore for FileStore {
    fn read(&self) -> BoxFuture<'_, super::Result<Option<StoredLease>>> {
        Box::pin(self.blocking(|folder| Ok(folder.read()?)))
    }

    fn create(&self, record: LeaseRecord) -> BoxFuture<'_, super::Result<StoredLease>> {
        Box::pin(self.blocking(move |folder| folder.create(&record)))
    }

    fn replace(
        &self,
        seen: StoredLease,
        record: LeaseRecord,
    ) -> BoxFuture<'_, super::Result<StoredLease>> {
        Box::pin(self.blocking(move |folder| folder.replace(&seen, &record)))
    }

    /// Tells the latest of several changes in quick succession, and that others may be left out.
    fn watch(&self, from: ResourceVersion) -> BoxStream<'_, super::Result<WatchEvent>> {
        let watch = Watch {
            store: self,
            changes: None,
            last: from,
            next: None,
        };
        Box::pin(stream::try_unfold(watch, |mut watch| async move {
            let event = watch.next().await?;
            Ok(event.map(|event| (event, watch)))
        }))
    }

    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.under_way.closed())
    }
}

struct Watch<'a> {
    store: &'a FileStore,
    /// None until the watch stands.
    changes: Option<Changes>,
    /// The last version that was reported.
    last: ResourceVersion,
    /// What to report next, after it was reported that others were left out.
    next: Option<WatchEvent>,
}

impl Watch<'_> {
    async fn next(&mut self) -> Result<Option<WatchEvent>> {
        let Some(changes) = &mut self.changes else {
            self.store.blocking(LeaseFolder::prepare).await?;
            self.changes = Some(Changes::of(self.store.path(), LEASE));
            return Ok(Some(WatchEvent::Opened));
        };
        if let Some(event) = self.next.take() {
            return Ok(Some(event));
        }
        loop {
            let from_zero = self.last == ResourceVersion::default();
            match self.store.blocking(LeaseFolder::look).await? {
                Sight::Present(lease) if lease.version > self.last => {
                    let follows = from_zero || lease.version.0 == self.last.0 + 1;
                    self.last = lease.version;
                    return Ok(Some(self.tell(WatchEvent::Changed(lease), follows)));
                }
                Sight::Absent(version) if version > self.last => {
                    self.last = version;
                    // One who watches from zero knows of no Lease that could be gone.
                    if !from_zero {
                        return Ok(Some(self.tell(WatchEvent::Deleted(version), false)));
                    }
                }
                _ => {}
            }
            if !changes.wait().await {
                return Ok(None);
            }
        }
    }

    /// `event`, unless something was left out since the last one: then that is reported first.
    fn tell(&mut self, event: WatchEvent, follows: bool) -> WatchEvent {
        if follows {
            return event;
        }
        self.next = Some(event);
        WatchEvent::LeftOut
    }
}
