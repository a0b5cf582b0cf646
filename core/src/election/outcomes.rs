//! What an answer or an observation means.
//!
//! Invariant: a term is extended only by a write that this election sent, counted from before it
//! was sent. A read or a watch can tell that such a write took effect, and can end a term.

use std::time::Duration;

use super::observed::Change;
use super::writes::{self, SentWrite};
use super::{Election, LostReason, Phase};
use crate::clock::Instant;
use crate::error::{Error, ErrorKind};
use crate::lease_record::{ResourceVersion, StoredLease};

impl Election {
    pub(super) fn handle_read(&mut self, now: Instant, lease: Option<StoredLease>) {
        self.succeeded();
        self.poll_at = now + self.jittered(self.settings.retry_period);
        match lease {
            None => {
                self.must_read = false;
                self.observe_absent(now, None);
            }
            // Answered before something that is known already: ask again.
            Some(lease) if self.observed.is_outdated(lease.version) => self.retry_at = self.poll_at,
            Some(lease) => {
                self.must_read = false;
                match self.writes.find(&lease.record).cloned() {
                    // The outcome of a write that was not known until now.
                    Some(write) => self.handle_own_write(now, &write, lease),
                    None => self.observe(now, lease),
                }
            }
        }
    }

    pub(super) fn handle_written(&mut self, now: Instant, write: &SentWrite, lease: StoredLease) {
        if write.base.is_some_and(|base| lease.version <= base) {
            // Nothing changed in the store, so followers saw nothing: this extends nothing.
            self.must_read = true;
            let error = Error::new(
                ErrorKind::Unavailable,
                format!(
                    "a write succeeded without a new version (still {})",
                    lease.version
                ),
            );
            self.handle_error(now, write.sent_at, error);
        } else if self.observed.is_outdated(lease.version) {
            // It succeeded, but the watch has already told of a later change.
            self.must_read = true;
        } else {
            self.succeeded();
            self.must_read = false;
            self.handle_own_write(now, write, lease);
        }
    }

    /// `write` is what is stored, as of the instant it was sent.
    pub(super) fn handle_own_write(&mut self, now: Instant, write: &SentWrite, lease: StoredLease) {
        let leader_until = writes::leader_until(write, self.settings.renew_deadline);
        let renew_at = write.sent_at + self.settings.retry_period;
        let held = lease.record.is_held();
        self.see_own(now, lease);
        self.attempt_at = now;
        match &mut self.phase {
            Phase::Leading(tenure) | Phase::Draining { tenure, .. } => {
                if leader_until > tenure.leader_until {
                    tenure.unconfirmed.get_or_insert(tenure.leader_until);
                    tenure.leader_until = leader_until;
                }
                tenure.renew_at = renew_at;
            }
            Phase::Releasing { .. } if !held => self.leave(),
            // A renewal that was still under way has landed: the next release is of that one.
            Phase::Releasing { .. } | Phase::Stopped => {}
            Phase::Candidate if !held || self.stalled || now >= leader_until => {}
            Phase::Candidate if self.stopping || now < self.hold_back_until => {
                // Won when it was no longer wanted: give it back, unless work goes on under it.
                if self.working == 0 {
                    self.phase = Phase::Releasing { leader_until };
                }
            }
            Phase::Candidate => self.begin_term(leader_until, renew_at),
        }
        self.tell_holder();
        self.finish_if_idle();
    }

    /// Not a fault: somebody else was first. But do not race for ever against a store that
    /// refuses although nothing has changed.
    pub(super) fn handle_conflict(&mut self, now: Instant, write: &SentWrite) {
        self.retry_at = now;
        if write.base.is_none_or(|base| base == self.observed.newest()) {
            self.write_after = now + self.jittered(self.settings.retry_period);
        }
        self.finish_if_idle();
    }

    pub(super) fn handle_error(&mut self, now: Instant, sent_at: Instant, error: Error) {
        let wait = self.wait_after(now, &error);
        self.retry_at = (sent_at + wait).max(now);
        self.poll_at = self.poll_at.max(self.retry_at);
        self.tell_failing(error);
        self.finish_if_idle();
    }

    pub(super) fn wait_after(&mut self, now: Instant, error: &Error) -> Duration {
        let wait = self.jittered(self.settings.retry_period);
        let asked = error.retry_after().unwrap_or_default();
        match &self.phase {
            // A term must not be lost to a server that asks for more patience than it has left.
            Phase::Leading(tenure) | Phase::Draining { tenure, .. } => {
                wait.max(asked.min(tenure.leader_until.since(now) / 2))
            }
            _ => wait.max(asked),
        }
    }

    /// What is stored now, by a read or the watch. Never extends a term: only a write does.
    pub(super) fn observe(&mut self, now: Instant, lease: StoredLease) {
        if self.writes.find(&lease.record).is_some() {
            // One of ours, whose outcome its reply tells, or with a field edited that is not ours.
            self.see_own(now, lease);
            self.tell_holder();
            return;
        }
        let record = lease.record.clone();
        let first_sight = self.observed.is_unknown();
        let own_identity = record.holder == self.settings.identity;
        self.allow_writes_if_newer(now, lease.version);
        self.writes.prune(&lease);
        if self.observed.see(now, lease) == Change::Record {
            self.spread_attempt();
        }
        if first_sight && own_identity && self.settings.reclaim {
            self.attempt_at = now;
        }
        let conflict = own_identity && !first_sight;
        let reason = match (record.is_held(), conflict) {
            (false, _) => LostReason::Emptied,
            (true, true) => LostReason::IdentityConflict,
            (true, false) => LostReason::Superseded,
        };
        self.usurped(reason);
        if conflict {
            self.tell_failing(Error::new(
                ErrorKind::IdentityConflict,
                format!(
                    "another process writes the Lease under this candidate's identity `{}`: give \
                     each candidate its own",
                    self.settings.identity
                ),
            ));
        }
        self.tell_holder();
    }

    pub(super) fn observe_absent(&mut self, now: Instant, version: Option<ResourceVersion>) {
        if self.observed.see_absent(now, version) == Change::Record {
            self.write_after = now;
            self.spread_attempt();
        }
        self.usurped(LostReason::Deleted);
        self.tell_holder();
    }

    /// The Lease is no longer this candidate's.
    pub(super) fn usurped(&mut self, reason: LostReason) {
        match &self.phase {
            Phase::Leading(_) => self.lose(reason),
            Phase::Draining { .. } | Phase::Releasing { .. } => self.leave(),
            Phase::Candidate | Phase::Stopped => {}
        }
        self.finish_if_idle();
    }

    pub(super) fn see_own(&mut self, now: Instant, lease: StoredLease) {
        self.allow_writes_if_newer(now, lease.version);
        self.writes.prune(&lease);
        self.observed.see_own(now, lease);
    }

    pub(super) fn allow_writes_if_newer(&mut self, now: Instant, version: ResourceVersion) {
        if version > self.observed.newest() {
            self.write_after = now;
        }
    }
}
