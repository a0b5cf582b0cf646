//! What to ask of the store next, when, for how long, and which record to write.

use std::time::Duration;

use super::{Action, Election, FEW_CANDIDATES, JITTER_FACTOR, Phase, SPREAD_PER_CANDIDATE};
use crate::clock::{Instant, WallTime};
use crate::lease_record::{LeaseRecord, RELEASED_DURATION_SECONDS};

/// How long to wait for an answer, so that another attempt is possible before the deadline.
pub(crate) fn request_limit(renew_deadline: Duration) -> Duration {
    renew_deadline / 4
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
            _ if self.must_read => (self.retry_at, Action::Read),
            Phase::Releasing { .. } => (self.write_after, Action::Release),
            Phase::Leading(active) | Phase::Draining { active, .. } => {
                (active.renew_at.max(self.write_after), Action::Renew)
            }
            Phase::Candidate if self.observes_only => {
                if self.watching {
                    return None;
                }
                (self.poll_at, Action::Read)
            }
            Phase::Candidate => {
                let attempt = self
                    .attempt_at
                    .max(self.hold_back_until)
                    .max(self.write_after);
                if !self.watching && self.poll_at < attempt {
                    (self.poll_at, Action::Read)
                } else {
                    (attempt, Action::Acquire)
                }
            }
        };
        Some((due.max(self.retry_at), action))
    }

    /// Within the limit of any request, and never past the end of a term: an answer that comes
    /// later could not be used.
    pub(super) fn request_deadline(&self, now: Instant) -> Instant {
        let limit = now + request_limit(self.settings.renew_deadline);
        self.held_until().map_or(limit, |held| limit.min(held))
    }

    /// How long a store that asked to be left alone is left alone. It must not cost a term more than
    /// half of what is left of it, nor keep a candidate out of the election.
    pub(super) fn capped_wait(&self, now: Instant, asked: Duration) -> Duration {
        asked.min(match self.held_until() {
            Some(held) => held.since(now) / 2,
            None => self.settings.lease_duration,
        })
    }

    pub(super) fn acquiring_record(&self, wall: WallTime) -> LeaseRecord {
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
        }
    }

    pub(super) fn renewing_record(&self, wall: WallTime) -> Option<LeaseRecord> {
        let seen = &self.observed.lease()?.record;
        Some(LeaseRecord {
            lease_duration_seconds: Some(self.lease_duration_seconds()),
            renew_time: Some(self.writes.next_renew_time(wall)),
            ..seen.clone()
        })
    }

    pub(super) fn releasing_record(&self, wall: WallTime) -> Option<LeaseRecord> {
        let seen = &self.observed.lease()?.record;
        let renew_time = self.writes.next_renew_time(wall);
        Some(LeaseRecord {
            holder: String::new(),
            lease_duration_seconds: Some(RELEASED_DURATION_SECONDS),
            acquire_time: Some(renew_time),
            renew_time: Some(renew_time),
            transitions: seen.transitions,
        })
    }

    pub(super) fn lease_duration_seconds(&self) -> i32 {
        i32::try_from(self.settings.lease_duration.as_secs()).unwrap_or(i32::MAX)
    }

    /// When to try for a Lease whose record has just changed: the moment it is free, with a small
    /// spread so that many candidates do not all write at once.
    pub(super) fn spread_attempt(&mut self) {
        let many = self.settings.candidates.saturating_sub(FEW_CANDIDATES);
        let spread = SPREAD_PER_CANDIDATE * many;
        self.attempt_at = self.observed.free_at() + spread.mul_f64(self.random.f64());
    }

    pub(super) fn jittered(&mut self, wait: Duration) -> Duration {
        wait.mul_f64(1.0 + (JITTER_FACTOR - 1.0) * self.random.f64())
    }
}
