//! When a file that is only ever replaced as a whole may be another one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

#[cfg(any(target_os = "linux", target_os = "android"))]
use self::inotify::Subscription;
use super::files::FileId;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod inotify;

const POLL_INTERVAL: Duration = Duration::from_millis(50);

pub(crate) struct Changes(Source);

enum Source {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    Told(Subscription),
    /// Where the kernel does not tell, or the user's inotify limits are reached.
    Polled(Poll),
}

impl Changes {
    /// Those of the file `name` in `folder`. Needs a Tokio runtime with time and I/O enabled.
    pub(crate) fn of(folder: &Path, name: &'static str) -> Self {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Ok(subscription) = Subscription::to(folder, name) {
            return Self(Source::Told(subscription));
        }
        Self(Source::Polled(Poll::of(folder.join(name))))
    }

    /// Waits until the file may have changed since the last wait, or since the beginning; false
    /// when its folder is gone.
    pub(crate) async fn wait(&mut self) -> bool {
        match &mut self.0 {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Source::Told(subscription) => subscription.wait().await,
            Source::Polled(poll) => {
                poll.wait().await;
                true
            }
        }
    }
}

/// Asks for the file's metadata again and again: microseconds each time, so no thread for it.
struct Poll {
    file: PathBuf,
    seen: Option<Identity>,
}

/// Each write makes a new file.
type Identity = (FileId, SystemTime);

impl Poll {
    fn of(file: PathBuf) -> Self {
        let seen = identity(&file);
        Self { file, seen }
    }

    async fn wait(&mut self) {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            let now = identity(&self.file);
            if now != self.seen {
                self.seen = now;
                return;
            }
        }
    }
}

fn identity(file: &Path) -> Option<Identity> {
    let modified = fs::symlink_metadata(file).ok()?.modified().ok()?;
    Some((FileId::at(file).ok()?, modified))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_poll_notices_creation_replacement_and_deletion_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("watched");
        let other = folder.path().join("other");
        let mut poll = Poll::of(file.clone());

        fs::write(&file, "first").unwrap();
        poll.wait().await;

        fs::write(&other, "second").unwrap();
        let idle = tokio::time::timeout(10 * POLL_INTERVAL, poll.wait()).await;
        assert!(idle.is_err(), "another file is none of its business");

        fs::rename(&other, &file).unwrap();
        poll.wait().await;

        fs::remove_file(&file).unwrap();
        poll.wait().await;
    }
}
