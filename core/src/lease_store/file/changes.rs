//! When to look at a Lease's folder again.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::folder::LEASE;
#[cfg(any(target_os = "linux", target_os = "android"))]
use super::inotify::Subscription;

const POLL_INTERVAL: Duration = Duration::from_millis(50);

pub(super) enum Changes {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    Told(Subscription),
    /// Where the kernel does not tell, or the user's inotify limits are reached.
    Polled(Poll),
}

impl Changes {
    pub(super) fn of(folder: &Path) -> Self {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Ok(subscription) = Subscription::to(folder) {
            return Self::Told(subscription);
        }
        Self::Polled(Poll::of(folder))
    }

    /// Waits until the Lease may have changed since the last wait, or since the beginning; false
    /// when its folder is gone.
    pub(super) async fn wait(&mut self) -> bool {
        match self {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Self::Told(subscription) => subscription.wait().await,
            Self::Polled(poll) => {
                poll.wait().await;
                true
            }
        }
    }
}

/// Asks for the file's metadata again and again: microseconds each time, so no thread for it.
pub(super) struct Poll {
    lease: PathBuf,
    seen: Option<Identity>,
}

/// Each write makes a new file: device, number, and the time in whole and nanoseconds.
type Identity = (u64, u64, i64, i64);

impl Poll {
    fn of(folder: &Path) -> Self {
        let lease = folder.join(LEASE);
        let seen = identity(&lease);
        Self { lease, seen }
    }

    async fn wait(&mut self) {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            let now = identity(&self.lease);
            if now != self.seen {
                self.seen = now;
                return;
            }
        }
    }
}

fn identity(file: &Path) -> Option<Identity> {
    let metadata = fs::symlink_metadata(file).ok()?;
    Some((
        metadata.dev(),
        metadata.ino(),
        metadata.mtime(),
        metadata.mtime_nsec(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_poll_notices_creation_replacement_and_deletion_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let lease = folder.path().join(LEASE);
        let other = folder.path().join("other");
        let mut poll = Poll::of(folder.path());

        fs::write(&lease, "first").unwrap();
        poll.wait().await;

        fs::write(&other, "second").unwrap();
        let idle = tokio::time::timeout(10 * POLL_INTERVAL, poll.wait()).await;
        assert!(idle.is_err(), "another file is none of its business");

        fs::rename(&other, &lease).unwrap();
        poll.wait().await;

        fs::remove_file(&lease).unwrap();
        poll.wait().await;
    }
}
