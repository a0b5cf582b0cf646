//! The one API server of a run: serves candidates, notes what changes, and has its own whims.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use leasehold::clock::WallTime;
use leasehold::lease_record::{LeaseRecord, StoredLease};
use leasehold::lease_store::memory::MemoryStore;
use leasehold::lease_store::{LeaseStore, Result};
use leasehold::{Error, ErrorKind};

use super::plan::{JOB, number_of};
use super::timeline::{Asked, Holder, Kind, Meddling, Name, Stored, Timeline, What, Who};

/// How far behind another API server's cache may be, in changes.
const PAST_LENGTH: usize = 8;

/// One request, by value: it outlives the client that sent it.
#[derive(Clone)]
pub(crate) enum Request {
    Read,
    Create(LeaseRecord),
    Replace(StoredLease, LeaseRecord),
}

impl Request {
    pub(crate) fn asked(&self) -> Asked {
        match self {
            Self::Read => Asked::Read,
            Self::Create(_) => Asked::Write(Kind::Create),
            Self::Replace(_, record) if !record.is_held() => Asked::Write(Kind::Release),
            Self::Replace(_, record) if record.acquire_time == record.renew_time => {
                Asked::Write(Kind::Acquire)
            }
            Self::Replace(..) => Asked::Write(Kind::Renew),
        }
    }
}

/// A `MemoryStore` that tells the time line what it stores.
pub(crate) struct ApiServer {
    pub(crate) store: MemoryStore,
    timeline: Arc<Timeline>,
    /// In seconds.
    longest_lease: i32,
    down: AtomicBool,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    holder: Holder,
    past: Vec<StoredLease>,
}

impl ApiServer {
    pub(crate) fn new(timeline: Arc<Timeline>, longest_lease: Duration) -> Self {
        Self {
            store: MemoryStore::new(),
            timeline,
            longest_lease: i32::try_from(longest_lease.as_secs()).unwrap_or(i32::MAX),
            down: AtomicBool::new(false),
            log: Mutex::default(),
        }
    }

    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::Relaxed);
        if down {
            self.store.end_watches();
        }
    }

    /// Fails while the server is down.
    pub(crate) fn check(&self) -> Result<()> {
        if self.down.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Unavailable, "the server is down").into());
        }
        Ok(())
    }

    /// What a candidate asked for.
    pub(crate) async fn serve(&self, by: Name, request: Request) -> Result<Option<StoredLease>> {
        self.check()?;
        let asked = request.asked();
        let answer = match request {
            Request::Read => self.store.read().await?,
            Request::Create(record) => Some(self.store.create(record).await?),
            Request::Replace(seen, record) => Some(self.store.replace(seen, record).await?),
        };
        if let (Asked::Write(kind), Some(lease)) = (asked, &answer) {
            let holder = if lease.record.is_held() {
                Holder::Candidate(by)
            } else {
                Holder::Nobody
            };
            self.note(Who::Candidate(by), kind, holder, lease);
        }
        Ok(answer)
    }

    /// What an outsider does, where there is a Lease to do it to.
    pub(crate) fn meddle(&self, meddling: Meddling, number: u64) {
        let holder = self.log().holder;
        let kind = Kind::Foreign(meddling);
        let note = |holder: Holder, lease: Option<StoredLease>| {
            if let Some(lease) = lease {
                self.note(Who::Outsider, kind, holder, &lease);
            }
        };
        match meddling {
            Meddling::Label => {
                let label = ["metadata", "labels", "number"];
                note(holder, self.store.set_field(&label, number));
            }
            Meddling::Delete => self.delete(kind),
            Meddling::Recreate => {
                self.delete(kind);
                let empty = self.store.put_foreign(LeaseRecord::default());
                note(Holder::Nobody, Some(empty));
            }
            Meddling::Empty => {
                note(
                    Holder::Nobody,
                    self.store.edit(|record| record.holder.clear()),
                );
            }
            Meddling::Lengthen => {
                note(holder, self.edit_duration(|_| self.longest_lease * 2));
            }
            Meddling::Shorten => {
                note(holder, self.edit_duration(|seconds| (seconds / 5).max(1)));
            }
            Meddling::Take => note(
                Holder::Outsider,
                self.store.edit(|record| {
                    record.holder = format!("foreign-{number}");
                    record.transitions += 1;
                }),
            ),
            Meddling::Impersonate if holder == Holder::Nobody => {}
            Meddling::Impersonate => note(
                Holder::Outsider,
                self.store.edit(|record| {
                    let time = record.acquire_time.unwrap_or_default();
                    // No whole number of anybody's periods.
                    record.renew_time = Some(WallTime::from_micros(time.as_micros() + 7_777_777));
                }),
            ),
        }
    }

    /// An earlier state of the Lease, as another server's cache may still have it.
    pub(crate) fn outdated(&self, random: &mut fastrand::Rng) -> Option<StoredLease> {
        random.choice(&self.log().past).cloned()
    }

    fn delete(&self, kind: Kind) {
        if !self.store.delete() {
            return;
        }
        // The deletion took the version before this one.
        let version = self.store.bookmark().0 - 1;
        self.log().holder = Holder::Nobody;
        self.timeline.note(
            Who::Outsider,
            What::Stores(Stored {
                version,
                kind,
                holder: Holder::Nobody,
                lease_duration: Duration::ZERO,
                done: 0,
                fired: None,
            }),
        );
    }

    fn edit_duration(&self, change: impl FnOnce(i32) -> i32) -> Option<StoredLease> {
        self.store.edit(|record| {
            record.lease_duration_seconds = record.lease_duration_seconds.map(change);
        })
    }

    /// An edit that changes nothing is no change.
    fn note(&self, who: Who, kind: Kind, holder: Holder, lease: &StoredLease) {
        let mut log = self.log();
        if log.past.last().map(|last| last.version) == Some(lease.version) {
            return;
        }
        log.holder = holder;
        log.past.push(lease.clone());
        if log.past.len() > PAST_LENGTH {
            log.past.remove(0);
        }
        self.timeline.note(
            who,
            What::Stores(Stored {
                version: lease.version.0,
                kind,
                holder,
                lease_duration: lease.record.lease_duration().unwrap_or_default(),
                done: done(&lease.record),
                fired: lease.record.memory.firings.last(JOB).map(number_of),
            }),
        );
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys of the simulated work are small numbers.
fn done(record: &LeaseRecord) -> u32 {
    let keys = record.memory.done.iter().map(|key| key.parse::<u32>());
    keys.map(|key| 1 << key.expect("a number")).sum()
}
