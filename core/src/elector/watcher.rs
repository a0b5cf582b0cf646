//! Keeps a watch on the Lease: opens it, resumes it, opens it again.
//!
//! A watch is trusted only as far as it reports what the election learns otherwise. If it has not
//! reported a version long after a read or a write has shown it, the watch is deaf; and if versions go
//! back, the store was put back to an earlier state, and what the watch waits for may never come.

use std::time::Duration;

use fastrand::Rng;
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
/// How many times that wait may double, while watches end as soon as they are opened.
const MOST_DOUBLINGS: u32 = 7;
/// How many retry periods to wait before asking again for a watch that is not granted.
const REFUSED_BACKOFF: u32 = 150;
/// How many retry periods a watch may take to tell what a read or a write has shown.
const DEAF_AFTER: u32 = 5;

/// One candidate's watch.
pub(super) struct Watcher<'a> {
    lease: &'a str,
    store: &'a dyn LeaseStore,
    clock: Clock,
    retry_period: Duration,
    random: Rng,
    stream: Option<BoxStream<'a, Result<WatchEvent, StoreError>>>,
    /// What the election knew when it asked last.
    known: ResourceVersion,
    /// The watch has reported everything up to here, unless something was left out.
    told: ResourceVersion,
    /// Whether the next report follows on the one before.
    complete: bool,
    /// A version that the election knows and the watch has not reported, and since when that is so.
    untold: Option<(ResourceVersion, Instant)>,
    opened_at: Instant,
    /// Not again before this instant.
    open_at: Instant,
    /// How many watches in a row have ended as soon as they were opened.
    short_lived: u32,
    /// The version that is too old to watch from.
    too_old: Option<ResourceVersion>,
    refused: bool,
}

impl<'a> Watcher<'a> {
    /// `seed` is for the jitter, by which many candidates do not all come back at once.
    pub(super) fn new(
        lease: &'a str,
        store: &'a dyn LeaseStore,
        clock: Clock,
        retry_period: Duration,
        seed: u64,
    ) -> Self {
        Self {
            lease,
            store,
            clock,
            retry_period,
            random: Rng::with_seed(seed),
            stream: None,
            known: ResourceVersion::default(),
            told: ResourceVersion::default(),
            complete: true,
            untold: None,
            opened_at: Instant::ZERO,
            open_at: Instant::ZERO,
            short_lived: 0,
            too_old: None,
            refused: false,
        }
    }

    /// The next thing that the watch tells, from version `from` on; does not end while there is
    /// no version to watch from. May be dropped and called again at any time.
    pub(super) async fn next(&mut self, from: Option<ResourceVersion>) -> Observation {
        let Some(from) = from else {
            return std::future::pending().await;
        };
        if self.is_deaf(from) {
            return self.close(Duration::ZERO);
        }
        let from = from.max(self.told);
        if self.stream.is_none() {
            self.clock.sleep_until(self.open_at).await;
            self.opened_at = self.clock.now();
            // Where an object has not changed for long, its own version may be too old to watch
            // from: version zero means from what the server has.
            let too_old = self.too_old.is_some_and(|version| from <= version);
            self.complete = !too_old && from > ResourceVersion::default();
            self.stream = Some(self.store.watch(if too_old {
                ResourceVersion::default()
            } else {
                from
            }));
            self.told = from;
        }
        loop {
            let Some(stream) = &mut self.stream else {
                return std::future::pending().await;
            };
            match stream.next().await {
                Some(Ok(WatchEvent::Bookmark(version))) => self.told = self.told.max(version),
                Some(Ok(WatchEvent::Opened)) => {
                    self.refused = false;
                    return Observation::Watching;
                }
                Some(Ok(WatchEvent::LeftOut)) => self.complete = false,
                Some(Ok(WatchEvent::Changed(lease))) => {
                    let complete = self.follow_on(lease.version);
                    return Observation::Changed { lease, complete };
                }
                Some(Ok(WatchEvent::Deleted(version))) => {
                    let complete = self.follow_on(version);
                    return Observation::Deleted { version, complete };
                }
                // The server ends every watch from time to time: resume.
                None => {
                    let wait = self.resume_wait();
                    return self.close(wait);
                }
                Some(Err(error)) => {
                    let wait = self.wait_after(from, error);
                    return self.close(wait);
                }
            }
        }
    }

    /// The clock counts from another boot, and connections are of that before: begins again.
    pub(super) fn begin_again(&mut self) -> Observation {
        self.untold = None;
        self.close(Duration::ZERO)
    }

    /// Notes that the watch has reported `version`. Returns whether nothing was left out before it.
    fn follow_on(&mut self, version: ResourceVersion) -> bool {
        self.told = self.told.max(version);
        std::mem::replace(&mut self.complete, true)
    }

    /// Whether the watch does not tell what the election knows.
    fn is_deaf(&mut self, known: ResourceVersion) -> bool {
        let went_back = known < self.known;
        self.known = known;
        if went_back {
            warn!(
                lease = self.lease,
                "the versions went back; watching again from the present one"
            );
            self.told = ResourceVersion::default();
            self.untold = None;
            self.too_old = None;
            return self.stream.is_some();
        }
        if self.stream.is_none() || known <= self.told {
            self.untold = None;
            return false;
        }
        let now = self.clock.now();
        // The first of several that it has not reported, unless it has caught up with that.
        let untold = self.untold.filter(|(version, _)| *version > self.told);
        let (_, since) = *self.untold.insert(untold.unwrap_or((known, now)));
        let deaf = now >= since + self.retry_period * DEAF_AFTER;
        if deaf {
            warn!(
                lease = self.lease,
                "the watch has missed a change; opening another one"
            );
            self.untold = None;
        }
        deaf
    }

    /// A server that ends watches at once is asked less and less often.
    fn resume_wait(&mut self) -> Duration {
        let lasted = self.clock.now().since(self.opened_at);
        self.short_lived = if lasted < self.retry_period {
            (self.short_lived + 1).min(MOST_DOUBLINGS)
        } else {
            0
        };
        let wait = self.retry_period / RESUME_DIVISOR * (1 << self.short_lived);
        self.jittered(wait)
    }

    fn wait_after(&mut self, from: ResourceVersion, error: StoreError) -> Duration {
        debug!(lease = self.lease, %error, "the watch has ended");
        if let StoreError::TooOld(_) = error {
            self.too_old = Some(from);
            return self.resume_wait();
        }
        let error = Error::from(error);
        if error.kind() == ErrorKind::Forbidden {
            if !std::mem::replace(&mut self.refused, true) {
                let lease = &self.lease;
                warn!(lease, %error, "polling, since the right to watch the Lease is missing");
            }
            return self.retry_period * REFUSED_BACKOFF;
        }
        let wait = self.jittered(self.retry_period);
        wait.max(error.retry_after().unwrap_or_default())
    }

    /// From `wait` to twice as long.
    fn jittered(&mut self, wait: Duration) -> Duration {
        wait.mul_f64(1.0 + self.random.f64())
    }

    fn close(&mut self, wait: Duration) -> Observation {
        self.stream = None;
        self.open_at = self.clock.now() + wait;
        Observation::NotWatching
    }
}

#[cfg(test)]
mod tests;
