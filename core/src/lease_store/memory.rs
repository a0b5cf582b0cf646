//! A Lease in memory with the semantics of the Kubernetes API server, for tests and simulation.
//!
//! It takes no time, draws no random numbers and wakes watchers in the order in which they came,
//! so that a simulation under Tokio's paused clock runs the same way each time.

use std::collections::VecDeque;
use std::iter;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::stream;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{LeaseStore, Result, StoreError, WatchEvent};
use crate::lease_record::{LeaseRecord, ResourceVersion, StoredLease};

/// How many changes a watch can resume from. The API server keeps those of some minutes.
const HISTORY_LENGTH: usize = 1_000;

/// One Lease and the part of the API server that keeps it; for tests and simulation.
///
/// Clones share the Lease: give one to each candidate. Beside [`LeaseStore`], which candidates
/// use, its own methods play others who have access to the Lease, and the server's whims.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<Server>>);

impl MemoryStore {
    /// A server with no Lease yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A server with no Lease yet, whose versions start after `version`.
    pub fn starting_after(version: ResourceVersion) -> Self {
        Self(Arc::new(Mutex::new(Server {
            version,
            ..Server::default()
        })))
    }

    /// The Lease as of now.
    pub fn get(&self) -> Option<StoredLease> {
        self.server().lease.clone()
    }

    /// Writes `record` no matter what is there, as another client would, which keeps what the Lease
    /// remembers: over the present Lease, or as a new one.
    pub fn put_foreign(&self, mut record: LeaseRecord) -> StoredLease {
        let mut server = self.server();
        match server.lease.clone() {
            Some(lease) => {
                record.memory.clone_from(&lease.record.memory);
                server.put(StoredLease { record, ..lease })
            }
            None => server.post(record),
        }
    }

    /// Changes fields of the record, as `kubectl edit` would; `None` when there is no Lease.
    pub fn edit(&self, change: impl FnOnce(&mut LeaseRecord)) -> Option<StoredLease> {
        let mut server = self.server();
        let before = server.lease.clone()?;
        let mut lease = before.clone();
        change(&mut lease.record);
        let record = &mut lease.record;
        if !record.is_same_write(&before.record) && record.note == before.record.note {
            // It is of the write before, and bound to that.
            record.note = None;
        }
        Some(server.put(lease))
    }

    /// Sets a field that is not part of the record, such as `["metadata", "labels", "team"]`;
    /// `None` when there is no Lease. The version grows though the record stays as it is.
    pub fn set_field(&self, path: &[&str], value: impl Into<Value>) -> Option<StoredLease> {
        let mut server = self.server();
        let mut lease = server.lease.clone()?;
        let mut object = lease.object.as_deref().cloned().unwrap_or_default();
        *path.iter().fold(&mut object, |field, key| &mut field[*key]) = value.into();
        lease.object = Some(Arc::new(object));
        Some(server.put(lease))
    }

    /// Deletes the Lease, as `kubectl delete` would; returns whether there was one.
    pub fn delete(&self) -> bool {
        let mut server = self.server();
        let deleted = server.lease.take().is_some();
        if deleted {
            let version = server.next_version();
            server.publish(version, WatchEvent::Deleted(version));
        }
        deleted
    }

    /// Tells all watches how far the server has come. Other objects have changed in between, so
    /// that version is later than this Lease's.
    pub fn bookmark(&self) -> ResourceVersion {
        let mut server = self.server();
        let version = server.next_version();
        server.tell(&WatchEvent::Bookmark(version));
        version
    }

    /// Ends all watches, as the API server does every few minutes.
    pub fn end_watches(&self) {
        self.server().watches.clear();
    }

    /// Forgets all past changes: a watch from before now is [`StoreError::TooOld`].
    pub fn compact(&self) {
        let mut server = self.server();
        server.history.clear();
        server.forgotten = server.version;
    }

    /// A panic in a test's `edit` closure leaves the server as it was, so poisoning says nothing.
    fn server(&self) -> MutexGuard<'_, Server> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LeaseStore for MemoryStore {
    fn read(&self) -> BoxFuture<'_, Result<Option<StoredLease>>> {
        Box::pin(async { Ok(self.get()) })
    }

    fn create(&self, record: LeaseRecord) -> BoxFuture<'_, Result<StoredLease>> {
        Box::pin(async move { self.server().create(record) })
    }

    fn replace(
        &self,
        seen: StoredLease,
        record: LeaseRecord,
    ) -> BoxFuture<'_, Result<StoredLease>> {
        Box::pin(async move { self.server().replace(StoredLease { record, ..seen }) })
    }

    fn watch(&self, from: ResourceVersion) -> BoxStream<'_, Result<WatchEvent>> {
        match self.server().watch(from) {
            Ok(mut events) => Box::pin(stream::poll_fn(move |context| {
                events.poll_recv(context).map(|event| event.map(Ok))
            })),
            Err(gone) => Box::pin(stream::iter([Err(gone)])),
        }
    }
}

/// What the API server knows about the Lease.
#[derive(Debug, Default)]
struct Server {
    lease: Option<StoredLease>,
    /// Of the whole server: it outlives the Lease and is never reset.
    version: ResourceVersion,
    /// How many Leases there have been.
    created: u64,
    history: VecDeque<(ResourceVersion, WatchEvent)>,
    /// The last version that `history` no longer reaches back to.
    forgotten: ResourceVersion,
    watches: Vec<mpsc::UnboundedSender<WatchEvent>>,
}

impl Server {
    fn create(&mut self, record: LeaseRecord) -> Result<StoredLease> {
        if self.lease.is_some() {
            return Err(conflict("the Lease already exists"));
        }
        Ok(self.post(record))
    }

    /// A PUT that carries version and UID. Without a UID the API server would create a Lease that
    /// is gone (`AllowCreateOnUpdate`); with one it refuses.
    fn replace(&mut self, wanted: StoredLease) -> Result<StoredLease> {
        match &self.lease {
            None => Err(conflict("the Lease is gone")),
            Some(present) if present.uid != wanted.uid => {
                Err(conflict("the Lease was deleted and created again"))
            }
            Some(present) if present.version != wanted.version => {
                Err(conflict("the Lease has changed"))
            }
            Some(_) => Ok(self.put(wanted)),
        }
    }

    fn post(&mut self, record: LeaseRecord) -> StoredLease {
        self.created += 1;
        let uid = format!("00000000-0000-4000-8000-{:012x}", self.created);
        self.store(StoredLease {
            record,
            version: ResourceVersion::default(),
            uid,
            object: None,
        })
    }

    /// An unchanged object gets neither a new version nor an event, as with the API server.
    fn put(&mut self, wanted: StoredLease) -> StoredLease {
        match &self.lease {
            Some(present) if present.record == wanted.record && present.object == wanted.object => {
                present.clone()
            }
            _ => self.store(wanted),
        }
    }

    fn store(&mut self, mut lease: StoredLease) -> StoredLease {
        lease.version = self.next_version();
        self.lease = Some(lease.clone());
        self.publish(lease.version, WatchEvent::Changed(lease.clone()));
        lease
    }

    fn next_version(&mut self) -> ResourceVersion {
        self.version.0 += 1;
        self.version
    }

    fn publish(&mut self, version: ResourceVersion, event: WatchEvent) {
        self.tell(&event);
        self.history.push_back((version, event));
        if self.history.len() > HISTORY_LENGTH
            && let Some((oldest, _)) = self.history.pop_front()
        {
            self.forgotten = oldest;
        }
    }

    fn tell(&mut self, event: &WatchEvent) {
        self.watches
            .retain(|watch| watch.send(event.clone()).is_ok());
    }

    /// From version zero the watch starts with the present Lease, as with the API server.
    fn watch(&mut self, from: ResourceVersion) -> Result<mpsc::UnboundedReceiver<WatchEvent>> {
        let missed: Vec<_> = if from == ResourceVersion::default() {
            self.lease
                .clone()
                .map(WatchEvent::Changed)
                .into_iter()
                .collect()
        } else if from < self.forgotten {
            return Err(StoreError::TooOld(format!(
                "version {from} is too old to watch from: the history starts after {}",
                self.forgotten
            )));
        } else {
            let later = self.history.iter().filter(|(version, _)| *version > from);
            later.map(|(_, event)| event.clone()).collect()
        };

        let (watch, events) = mpsc::unbounded_channel();
        for event in iter::once(WatchEvent::Opened).chain(missed) {
            // Cannot fail: the receiver is still here.
            let _ = watch.send(event);
        }
        self.watches.push(watch);
        Ok(events)
    }
}

fn conflict(reason: &str) -> StoreError {
    StoreError::Conflict(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    fn held_by(holder: &str) -> LeaseRecord {
        LeaseRecord {
            holder: holder.to_owned(),
            ..LeaseRecord::default()
        }
    }

    async fn next(watch: &mut BoxStream<'_, Result<WatchEvent>>) -> String {
        match watch.next().await {
            Some(Ok(WatchEvent::Opened)) => "opened".to_owned(),
            Some(Ok(WatchEvent::LeftOut)) => "left out".to_owned(),
            Some(Ok(WatchEvent::Changed(lease))) => {
                format!("{} at {}", lease.record.holder, lease.version)
            }
            Some(Ok(WatchEvent::Deleted(version))) => format!("deleted at {version}"),
            Some(Ok(WatchEvent::Bookmark(version))) => format!("bookmark at {version}"),
            Some(Err(StoreError::TooOld(_))) => "too old".to_owned(),
            Some(Err(error)) => error.to_string(),
            None => "ended".to_owned(),
        }
    }

    #[tokio::test]
    async fn clones_share_one_lease() {
        let store = MemoryStore::new();
        store.clone().create(held_by("a")).await.unwrap();
        assert_eq!(store.get().unwrap().record.holder, "a");
    }

    #[tokio::test]
    async fn a_watch_from_before_the_compaction_is_gone_and_one_that_stands_goes_on() {
        let store = MemoryStore::new();
        let first = store.put_foreign(held_by("a"));
        let mut standing = store.watch(first.version);
        let second = store.put_foreign(held_by("b"));
        store.compact();

        let mut late = store.watch(first.version);
        assert_eq!(next(&mut late).await, "too old");
        assert_eq!(next(&mut late).await, "ended");

        let mut timely = store.watch(second.version);
        store.put_foreign(held_by("c"));
        assert_eq!(next(&mut timely).await, "opened");
        assert_eq!(next(&mut timely).await, "c at 3");
        assert_eq!(next(&mut standing).await, "opened");
        assert_eq!(next(&mut standing).await, "b at 2");
        assert_eq!(next(&mut standing).await, "c at 3");
    }

    #[tokio::test]
    async fn the_history_is_bounded() {
        let store = MemoryStore::new();
        let first = store.put_foreign(held_by("first"));
        for number in 0..HISTORY_LENGTH {
            store.put_foreign(held_by(&number.to_string()));
        }
        assert_eq!(next(&mut store.watch(first.version)).await, "opened");

        store.put_foreign(held_by("one too many"));
        assert_eq!(next(&mut store.watch(first.version)).await, "too old");
    }

    #[tokio::test]
    async fn a_bookmark_is_later_than_the_lease_and_a_watch_resumes_from_it() {
        let store = MemoryStore::new();
        let lease = store.put_foreign(held_by("a"));
        let mut watch = store.watch(lease.version);
        let bookmark = store.bookmark();
        assert!(bookmark > lease.version);
        assert_eq!(next(&mut watch).await, "opened");
        assert_eq!(next(&mut watch).await, "bookmark at 2");

        let mut resumed = store.watch(bookmark);
        store.delete();
        assert_eq!(next(&mut resumed).await, "opened");
        assert_eq!(next(&mut resumed).await, "deleted at 3");
    }

    #[tokio::test]
    async fn an_ended_watch_tells_what_came_before_its_end() {
        let store = MemoryStore::new();
        let mut watch = store.watch(ResourceVersion(0));
        store.put_foreign(held_by("a"));
        store.end_watches();
        store.put_foreign(held_by("b"));
        assert_eq!(next(&mut watch).await, "opened");
        assert_eq!(next(&mut watch).await, "a at 1");
        assert_eq!(next(&mut watch).await, "ended");
    }

    #[tokio::test]
    async fn outsiders_change_what_is_there_and_nothing_else() {
        let store = MemoryStore::new();
        assert!(store.edit(|record| record.holder.clear()).is_none());
        assert!(
            store
                .set_field(&["metadata", "labels", "team"], "blue")
                .is_none()
        );
        assert!(!store.delete());

        store.put_foreign(held_by("a"));
        store.set_field(&["metadata", "labels", "team"], "blue");
        let edited = store.edit(|record| record.transitions = 7).unwrap();
        assert_eq!(edited.record.holder, "a");
        assert_eq!(edited.object.unwrap()["metadata"]["labels"]["team"], "blue");
        assert!(store.delete());
        assert!(store.get().is_none());
    }

    #[tokio::test]
    async fn a_panic_in_an_edit_leaves_the_store_usable() {
        let store = MemoryStore::new();
        store.put_foreign(held_by("a"));
        let editor = store.clone();
        let edit = std::thread::spawn(move || editor.edit(|_| panic!("a test went wrong")));
        assert!(edit.join().is_err());
        assert_eq!(store.get().unwrap().record.holder, "a");
    }
}
