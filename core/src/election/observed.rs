//! The observed record, and from when on the Lease may be acquired. Knows nothing of this candidate's
//! own term.
//!
//! Invariant: expiry is measured from the local instant at which the *record changed*. Reading an
//! unchanged record again, a watch that reconnects on it, or an edited label resets nothing, and
//! no remote timestamp takes part. (client-go `leaderelection.go`, `observedTime`.)
//!
//! A proof that the holder is dead is about one version and the acquisition that is in it: it ends the
//! wait for that holder, and for nobody who was before it.

use std::time::Duration;

use crate::clock::Instant;
use crate::lease_record::{
    LeaseRecord, Proof, RELEASED_DURATION_SECONDS, ResourceVersion, StoredLease,
};

/// What is known about the Lease.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Observed {
    own_duration: Duration,
    state: State,
    /// No older version than this is believed: a watch may run behind a write, and another API
    /// server's cache behind both.
    newest: ResourceVersion,
    /// When the record last changed.
    changed_at: Instant,
    /// The duration that the holder itself wrote with its last acquisition or renewal. Editing
    /// the duration by hand does not shorten what the holder believes.
    holder_duration: Option<Duration>,
    /// The longest that the last holder may have gone by, also when it is gone.
    last_duration: Duration,
    /// From when on nobody who obeys the protocol can still be leading, dead or alive.
    expires_at: Instant,
    /// Until when a holder before the present one may still be leading, which somebody has broken
    /// into the Lease of.
    previous_holder_until: Instant,
    /// Until when anybody may still be leading who acquired the Lease before the present holder did,
    /// also under the present holder's name.
    previous_acquisition_until: Instant,
    /// What is known of the death of who wrote the present version.
    death: Option<Death>,
    /// Since when the store has reported nothing but older versions.
    outdated_since: Option<Instant>,
}

#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
enum State {
    Unknown,
    Absent,
    Present(StoredLease),
}

/// The writer of a version is dead, and so is all that it has started.
#[derive(Clone, Copy, Debug)]
struct Death {
    version: ResourceVersion,
    known_at: Instant,
    proof: Proof,
}

/// What an observation changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing, or only fields outside the record.
    None,
    /// The record, so that `free_at` was set again.
    Record,
}

impl Observed {
    pub(super) fn nothing(own_duration: Duration) -> Self {
        Self {
            own_duration,
            state: State::Unknown,
            newest: ResourceVersion::default(),
            changed_at: Instant::ZERO,
            holder_duration: None,
            last_duration: Duration::ZERO,
            expires_at: Instant::ZERO,
            previous_holder_until: Instant::ZERO,
            previous_acquisition_until: Instant::ZERO,
            death: None,
            outdated_since: None,
        }
    }

    /// Forgets when things happened, for a clock that can no longer be trusted: what is in the store now
    /// counts as seen for the first time. Who may have been leading still may, for as long as when that was
    /// seen. So may others if that was this candidate: much may have happened before it learns of the fault.
    pub(super) fn forget_times(&mut self, now: Instant) {
        let until = if self.expires_at > Instant::ZERO {
            now + self.own_duration.max(self.last_duration)
        } else {
            Instant::ZERO
        };
        *self = Self {
            newest: self.newest,
            last_duration: self.last_duration,
            expires_at: until,
            previous_holder_until: until,
            previous_acquisition_until: until,
            ..Self::nothing(self.own_duration)
        };
    }

    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.state, State::Unknown)
    }

    pub(super) fn lease(&self) -> Option<&StoredLease> {
        match &self.state {
            State::Present(lease) => Some(lease),
            State::Unknown | State::Absent => None,
        }
    }

    pub(super) fn holder(&self) -> Option<&str> {
        let record = &self.lease()?.record;
        record.is_held().then_some(record.holder.as_str())
    }

    /// Whether `lease` is older than something already seen.
    pub(super) fn is_outdated(&self, lease: &StoredLease) -> bool {
        lease.version < self.newest
    }

    pub(super) fn newest(&self) -> ResourceVersion {
        self.newest
    }

    /// From when on the Lease may be acquired: when it has expired, or as soon as its holder is known
    /// to be dead and none before it can be leading.
    pub(super) fn free_at(&self) -> Instant {
        match self.death {
            Some(death) => {
                let others_until = self.previous_acquisition_until;
                self.expires_at.min(others_until.max(death.known_at))
            }
            None => self.expires_at,
        }
    }

    /// From when on the Lease may be acquired though its holder were alive.
    pub(super) fn expires_at(&self) -> Instant {
        self.expires_at
    }

    /// How it is known that the holder is dead.
    pub(super) fn proof(&self) -> Option<Proof> {
        self.death.map(|death| death.proof)
    }

    /// The process that wrote `version` of the object `uid` is dead, and so is all that it has started.
    /// Returns whether that is the version which is known, and held. Any other version voids it.
    pub(super) fn see_death(
        &mut self,
        now: Instant,
        uid: &str,
        version: ResourceVersion,
        proof: Proof,
    ) -> bool {
        let is_known = |lease: &StoredLease| {
            lease.uid == uid && lease.version == version && lease.record.is_held()
        };
        let proven = self.lease().is_some_and(is_known);
        if proven {
            self.death.get_or_insert(Death {
                version,
                known_at: now,
                proof,
            });
        }
        proven
    }

    /// When the record last changed; `None` before anything was seen.
    pub(super) fn changed_at(&self) -> Option<Instant> {
        (!self.is_unknown()).then_some(self.changed_at)
    }

    pub(super) fn holder_duration(&self) -> Option<Duration> {
        self.holder_duration
    }

    /// A record that this election wrote itself: nobody else can be leading under it.
    pub(super) fn see_own(&mut self, now: Instant, lease: StoredLease) {
        let held = lease.record.is_held();
        self.holder_duration = held.then(|| self.duration_of(&lease.record));
        self.expires_at = now;
        if self.is_unchanged(&lease) {
            self.keep(State::Present(lease));
        } else {
            self.replace(now, State::Present(lease));
        }
    }

    /// A record that somebody else wrote. `complete` unless there may have been others since the
    /// last one that was seen.
    pub(super) fn see(&mut self, now: Instant, lease: StoredLease, complete: bool) -> Change {
        if self.is_unchanged(&lease) {
            self.keep(State::Present(lease));
            return Change::None;
        }
        if !lease.record.is_held() {
            self.expires_at = self.free_without_holder(now, &lease);
            self.holder_duration = None;
            self.replace(now, State::Present(lease));
            return Change::Record;
        }
        let duration = self.duration_of(&lease.record);
        self.last_duration = duration.max(self.holder_duration.unwrap_or_default());
        if let (Some(known), Some(written)) = (self.lease(), self.holder_duration)
            && known.record.is_same_write(&lease.record)
        {
            // Only the duration was edited: the holder may still go by the one it wrote.
            let own = (now + duration).max(self.changed_at + written);
            self.expires_at = self.previous_holder_until.max(own);
            self.keep(State::Present(lease));
        } else {
            // A break-in does not end the wait for the holder before, which may have renewed since
            // it was seen. Nor does a holder that notes how it has proven the one before dead: with
            // that, one process's false conclusion would be everybody's, also of those who want no
            // proofs; and it would shorten nothing but the wait after one who lets go within a lease
            // duration of such a takeover.
            // Another process under the holder's name may give itself away by a shorter duration.
            let same_name = self.holder() == Some(lease.record.holder.as_str());
            let shorter = self.holder_duration.is_some_and(|known| duration < known);
            let before_until = match self.holder_duration {
                Some(held) if !complete => self.free_at().max(now + held),
                _ => self.free_at(),
            };
            if !same_name || shorter {
                self.previous_holder_until = before_until;
            }
            // A proof is of one process: the holder's name alone does not say which it was.
            let same_acquisition = |known: &StoredLease| {
                known.uid == lease.uid && known.record.is_same_acquisition(&lease.record)
            };
            if shorter || !self.lease().is_some_and(same_acquisition) {
                self.previous_acquisition_until = before_until;
            }
            self.expires_at = self.previous_holder_until.max(now + duration);
            self.holder_duration = Some(duration);
            self.replace(now, State::Present(lease));
        }
        Change::Record
    }

    /// There is no Lease. `version` is that of its deletion, if it is known; `complete` as above.
    pub(super) fn see_absent(
        &mut self,
        now: Instant,
        version: Option<ResourceVersion>,
        complete: bool,
    ) -> Change {
        if let Some(version) = version {
            self.newest = self.newest.max(version);
        }
        self.outdated_since = None;
        if matches!(self.state, State::Absent) {
            return Change::None;
        }
        // A holder that has not yet noticed the deletion may lead for its own duration, and there may
        // have been one that nobody saw.
        let unseen = if complete || self.is_unknown() {
            Duration::ZERO
        } else {
            self.own_duration
        };
        self.expires_at = match self.holder_duration.take() {
            Some(held) => self.previous_holder_until.max(now + held.max(unseen)),
            None => self.expires_at.max(now + unseen),
        };
        self.replace(now, State::Absent);
        Change::Record
    }

    /// A read, which no cache answers, was answered with something older than what is known. Where
    /// that goes on for a lease duration, the store was put back to an earlier state: everything is
    /// forgotten, and what it holds counts as seen for the first time. Returns whether it was.
    pub(super) fn see_outdated(&mut self, now: Instant) -> bool {
        let since = *self.outdated_since.get_or_insert(now);
        // Its holder may have counted on a longer duration.
        let wait = self
            .own_duration
            .max(self.holder_duration.unwrap_or_default());
        let put_back = now >= since + wait;
        if put_back {
            *self = Self::nothing(self.own_duration);
        }
        put_back
    }

    /// Only a release lets others in at once: an empty holder with a duration of one second. A
    /// holder emptied by hand keeps its duration, and may not have noticed; nor has one whose Lease
    /// was created again.
    fn free_without_holder(&self, now: Instant, lease: &StoredLease) -> Instant {
        let record = &lease.record;
        let released = record.lease_duration_seconds == Some(RELEASED_DURATION_SECONDS);
        let never_held = record.renew_time.is_none() && record.acquire_time.is_none();
        let at_once = match &self.state {
            State::Unknown | State::Absent => released || never_held,
            State::Present(known) => {
                // With a duration of one second, a release looks like a holder emptied by hand.
                let told_apart = self.holder_duration != Some(Duration::from_secs(1));
                // A release counts no transition. One that does ends the term of a holder that
                // was not seen: it may have broken into that of the one that was.
                let same_term = known.record.transitions == record.transitions;
                let seen_release = released && told_apart && same_term;
                let same_object = known.uid == lease.uid;
                same_object && (seen_release || known.record.is_same_write(record))
            }
        };
        let written = self.duration_of(record);
        match self.holder_duration {
            // A release by another does not end the wait for the holder whom that one broke in on.
            Some(_) if at_once => self.previous_holder_until.max(now),
            None if at_once => self.expires_at.max(now),
            Some(held) => self.previous_holder_until.max(now + held.max(written)),
            None => self.expires_at.max(now + written),
        }
    }

    fn is_unchanged(&self, lease: &StoredLease) -> bool {
        self.lease().is_some_and(|known| {
            known.uid == lease.uid && known.record.is_unchanged_by(&lease.record)
        })
    }

    fn duration_of(&self, record: &LeaseRecord) -> Duration {
        record.lease_duration().unwrap_or(self.own_duration)
    }

    fn replace(&mut self, now: Instant, state: State) {
        self.changed_at = now;
        self.keep(state);
    }

    fn keep(&mut self, state: State) {
        let version = match &state {
            State::Present(lease) => Some(lease.version),
            State::Unknown | State::Absent => None,
        };
        self.newest = self.newest.max(version.unwrap_or_default());
        self.death.take_if(|death| Some(death.version) != version);
        self.state = state;
        self.outdated_since = None;
    }
}
