//! What to ask of the store next, when, for how long, and which record to write; not what the answers
//! mean.

use std::time::Duration;

use super::{Action, Election, JITTER_FACTOR, Phase};
use crate::clock::{Instant, WallTime};
use crate::lease_record::{Acquisition, HolderNote, LeaseRecord, RELEASED_DURATION_SECONDS};

/// How long to wait for an answer at first, so that other attempts are possible before the deadline.
pub(crate) fn request_limit(renew_deadline: Duration) -> Duration {
    renew_deadline / 4
}

/// So many writes in a row may come second by chance.
const RACES: u32 = 2;

/// The spread of a candidate that has lost one race more, and how much that grows with each of the next.
const LEAST_SPREAD: Duration = Duration::from_millis(8);
const SPREAD_GROWS: u32 = 8;
const MOST_GROWTH: u32 = 3;

/// How long to wait for an answer: as short as leaves room for more attempts within a term, and as
/// long as a slow server needs, for an answer within the renew deadline makes a leader.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct AnswerLimit {
    now: Duration,
    least: Duration,
    most: Duration,
}

impl AnswerLimit {
    pub(super) fn new(renew_deadline: Duration) -> Self {
        let least = request_limit(renew_deadline);
        Self {
            now: least,
            least,
            most: renew_deadline,
        }
    }

    /// An answer did not come in time: the next one gets twice as long.
    pub(super) fn grow(&mut self) {
        self.now = (self.now * 2).min(self.most);
    }

    /// An answer took so long: one that takes up to twice as long is still waited for.
    pub(super) fn shrink(&mut self, took: Duration) {
        self.now = (took * 2).max(self.least).min(self.now);
    }
}

impl Election {
    /// The next thing to ask of the store and when; `None` while an answer is awaited.
    pub(super) fn next_action(&self) -> Option<(Instant, Action)> {
        if self.in_flight.is_some() {
            return None;
        }
        let (due, action) = match &self.phase {
            Phase::Stopped => return None,
            Phase::Candidate if self.stalled => return None,
            _ if self.must_read => {
                let told_by = self.awaits_watch_until.unwrap_or(self.retry_at);
                (told_by, Action::Read)
            }
            Phase::Releasing { .. } => (self.write_after, Action::Release),
            Phase::Leading(active) | Phase::Draining { active, .. } => {
                let renewal = active.renew_at;
                let due = self.recording_due().map_or(renewal, |due| due.min(renewal));
                (due.max(self.write_after), Action::Renew)
            }
            Phase::Candidate if !self.wants_to_lead() => {
                if self.watching {
                    return None;
                }
                (self.poll_at, Action::Read)
            }
            Phase::Candidate => {
                let attempt = self
                    .attempt_at
                    .max(self.hold_back_until)
                    .max(self.write_after)
                    .max(self.earlier_work_until())
                    .max(self.yields_until());
                if !self.watching && self.poll_at < attempt {
                    (self.poll_at, Action::Read)
                } else {
                    (attempt, Action::Acquire)
                }
            }
        };
        Some((due.max(self.retry_at), action))
    }

    /// When to give up a request that is sent now. It may outlast the term that it would extend,
    /// since a late success begins another; but not one that is being released.
    pub(super) fn request_deadline(&self, now: Instant) -> Instant {
        let limit = now + self.answer_limit.now;
        match &self.phase {
            Phase::Draining { .. } | Phase::Releasing { .. } => {
                self.held_until().map_or(limit, |held| limit.min(held))
            }
            Phase::Candidate | Phase::Leading(_) | Phase::Stopped => limit,
        }
    }

    /// How long a store that asked to be left alone is left alone. It must not cost a term more than
    /// half of what is left of it, nor keep a candidate out of the election.
    pub(super) fn capped_wait(&self, now: Instant, asked: Duration) -> Duration {
        asked.min(match self.held_until() {
            Some(held) => held.since(now) / 2,
            None => self.settings.lease_duration,
        })
    }

    /// How long to wait after a write that came second. A race has one winner, and its loser goes on
    /// at once; a writer that is busy with the Lease leaves gaps that are met sooner or later.
    pub(super) fn conflict_wait(&mut self) -> Duration {
        let busy = self.conflicts.saturating_sub(RACES);
        if busy == 0 {
            return Duration::ZERO;
        }
        let wait = self.settings.retry_period / 128 * (1 << busy.min(4));
        self.jittered(wait)
    }

    /// How a term came about that a write at `now` opens.
    pub(super) fn acquisition(&self, now: Instant) -> Acquisition {
        let Some(lease) = self.observed.lease() else {
            return Acquisition::Free;
        };
        let record = &lease.record;
        if self.is_own(record) {
            return Acquisition::Regained;
        }
        if !record.is_held() {
            let released = record.lease_duration_seconds == Some(RELEASED_DURATION_SECONDS);
            return match record.renew_time {
                Some(_) if released => Acquisition::Released,
                _ => Acquisition::Free,
            };
        }
        match self.observed.proof() {
            _ if now >= self.observed.expires_at() => Acquisition::Expired,
            Some(proof) => proof.into(),
            None => Acquisition::Regained,
        }
    }

    pub(super) fn acquiring_record(&self, wall: WallTime, acquisition: Acquisition) -> LeaseRecord {
        let renew_time = self.writes.next_renew_time(wall);
        LeaseRecord {
            holder: self.identity.clone(),
            lease_duration_seconds: Some(self.lease_duration_seconds()),
            acquire_time: Some(renew_time),
            renew_time: Some(renew_time),
            transitions: self
                .observed
                .lease()
                .map_or(0, |seen| seen.record.transitions.saturating_add(1)),
            note: self.note(acquisition),
            memory: Box::new(self.memory().cloned().unwrap_or_default()),
        }
    }

    /// What is noted beside a record of our own.
    fn note(&self, acquisition: Acquisition) -> Option<Box<HolderNote>> {
        let process = self.process.clone()?;
        Some(Box::new(HolderNote {
            acquisition,
            process,
        }))
    }

    pub(super) fn renewing_record(&mut self, wall: WallTime) -> Option<LeaseRecord> {
        let renew_time = self.writes.next_renew_time(wall);
        let memory = Box::new(self.memory_to_write(renew_time));
        let seen = &self.observed.lease()?.record;
        let noted = seen.note.as_ref().map(|note| note.acquisition);
        let acquisition = noted.unwrap_or(Acquisition::Regained);
        Some(LeaseRecord {
            lease_duration_seconds: Some(self.lease_duration_seconds()),
            renew_time: Some(renew_time),
            note: self.note(acquisition),
            memory,
            ..seen.clone()
        })
    }

    pub(super) fn releasing_record(&self, wall: WallTime) -> Option<LeaseRecord> {
        let seen = &self.observed.lease()?.record;
        let renew_time = self.writes.next_renew_time(wall);
        if let Some(seconds) = self.kept_for_seconds() {
            return Some(LeaseRecord {
                lease_duration_seconds: Some(seconds),
                renew_time: Some(renew_time),
                // Others wait for it, dead or alive.
                note: None,
                ..seen.clone()
            });
        }
        Some(LeaseRecord {
            holder: String::new(),
            lease_duration_seconds: Some(RELEASED_DURATION_SECONDS),
            acquire_time: Some(renew_time),
            renew_time: Some(renew_time),
            transitions: seen.transitions,
            note: None,
            memory: seen.memory.clone(),
        })
    }

    pub(super) fn lease_duration_seconds(&self) -> i32 {
        i32::try_from(self.settings.lease_duration.as_secs()).unwrap_or(i32::MAX)
    }

    /// When to try for a Lease whose record has just changed: the moment it is free, or within the
    /// spread after it.
    pub(super) fn spread_attempt(&mut self) {
        self.attempt_at = self.observed.free_at() + self.spread().mul_f64(self.random.f64());
    }

    /// How far this candidate spreads its attempts, so that many do not all write at once. Nobody knows
    /// how many there are, but who loses race after race learns that there are many; of many spread over
    /// a while the first comes soon. A few go on at once: a write that comes second costs less than a
    /// wait.
    fn spread(&self) -> Duration {
        match self.races_lost.saturating_sub(RACES).min(MOST_GROWTH) {
            0 => Duration::ZERO,
            more => {
                let spread = LEAST_SPREAD * SPREAD_GROWS.pow(more - 1);
                spread.min(self.settings.retry_period / 8)
            }
        }
    }

    pub(super) fn jittered(&mut self, wait: Duration) -> Duration {
        wait.mul_f64(1.0 + (JITTER_FACTOR - 1.0) * self.random.f64())
    }
}
