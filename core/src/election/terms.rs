//! The phases of a term: it begins, ends on the spot or in order, and is released.
//!
//! Invariant: each term is reported as acquired once and as lost once, and the Lease is released only
//! after all work of all terms has ended.

use super::{
    ActiveTerm, Election, ElectionEvent, Failing, LostReason, Phase, Settings, TermRecord,
};
use crate::clock::Instant;
use crate::error::Error;
use crate::lease_record::Acquisition;

impl ActiveTerm {
    pub(crate) fn new(term: TermRecord, leader_until: Instant, renew_at: Instant) -> Self {
        Self {
            term,
            leader_until,
            limit: None,
            renew_at,
            unconfirmed: None,
        }
    }

    /// The first instant at which this candidate is no longer the leader.
    pub(crate) fn until(&self) -> Instant {
        self.limit
            .map_or(self.leader_until, |limit| limit.min(self.leader_until))
    }
}

impl Election {
    /// Ends what has expired by `now`. Every input goes through here first, so that no reply and
    /// no event is ever judged under a term that is over.
    pub(super) fn advance(&mut self, now: Instant) {
        if now < self.now {
            self.handle_clock_fault(now);
        }
        self.now = now;
        match &self.phase {
            Phase::Leading(active) if now >= active.leader_until => {
                self.end_term(LostReason::Expired);
            }
            Phase::Leading(active) if now >= active.until() => {
                self.end_term(LostReason::LimitReached);
            }
            Phase::Draining {
                active,
                drain_until,
            } if now >= active.leader_until || now >= *drain_until => {
                self.leave_to_expire(active.clone());
            }
            Phase::Releasing {
                leader_until,
                given_back,
            } if now >= *leader_until => self.leave(*given_back),
            _ => {}
        }
        self.recordings.give_up(now);
        self.decline_demand_in_vain();
        self.stop_if_idle();
    }

    /// Until when the Lease is certainly this candidate's own.
    pub(super) fn held_until(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Leading(active) | Phase::Draining { active, .. } => Some(active.leader_until),
            Phase::Releasing { leader_until, .. } => Some(*leader_until),
            Phase::Candidate | Phase::Stopped => None,
        }
    }

    pub(super) fn begin_term(
        &mut self,
        acquisition: Acquisition,
        leader_until: Instant,
        renew_at: Instant,
    ) {
        let Some(lease) = self.observed.lease() else {
            return;
        };
        self.terms += 1;
        self.term_began = self.now;
        self.working += 1;
        self.races_lost = 0;
        let term = TermRecord {
            number: self.terms,
            fencing_token: lease.version,
            transitions: lease.record.transitions,
            uid: lease.uid.clone(),
            acquired_at: lease.record.renew_time.unwrap_or_default(),
            acquisition,
        };
        self.events.push_back(ElectionEvent::Acquired(term.clone()));
        let mut active = ActiveTerm::new(term, leader_until, renew_at);
        active.limit = self.satisfy_demand();
        self.phase = Phase::Leading(active);
    }

    /// Ends a term on the spot. The Lease is not released.
    pub(super) fn end_term(&mut self, reason: LostReason) {
        if let Phase::Leading(active) = std::mem::replace(&mut self.phase, Phase::Candidate) {
            self.recordings.end();
            self.no_longer_failing(Failing::Recordings);
            self.work_until = match reason {
                LostReason::Expired | LostReason::LimitReached | LostReason::Stalled => {
                    self.others_may_acquire_at(active.leader_until)
                }
                // Somebody else wrote, or nobody can tell what time it is.
                _ => self.now,
            };
            self.grace_until = self.now + self.settings.drain_timeout;
            self.events
                .push_back(ElectionEvent::Lost(active.term, reason));
        }
    }

    /// When another may acquire a Lease that is not released: its duration after the write from
    /// which `leader_until` counts was sent, at the soonest.
    pub(super) fn others_may_acquire_at(&self, leader_until: Instant) -> Instant {
        let Settings {
            lease_duration,
            renew_deadline,
            ..
        } = self.settings;
        leader_until + lease_duration.saturating_sub(renew_deadline)
    }

    /// Until when the work of terms that are over keeps another from beginning: two terms do not
    /// overlap within this process either. Work that does not end has as long as it has before a
    /// release.
    pub(super) fn earlier_work_until(&self) -> Instant {
        if self.working == 0 {
            Instant::ZERO
        } else {
            self.grace_until
        }
    }

    /// Ends a term in order: the answer is false from now on, renewal goes on until the work has
    /// stopped.
    pub(super) fn drain(&mut self, now: Instant, reason: LostReason) {
        if let Phase::Leading(active) = &self.phase {
            let active = active.clone();
            self.recordings.end();
            self.no_longer_failing(Failing::Recordings);
            self.events
                .push_back(ElectionEvent::Lost(active.term.clone(), reason));
            self.grace_until = now + self.settings.drain_timeout;
            self.phase = Phase::Draining {
                active,
                drain_until: self.grace_until,
            };
        }
    }

    /// Work that is under way has until `limit`, and no longer than it had before.
    pub(super) fn shorten_drain(&mut self, limit: Instant) {
        if let Phase::Draining { drain_until, .. } = &mut self.phase {
            *drain_until = limit.min(*drain_until);
            self.grace_until = *drain_until;
        }
    }

    /// Gives back what was held, or may have been won, and under which no work goes on; unless a
    /// stop is to keep it.
    pub(super) fn give_back(&mut self, leader_until: Instant) {
        if self.stopping && !self.settings.release_on_stop {
            self.leave(false);
        } else {
            self.phase = Phase::Releasing {
                leader_until,
                given_back: false,
            };
        }
    }

    /// Leaves draining and releasing: nothing more is done about the Lease that was held, and
    /// another has time to acquire it. `given_back` if it is known that it can.
    pub(super) fn leave(&mut self, given_back: bool) {
        self.phase = Phase::Candidate;
        self.work_until = self.now;
        self.hold_back_until = self.hold_back_until_after_term();
        self.notify_given_back(given_back);
    }

    /// Leaves draining over unfinished work, which may go on until another may acquire.
    pub(super) fn leave_to_expire(&mut self, active: ActiveTerm) {
        self.leave(false);
        self.work_until = self.others_may_acquire_at(active.leader_until);
        self.events
            .push_back(ElectionEvent::LeftToExpire(active.term));
    }

    /// A candidate that is to stop ends as soon as it knows what became of its writes.
    pub(super) fn stop_if_idle(&mut self) {
        let writing = self.in_flight.as_ref().is_some_and(|it| it.is_write);
        if !self.stopping || writing || !matches!(self.phase, Phase::Candidate) {
            return;
        }
        let may_lead_until = self.writes.may_lead_until(self.settings.renew_deadline);
        let may_have_won = self.must_read && self.now < may_lead_until;
        if may_have_won && self.working == 0 && self.settings.release_on_stop {
            self.phase = Phase::Releasing {
                leader_until: may_lead_until,
                given_back: false,
            };
        } else {
            self.phase = Phase::Stopped;
            self.in_flight = None;
            self.events.push_back(ElectionEvent::Stopped);
        }
    }

    pub(super) fn no_longer_failing(&mut self, what: Failing) {
        self.failing.take_if(|(failing, _)| *failing == what);
        self.notified_failures
            .retain(|(failing, _)| *failing != what);
    }

    /// Each kind of error is an event once, until what fails succeeds again: two that take turns are
    /// no news.
    pub(super) fn notify_failing(&mut self, what: Failing, error: Error) {
        let failure = (what, error.kind());
        if !self.notified_failures.contains(&failure) {
            self.notified_failures.push(failure);
            self.events
                .push_back(ElectionEvent::RenewalFailing(error.clone()));
        }
        self.failing = Some((what, error));
    }

    pub(super) fn notify_holder(&mut self) {
        let holder = self.observed.holder();
        if self.notified_holder.as_deref() != holder {
            self.notified_holder = holder.map(str::to_owned);
            self.events
                .push_back(ElectionEvent::LeaderChanged(self.notified_holder.clone()));
        }
    }
}
