//! The kernel's notes about changed folders, through one inotify instance for all watches of a
//! thread: by default a user may have 128 of them at most.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustix::fs::inotify::{self, CreateFlags, Event, ReadFlags, Reader, WatchFlags};
use tokio::io::unix::AsyncFd;
use tokio::runtime::{Handle, Id};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The notes about one file, of a folder.
pub(super) struct Subscription {
    notes: watch::Receiver<()>,
    folder: i32,
    hub: Arc<Hub>,
}

impl Subscription {
    pub(super) fn to(folder: &Path, name: &'static str) -> io::Result<Self> {
        let hub = Hub::of_this_thread()?;
        let (folder, notes) = hub.folders.subscribe(folder, name)?;
        Ok(Self { notes, folder, hub })
    }

    /// Waits until the file may have changed since the last wait; false when the folder is gone.
    pub(super) async fn wait(&mut self) -> bool {
        self.notes.changed().await.is_ok()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.folders.unsubscribe(self.folder);
    }
}

thread_local! {
    /// Of the thread, not of the process: a forked child then neither reads its parent's notes nor
    /// waits for a mutex that a thread of the parent holds.
    static HUB: RefCell<Option<(Id, Weak<Hub>)>> = const { RefCell::new(None) };
}

struct Hub {
    folders: Arc<Folders>,
    /// Reads the notes until the hub is dropped.
    _reader: JoinSet<()>,
}

impl Hub {
    fn of_this_thread() -> io::Result<Arc<Self>> {
        let runtime = Handle::current().id();
        HUB.with_borrow_mut(|present| {
            if let Some((id, hub)) = present
                && *id == runtime
                && let Some(hub) = hub.upgrade()
            {
                return Ok(hub);
            }
            let hub = Arc::new(Self::new()?);
            *present = Some((runtime, Arc::downgrade(&hub)));
            Ok(hub)
        })
    }

    #[expect(
        deprecated,
        reason = "AsyncFd::register is unsafe for the sake of types that may close their \
                  descriptor early; an OwnedFd cannot"
    )]
    fn new() -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let folders = Arc::new(Folders {
            inotify: AsyncFd::new(inotify)?,
            notes: Mutex::default(),
        });
        let mut reader = JoinSet::new();
        reader.spawn(Arc::clone(&folders).tell());
        Ok(Self {
            folders,
            _reader: reader,
        })
    }
}

/// The watched folders by inotify's numbers.
struct Folders {
    inotify: AsyncFd<OwnedFd>,
    notes: Mutex<HashMap<i32, Note>>,
}

/// Of a folder one file is watched.
struct Note {
    file: &'static str,
    changed: watch::Sender<()>,
}

impl Folders {
    fn subscribe(
        &self,
        folder: &Path,
        file: &'static str,
    ) -> io::Result<(i32, watch::Receiver<()>)> {
        // The file is only ever renamed or deleted; so are folders.
        let changes = WatchFlags::MOVE | WatchFlags::DELETE;
        let end = WatchFlags::MOVE_SELF | WatchFlags::DELETE_SELF;
        let mut notes = self.notes();
        let number =
            inotify::add_watch(&self.inotify, folder, changes | end | WatchFlags::ONLYDIR)?;
        let note = notes.entry(number).or_insert_with(|| Note {
            file,
            changed: watch::Sender::default(),
        });
        debug_assert_eq!(note.file, file);
        Ok((number, note.changed.subscribe()))
    }

    fn unsubscribe(&self, number: i32) {
        let mut notes = self.notes();
        // The subscription that is going still counts.
        if notes
            .get(&number)
            .is_some_and(|note| note.changed.receiver_count() == 1)
        {
            notes.remove(&number);
            // Fails if the folder is gone, and with it the watch.
            let _ = inotify::remove_watch(&self.inotify, number);
        }
    }

    async fn tell(self: Arc<Self>) {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        while let Ok(mut ready) = self.inotify.readable().await {
            let mut reader = Reader::new(self.inotify.get_ref(), &mut buffer);
            while let Ok(event) = reader.next() {
                self.note(&event);
            }
            ready.clear_ready();
        }
    }

    fn note(&self, event: &Event<'_>) {
        let gone = ReadFlags::MOVE_SELF | ReadFlags::DELETE_SELF | ReadFlags::IGNORED;
        let mut notes = self.notes();
        if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
            notes.values().for_each(|note| {
                note.changed.send_replace(());
            });
        } else if event.events().intersects(gone) {
            notes.remove(&event.wd());
        } else if let Some(name) = event.file_name()
            && let Some(note) = notes.get(&event.wd())
            && name.to_bytes() == note.file.as_bytes()
        {
            note.changed.send_replace(());
        }
    }

    /// No code that may panic runs under this mutex.
    fn notes(&self) -> MutexGuard<'_, HashMap<i32, Note>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const FILE: &str = "watched";

    fn subscribe(folder: &Path) -> Subscription {
        Subscription::to(folder, FILE).unwrap()
    }

    fn replace_file(folder: &Path) {
        let temporary = folder.join("temporary");
        fs::write(&temporary, "").unwrap();
        fs::rename(&temporary, folder.join(FILE)).unwrap();
    }

    /// Fails rather than wait without end.
    async fn wait(subscription: &mut Subscription) -> bool {
        let limit = Duration::from_secs(60);
        timeout(limit, subscription.wait())
            .await
            .expect("a note was due")
    }

    #[tokio::test]
    async fn a_change_reaches_all_subscriptions_that_are_left() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = subscribe(folder.path());
        let mut second = subscribe(folder.path());
        drop(subscribe(folder.path()));

        replace_file(folder.path());
        assert!(wait(&mut first).await);
        assert!(wait(&mut second).await);

        drop(first);
        fs::remove_file(folder.path().join(FILE)).unwrap();
        assert!(wait(&mut second).await);
    }

    #[tokio::test]
    async fn a_folder_that_is_gone_ends_its_subscriptions_only() {
        let (lost, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut of_lost = subscribe(lost.path());
        let mut of_kept = subscribe(kept.path());

        fs::remove_dir(lost.path()).unwrap();
        assert!(!wait(&mut of_lost).await);
        replace_file(kept.path());
        assert!(wait(&mut of_kept).await);
    }

    #[tokio::test]
    async fn subscriptions_share_an_instance_and_leave_nothing_behind() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [first, second] = folders.each_ref().map(|folder| subscribe(folder.path()));
        assert!(Arc::ptr_eq(&first.hub, &second.hub));

        let hub = Arc::downgrade(&first.hub);
        drop(first);
        assert_eq!(hub.upgrade().unwrap().folders.notes().len(), 1);
        drop(second);
        assert!(hub.upgrade().is_none());
    }
}
