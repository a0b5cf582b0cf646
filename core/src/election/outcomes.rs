//! What an answer or an observation means.
//!
//! Invariant: a term is extended only by a write that this election sent, counted from before it
//! was sent. A read or a watch can tell that such a write took effect, and can end a term.

use super::observed::Change;
use super::writes::SentWrite;
use super::{Election, Failing, InFlight, LostReason, Phase};
use crate::clock::Instant;
use crate::error::{Error, ErrorKind};
use crate::lease_record::{LeaseRecord, ResourceVersion, StoredLease};

/// More writes in a row that come second are no races, whose loser follows the winner.
const MOST_CONFLICTS: u32 = 5;

impl Election {
    pub(super) fn handle_read(&mut self, now: Instant, lease: Option<StoredLease>) {
        self.poll_at = now + self.jittered(self.settings.retry_period);
        self.awaits_watch_until = None;
        if let Some(lease) = &lease
            && self.observed.is_outdated(lease)
        {
            return self.handle_outdated(now, lease.version);
        }
        self.must_read = false;
        self.no_longer_failing(Failing::Reads);
        self.explain_conflict(lease.as_ref());
        let Some(lease) = lease else {
            return self.observe_absent(now, None, false);
        };
        if let Some(write) = self.writes.find(&lease.record).cloned() {
            // The outcome of a write that was not known until now.
            self.handle_own_write(now, &write, lease);
        } else {
            // There may have been others before it, also if a watch has reported none: a candidate
            // that has one reads because it is silent.
            self.observe(now, lease, false);
        }
    }

    /// Nothing can be made of it: ask again.
    fn handle_outdated(&mut self, now: Instant, version: ResourceVersion) {
        let error = format!(
            "the store answered with version {version}, which is older than version {} seen before: \
             it was restored to an earlier state, or answers from a cache",
            self.observed.newest(),
        );
        self.notify_failing(Failing::Reads, Error::new(ErrorKind::Unavailable, error));
        // Also while there is a watch, which may wait for versions that never come.
        self.must_read = true;
        self.retry_at = self.poll_at;
        if self.observed.see_outdated(now) {
            self.retry_at = now;
        }
    }

    pub(super) fn handle_written(&mut self, now: Instant, sent: &InFlight, lease: StoredLease) {
        if lease.version <= sent.newest {
            // Nothing changed in the store, so followers saw nothing: this extends nothing.
            self.must_read = true;
            let error = format!(
                "a write succeeded without a new version (still {})",
                lease.version
            );
            self.handle_error(now, sent, Error::new(ErrorKind::Unavailable, error));
            return;
        }
        match self.writes.find(&lease.record).cloned() {
            Some(write) if !self.observed.is_outdated(&lease) => {
                self.handle_own_write(now, &write, lease);
            }
            // It succeeded, but the watch has already reported a later change or another holder.
            _ => self.must_read = true,
        }
    }

    /// Whether a term that is won now has come too late.
    fn is_unwanted(&self, now: Instant) -> bool {
        self.stopping || now < self.hold_back_until || !self.wants_to_lead()
    }

    /// `write` is what is stored, as of the instant it was sent.
    pub(super) fn handle_own_write(&mut self, now: Instant, write: &SentWrite, lease: StoredLease) {
        let leader_until = write.leader_until(self.settings.renew_deadline);
        let renew_at = write.sent_at + self.settings.retry_period;
        if !write.settled {
            self.no_longer_failing(Failing::Reads);
            self.no_longer_failing(Failing::Writes);
            self.conflicts = 0;
        }
        self.must_read = false;
        self.awaits_watch_until = None;
        self.confirm_recordings(now, write, &lease);
        self.see_own(now, lease);
        self.writes.settle(&write.record);
        self.attempt_at = now;
        let earlier_work_until = self.earlier_work_until();
        let is_unwanted = self.is_unwanted(now);
        match &mut self.phase {
            Phase::Leading(active) | Phase::Draining { active, .. } => {
                if leader_until > active.leader_until {
                    active.unconfirmed.get_or_insert(active.until());
                    active.leader_until = leader_until;
                }
                active.renew_at = renew_at;
            }
            Phase::Releasing { .. } if write.gives_back => self.leave(true),
            // A renewal that was still under way has landed: the next release is of that one.
            Phase::Releasing { .. } | Phase::Stopped => {}
            Phase::Candidate if self.stalled || now >= leader_until => {}
            Phase::Candidate if is_unwanted => {
                // Won when it was no longer wanted, but work may go on under it.
                if self.working == 0 {
                    self.give_back(leader_until);
                }
            }
            // Won, but for a term that may not begin yet: another attempt follows.
            Phase::Candidate if now < earlier_work_until => {}
            Phase::Candidate => self.begin_term(write.acquisition, leader_until, renew_at),
        }
        self.notify_holder();
    }

    /// Not a fault: somebody else was first, as the watch is about to tell. But do not race without
    /// end against a store that refuses although nothing has changed, or a writer that never rests.
    pub(super) fn handle_conflict(&mut self, now: Instant, sent: &InFlight, reason: String) {
        self.conflicts = self.conflicts.saturating_add(1);
        if matches!(self.phase, Phase::Candidate) {
            self.races_lost = self.races_lost.saturating_add(1);
        }
        self.retry_at = now + self.conflict_wait();
        let is_told = sent.newest < self.observed.newest();
        if self.conflicts > MOST_CONFLICTS {
            let error = format!("somebody changes the Lease before each of our writes: {reason}");
            self.notify_failing(Failing::Writes, Error::new(ErrorKind::Unavailable, error));
        }
        self.unexplained_conflict = (!is_told).then_some(reason);
        if !is_told {
            self.write_after = now + self.jittered(self.settings.retry_period);
        }
        let is_ours = self.observed.lease().map(|lease| &lease.record);
        self.must_read = !self.watching || !is_told || is_ours.is_some_and(|it| self.is_news(it));
        self.awaits_watch_until =
            (self.watching && !is_told).then(|| self.retry_at + self.settings.retry_period / 8);
    }

    /// A write came second to nothing: something other than another writer makes the store refuse, as
    /// an admission webhook may, and will again.
    fn explain_conflict(&mut self, present: Option<&StoredLease>) {
        let Some(reason) = self.unexplained_conflict.take() else {
            return;
        };
        let is_unchanged = match (self.observed.lease(), present) {
            (Some(seen), Some(present)) => seen.is_same(present),
            (None, None) => true,
            _ => false,
        };
        if is_unchanged {
            let error =
                format!("refused as a conflict, though nobody has changed the Lease: {reason}");
            self.notify_failing(Failing::Writes, Error::new(ErrorKind::Unavailable, error));
        }
    }

    /// Whether this is a write of ours whose outcome was not known until now.
    pub(super) fn is_news(&self, record: &LeaseRecord) -> bool {
        self.writes.find(record).is_some_and(|write| !write.settled)
    }

    /// Whether this candidate wrote it.
    pub(super) fn is_own(&self, record: &LeaseRecord) -> bool {
        self.writes.find(record).is_some()
    }

    /// The watch has reported what came first: there is no need to read it.
    pub(super) fn end_wait_for_watch(&mut self) {
        if self.awaits_watch_until.take().is_some() {
            self.must_read = false;
        }
    }

    pub(super) fn handle_error(&mut self, now: Instant, sent: &InFlight, error: Error) {
        let asked = error.retry_after().unwrap_or_default();
        let wait = self.jittered(self.settings.retry_period);
        self.retry_at = (sent.sent_at + wait).max(now + self.capped_wait(now, asked));
        let failing = if sent.is_write && self.recordings_refused(&error) {
            Failing::Recordings
        } else if sent.is_write {
            Failing::Writes
        } else {
            Failing::Reads
        };
        // What kept this write from its end did not keep somebody else, whom we follow now.
        if !(sent.is_write && self.is_overtaken(sent)) {
            self.notify_failing(failing, error);
        }
    }

    /// Whether somebody else is known to have written since.
    fn is_overtaken(&self, sent: &InFlight) -> bool {
        let seen = self.observed.lease().map(|lease| &lease.record);
        sent.newest < self.observed.newest() && seen.is_some_and(|it| !self.is_own(it))
    }

    /// What is stored now, by a read or the watch; `complete` if no record before it was left out.
    /// Never extends a term: only a write does.
    pub(super) fn observe(&mut self, now: Instant, lease: StoredLease, complete: bool) {
        if self.is_own(&lease.record) {
            // One of ours, whose outcome its reply tells, or with a field edited that is not ours.
            self.see_release(&lease);
            self.see_own(now, lease);
            self.notify_holder();
            return;
        }
        let held = lease.record.is_held();
        let own_identity = lease.record.holder == self.identity;
        let first_sight = self.observed.is_unknown();
        self.allow_writes_if_newer(now, lease.version);
        self.writes.prune(&lease);
        let proof = self.observed.proof();
        let changed = self.observed.see(now, lease, complete) == Change::Record;
        if changed {
            self.found_free = first_sight && self.observed.free_at() <= now;
        }
        // A version that says the same voids a proof, too.
        if changed || self.observed.proof() != proof {
            self.spread_attempt();
        }
        if first_sight && own_identity && self.settings.reclaim {
            self.attempt_at = now;
        }
        let conflict = changed && own_identity && !first_sight;
        self.lease_lost(match (held, conflict) {
            (false, _) => LostReason::Emptied,
            (true, true) => LostReason::IdentityConflict,
            (true, false) => LostReason::Superseded,
        });
        if conflict {
            let error = format!(
                "another process writes the Lease under this candidate's identity `{}`: give each \
                 candidate its own",
                self.identity
            );
            let error = Error::new(ErrorKind::IdentityConflict, error);
            self.notify_failing(Failing::Writes, error);
        } else if changed {
            // What kept us from writing did not keep somebody else, whom we follow now.
            self.no_longer_failing(Failing::Writes);
            self.conflicts = 0;
        }
        self.notify_holder();
    }

    /// The same, where there is no Lease. `version` is that of its deletion, if it is known.
    pub(super) fn observe_absent(
        &mut self,
        now: Instant,
        version: Option<ResourceVersion>,
        complete: bool,
    ) {
        let first_sight = self.observed.is_unknown();
        if self.observed.see_absent(now, version, complete) == Change::Record {
            self.found_free = first_sight;
            self.spread_attempt();
        }
        self.lease_lost(LostReason::Deleted);
        self.notify_holder();
    }

    /// The Lease is no longer this candidate's.
    pub(super) fn lease_lost(&mut self, reason: LostReason) {
        match &self.phase {
            Phase::Leading(_) => self.end_term(reason),
            Phase::Draining { .. } => self.leave(false),
            Phase::Releasing { given_back, .. } => self.leave(*given_back),
            Phase::Candidate | Phase::Stopped => {}
        }
    }

    /// Somebody may have acquired it before the release is answered.
    fn see_release(&mut self, lease: &StoredLease) {
        let write = self.writes.find(&lease.record);
        let is_release = write.is_some_and(|write| write.gives_back);
        if let Phase::Releasing { given_back, .. } = &mut self.phase {
            *given_back |= is_release;
        }
    }

    pub(super) fn see_own(&mut self, now: Instant, lease: StoredLease) {
        self.allow_writes_if_newer(now, lease.version);
        self.writes.prune(&lease);
        self.observed.see_own(now, lease);
    }

    pub(super) fn allow_writes_if_newer(&mut self, now: Instant, version: ResourceVersion) {
        if version > self.observed.newest() {
            self.write_after = now;
            self.unexplained_conflict = None;
        }
    }
}
