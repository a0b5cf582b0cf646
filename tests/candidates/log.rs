//! What a candidate writes to its standard error.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// All that a candidate has written to its standard error so far. Clones are one log.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<String>>);

impl Log {
    /// Adds one line.
    pub(crate) fn push(&self, line: &str) {
        let mut text = self.text();
        text.push_str(line);
        text.push('\n');
    }

    /// How often `words` occur.
    pub fn count(&self, words: &str) -> usize {
        self.text().matches(words).count()
    }

    /// Waits until `words` occur.
    pub fn wait_for(&self, words: &str, limit: Duration) -> Result<()> {
        let deadline = Instant::now() + limit;
        while self.count(words) == 0 {
            if Instant::now() > deadline {
                bail!("not said within {limit:?}: {words}\nsaid was:\n{self}");
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    fn text(&self) -> MutexGuard<'_, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Display for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}
