//! Files that may be on a disk which does not answer, or be pipes that nobody writes to.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

/// More than any token, key or list of authorities has; some devices have no end.
const LONGEST_FILE: u64 = 8 << 20;

/// What is in the file at `path`, if that is not too long.
pub(super) fn file_of_limited_length(path: &Path) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    let file = File::open(path)?;
    file.take(LONGEST_FILE + 1).read_to_end(&mut contents)?;
    if contents.len() as u64 > LONGEST_FILE {
        let message = format!("it has more than {LONGEST_FILE} bytes");
        return Err(io::Error::other(message));
    }
    Ok(contents)
}

/// One reading at a time: a caller that asks while one is under way waits for that. So what never ends
/// costs one thread, and not one for each who has asked.
pub(super) struct Reading<T>(Mutex<Option<JoinHandle<T>>>);

impl<T> Default for Reading<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Send + 'static> Reading<T> {
    /// What `read` returns; `None` if it has not ended within `limit`, after which it goes on.
    pub(super) async fn within(
        &self,
        limit: Duration,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let reading = async {
            let mut task = self.0.lock().await;
            let outcome = task.get_or_insert_with(|| spawn_blocking(read)).await;
            *task = None;
            outcome.ok()
        };
        timeout(limit, reading).await.ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_without_an_end_is_refused() {
        let error = file_of_limited_length(Path::new("/dev/zero")).expect_err("no end");
        assert_eq!(error.to_string(), "it has more than 8388608 bytes");
    }

    #[tokio::test]
    async fn what_does_not_end_is_waited_for_by_all_and_begun_once() {
        const SHORT: Duration = Duration::from_millis(10);
        let (release, held) = mpsc::channel::<()>();
        let begun = Arc::<AtomicUsize>::default();
        let reading = Reading::default();
        let counted = Arc::clone(&begun);
        let first = reading.within(SHORT, move || {
            counted.fetch_add(1, Ordering::SeqCst);
            held.recv().is_err()
        });
        assert_eq!(first.await, None);
        for _ in 0..3 {
            let another = || unreachable!("the first one has not ended");
            assert_eq!(reading.within(SHORT, another).await, None);
        }

        drop(release);
        let long = Duration::from_secs(60);
        assert_eq!(reading.within(long, || false).await, Some(true));
        assert_eq!(reading.within(long, || false).await, Some(false));
        assert_eq!(begun.load(Ordering::SeqCst), 1);
    }
}
