//! Keeps a watch on the Lease: opens it, resumes it, opens it again.

use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use tracing::{debug, warn};

use crate::clock::{Clock, Instant};
use crate::election::Observation;
use crate::error::{Error, ErrorKind};
use crate::lease_record::ResourceVersion;
use crate::lease_store::{LeaseStore, StoreError, WatchEvent};

/// The part of a retry period to wait before resuming a watch that the server has ended.
const RESUME_DIVISOR: u32 = 10;
/// How many retry periods to wait before asking again for a watch that is not granted.
const REFUSED_BACKOFF: u32 = 150;

/// One candidate's watch.
pub(super) struct Watcher<'a> {
    lease: &'a str,
    store: &'a dyn LeaseStore,
    clock: Clock,
    retry_period: Duration,
    stream: Option<BoxStream<'a, Result<WatchEvent, StoreError>>>,
    /// Up to here everything has been told.
    bookmark: ResourceVersion,
    /// Not again before this instant.
    open_at: Instant,
    /// The version that is too old to watch from.
    too_old: Option<ResourceVersion>,
    refused: bool,
}

impl<'a> Watcher<'a> {
    pub(super) fn new(
        lease: &'a str,
        store: &'a dyn LeaseStore,
        clock: Clock,
        retry_period: Duration,
    ) -> Self {
        Self {
            lease,
            store,
            clock,
            retry_period,
            stream: None,
            bookmark: ResourceVersion::default(),
            open_at: Instant::ZERO,
            too_old: None,
            refused: false,
        }
    }

    /// The next thing that the watch tells, from version `from` on; waits for ever while there is
    /// no version to watch from. May be dropped and called again at any time.
    pub(super) async fn next(&mut self, from: Option<ResourceVersion>) -> Observation {
        let Some(from) = from.map(|from| from.max(self.bookmark)) else {
            return std::future::pending().await;
        };
        if self.stream.is_none() {
            self.clock.sleep_until(self.open_at).await;
        }
        let store = self.store;
        let stream = self.stream.get_or_insert_with(|| {
            // Where an object has not changed for long, its own version may be too old to watch
            // from: version zero means from whatever the server has.
            let too_old = self.too_old.is_some_and(|version| from <= version);
            store.watch(if too_old {
                ResourceVersion::default()
            } else {
                from
            })
        });
        loop {
            match stream.next().await {
                Some(Ok(WatchEvent::Bookmark(version))) => self.bookmark = version,
                Some(Ok(WatchEvent::Opened)) => {
                    self.refused = false;
                    return Observation::Watching;
                }
                Some(Ok(WatchEvent::Changed(lease))) => return Observation::Changed(lease),
                Some(Ok(WatchEvent::Deleted(version))) => return Observation::Deleted(version),
                // The server ends every watch from time to time: resume.
                None => return self.close(self.retry_period / RESUME_DIVISOR),
                Some(Err(error)) => {
                    let wait = self.wait_after(from, error);
                    return self.close(wait);
                }
            }
        }
    }

    fn wait_after(&mut self, from: ResourceVersion, error: StoreError) -> Duration {
        debug!(lease = self.lease, %error, "the watch has ended");
        if let StoreError::TooOld(_) = error {
            self.too_old = Some(from);
            return self.retry_period / RESUME_DIVISOR;
        }
        let error = Error::from(error);
        match error.kind() {
            ErrorKind::Forbidden => {
                if !std::mem::replace(&mut self.refused, true) {
                    warn!(lease = self.lease, %error, "polling, since the Lease may not be watched");
                }
                self.retry_period * REFUSED_BACKOFF
            }
            _ => self
                .retry_period
                .max(error.retry_after().unwrap_or_default()),
        }
    }

    fn close(&mut self, wait: Duration) -> Observation {
        self.stream = None;
        self.open_at = self.clock.now() + wait;
        Observation::NotWatching
    }
}
