//! What a candidate writes to its standard error.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// All that a candidate has written to its standard error so far. Clones are one log.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<String>>);

impl Log {
    /// Reads `stream` to its end, on a thread of its own.
    pub(crate) fn of(stream: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let writer = log.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let mut text = writer.text();
                text.push_str(&line);
                text.push('\n');
            }
        });
        log
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
