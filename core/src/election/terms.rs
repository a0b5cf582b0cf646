//! The phases of a term: it begins, ends on the spot or in order, and is given back.
//!
//! Invariant: each term is told as acquired once and as lost once, and the Lease is released only
//! after all work of all terms has ended.

use super::{Election, Event, LostReason, Phase, Tenure, TermRecord};
use crate::clock::Instant;
use crate::error::Error;

impl Election {
    /// Ends what has run out by `now`. Every input goes through here first, so that no reply and
    /// no event is ever judged under a term that is over.
    pub(super) fn advance(&mut self, now: Instant) {
        if now < self.now {
            self.handle_clock_fault(now);
        }
        self.now = now;
        match &self.phase {
            Phase::Leading(tenure) if now >= tenure.leader_until => self.lose(LostReason::Expired),
            Phase::Draining {
                tenure,
                drain_until,
            } if now >= tenure.leader_until || now >= *drain_until => {
                self.leave();
            }
            Phase::Releasing { leader_until } if now >= *leader_until => self.leave(),
            _ => {}
        }
    }

    pub(super) fn begin_term(&mut self, leader_until: Instant, renew_at: Instant) {
        let Some(lease) = self.observed.lease() else {
            return;
        };
        self.terms += 1;
        self.working += 1;
        let term = TermRecord {
            number: self.terms,
            fencing_token: lease.version,
            transitions: lease.record.transitions,
            uid: lease.uid.clone(),
            acquired_at: lease.record.renew_time.unwrap_or_default(),
        };
        self.events.push_back(Event::Acquired(term.clone()));
        self.phase = Phase::Leading(Tenure {
            term,
            leader_until,
            renew_at,
            unconfirmed: None,
        });
    }

    /// Ends a term on the spot. The Lease is not released.
    pub(super) fn lose(&mut self, reason: LostReason) {
        if let Phase::Leading(tenure) = std::mem::replace(&mut self.phase, Phase::Candidate) {
            self.events.push_back(Event::Lost(tenure.term, reason));
        }
    }

    /// Ends a term in order: the answer is false from now on, renewal goes on until the work has
    /// stopped.
    pub(super) fn drain(&mut self, now: Instant, reason: LostReason) {
        if let Phase::Leading(tenure) = &self.phase {
            let tenure = tenure.clone();
            self.events
                .push_back(Event::Lost(tenure.term.clone(), reason));
            self.phase = Phase::Draining {
                tenure,
                drain_until: now + self.settings.drain_timeout,
            };
        }
    }

    /// Leaves draining and releasing: nothing more is done about the Lease that was held.
    pub(super) fn leave(&mut self) {
        self.phase = Phase::Candidate;
        self.finish_if_idle();
    }

    /// A candidate that is to stop ends as soon as no write of its own is under way.
    pub(super) fn finish_if_idle(&mut self) {
        let writing = self.in_flight.as_ref().is_some_and(|it| it.write.is_some());
        if self.stopping && !writing && matches!(self.phase, Phase::Candidate) {
            self.phase = Phase::Stopped;
            self.events.push_back(Event::Stopped);
        }
    }

    pub(super) fn succeeded(&mut self) {
        self.failing = None;
    }

    pub(super) fn tell_failing(&mut self, error: Error) {
        let news = self
            .failing
            .as_ref()
            .is_none_or(|known| known.kind() != error.kind());
        if news {
            self.events.push_back(Event::RenewalFailing(error.clone()));
        }
        self.failing = Some(error);
    }

    pub(super) fn tell_holder(&mut self) {
        let holder = self.observed.holder();
        if self.told_holder.as_deref() != holder {
            self.told_holder = holder.map(str::to_owned);
            self.events
                .push_back(Event::LeaderChanged(self.told_holder.clone()));
        }
    }
}
