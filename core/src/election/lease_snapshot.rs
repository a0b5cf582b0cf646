//! What is seen of a Lease by one who only looks: following it without ever acquiring it.

use std::time::Duration;

use super::{Election, Part};
use crate::clock::Instant;
use crate::error::Error;
use crate::lease_record::StoredLease;
use crate::named::named;

named! {
    /// What a Lease says about who holds it.
    pub enum LeaseState {
        /// Nothing is known yet: it could not be read.
        Unknown = "unknown",
        /// There is no such Lease.
        Absent = "absent",
        /// Nobody holds it.
        Released = "released",
        /// Its holder has renewed it in time.
        Held = "held",
        /// Its holder has not renewed it for its lease duration: others may acquire it.
        Expired = "expired",
    }
}

/// What is known about a Lease at one instant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LeaseSnapshot {
    /// What it says. Expiry is by local observation, as for a candidate: a holder that was first
    /// seen now expires a full lease duration from now, however long ago it has renewed.
    pub state: LeaseState,
    /// The Lease, where there is one.
    pub lease: Option<StoredLease>,
    /// When it was first seen as it is now, by the local clock; `None` while nothing is known.
    pub changed_at: Option<Instant>,
    /// From when on candidates may acquire it, unless it changes before; `None` while nothing is
    /// known.
    pub free_at: Option<Instant>,
    /// Whether changes are watched; otherwise they are polled.
    pub watching: bool,
    /// The last request's error, until one succeeds again. All else in here is then what was
    /// known before.
    pub failing: Option<Error>,
}

impl LeaseSnapshot {
    /// For how long it has not been seen to change; `None` while nothing is known.
    pub fn unchanged_for(&self, now: Instant) -> Option<Duration> {
        self.changed_at.map(|changed_at| now.since(changed_at))
    }

    /// How long until candidates may acquire it, unless it changes before; `None` while nothing is
    /// known.
    pub fn expires_in(&self, now: Instant) -> Option<Duration> {
        self.free_at.map(|free_at| free_at.since(now))
    }

    /// Whether it tells anything that `last` did not. Time that passes is not news.
    pub(crate) fn is_news_after(&self, last: &Self) -> bool {
        let object = |snapshot: &Self| {
            let lease = snapshot.lease.as_ref();
            lease.map(|lease| (lease.uid.clone(), lease.version))
        };
        let error = |snapshot: &Self| {
            let failing = snapshot.failing.as_ref();
            failing.map(|error| (error.kind(), error.message().to_owned()))
        };
        self.state != last.state
            || self.watching != last.watching
            || object(self) != object(last)
            || error(self) != error(last)
    }
}

impl Election {
    /// Follows the Lease as a candidate does, and never acquires it.
    #[must_use]
    pub(crate) fn observing_only(mut self) -> Self {
        self.part = Part::Onlooker;
        self
    }

    /// What is known about the Lease at `now`.
    pub(crate) fn lease_snapshot(&self, now: Instant) -> LeaseSnapshot {
        let changed_at = self.observed.changed_at();
        let free_at = changed_at.map(|_| self.observed.free_at());
        let lease = self.observed.lease();
        let state = match lease {
            None if changed_at.is_none() => LeaseState::Unknown,
            None => LeaseState::Absent,
            Some(lease) if !lease.record.is_held() => LeaseState::Released,
            Some(_) if Some(now) < free_at => LeaseState::Held,
            Some(_) => LeaseState::Expired,
        };
        LeaseSnapshot {
            state,
            lease: lease.cloned(),
            changed_at,
            free_at,
            watching: self.watching,
            failing: self.failing.as_ref().map(|(_, error)| error.clone()),
        }
    }

    /// When a holder that does not renew turns from held to expired.
    pub(super) fn expiry_to_notify(&self) -> Option<Instant> {
        let free_at = self.observed.free_at();
        let held = self.observed.holder().is_some() && self.now < free_at;
        (matches!(self.part, Part::Onlooker) && held).then_some(free_at)
    }
}
