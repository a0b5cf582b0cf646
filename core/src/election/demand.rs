//! The Lease is wanted for one piece of work: when it comes in vain, how long the work may go on, and for
//! how long it keeps others out.
//!
//! Between two demands the Lease is followed as by one who only looks on, so that one that has expired
//! meanwhile is acquired at once.

use std::time::Duration;

use super::{Election, ElectionEvent, Part, Phase};
use crate::clock::Instant;
use crate::error::{Error, ErrorKind, Result};
use crate::lease_record::RELEASED_DURATION_SECONDS;

/// One piece of work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    /// Until when to wait for the holder of the Lease. When that has passed, only for answers that are due.
    pub until: Instant,
    pub limits: Limits,
}

/// How long the work may go on, and for how long it keeps others out; from when it begins.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    /// The term ends then.
    pub at_most: Option<Duration>,
    /// The record that releases the Lease expires then.
    pub at_least: Duration,
}

impl Limits {
    /// Work that has lost its Lease cannot keep others from it.
    pub(crate) fn check(&self) -> Result<()> {
        match self.at_most {
            Some(at_most) if self.at_least > at_most => {
                let at_least = format_args!("{:?}", self.at_least);
                let fix = format_args!(
                    "it is longer than at_most = {at_most:?}, and a lock that is lost keeps nobody out: \
                     shorten at_least, or lengthen at_most"
                );
                Err(Error::config("at_least", at_least, fix))
            }
            _ => Ok(()),
        }
    }
}

impl Election {
    /// Looks on, and campaigns for as long as there is a demand.
    #[must_use]
    pub(crate) fn on_demand(mut self) -> Self {
        self.part = Part::OnDemand(None);
        self
    }

    /// The Lease is wanted. A term or [`ElectionEvent::Declined`] follows.
    pub(crate) fn handle_demand(&mut self, now: Instant, demand: Demand) {
        self.advance(now);
        // What has failed before says nothing about now.
        self.failing = None;
        // Others may just have released it.
        let is_free = self.watching && now >= self.observed.free_at();
        self.must_read |= !is_free;
        self.attempt_at = self.attempt_at.min(now.max(self.observed.free_at()));
        self.part = Part::OnDemand(Some(demand));
    }

    /// The work that is under way gets other limits, from now on. Nothing happens where
    /// none is.
    pub(crate) fn handle_limits(&mut self, now: Instant, limits: Limits) {
        self.advance(now);
        if let Phase::Leading(active) = &mut self.phase {
            self.kept_until = now + limits.at_least;
            active.unconfirmed.get_or_insert(active.until());
            active.limit = limits.at_most.map(|at_most| now + at_most);
        }
    }

    /// Until when to wait for the Lease is not known any more.
    pub(super) fn demand_no_longer_waits(&mut self) {
        if let Part::OnDemand(Some(demand)) = &mut self.part {
            demand.until = self.now;
        }
    }

    /// Nobody waits for it any more.
    pub(super) fn withdraw_demand(&mut self) {
        if let Part::OnDemand(demand) = &mut self.part {
            *demand = None;
            if matches!(self.phase, Phase::Candidate | Phase::Stopped) {
                self.notify_given_back(false);
            }
        }
    }

    /// A term has begun. Returns until when it may last.
    pub(super) fn satisfy_demand(&mut self) -> Option<Instant> {
        let Part::OnDemand(demand) = &mut self.part else {
            return None;
        };
        let limits = demand.take()?.limits;
        self.kept_until = self.now + limits.at_least;
        limits.at_most.map(|at_most| self.now + at_most)
    }

    pub(super) fn wants_to_lead(&self) -> bool {
        match &self.part {
            Part::Candidate => true,
            Part::Onlooker => false,
            Part::OnDemand(demand) => demand.is_some(),
        }
    }

    /// When to see whether the demand was in vain.
    pub(super) fn demand_to_decline(&self) -> Option<Instant> {
        match &self.part {
            Part::OnDemand(Some(demand)) => Some(demand.until).filter(|until| *until > self.now),
            _ => None,
        }
    }

    /// Declines a demand that has waited for long enough, as soon as it is known what for.
    pub(super) fn decline_demand_in_vain(&mut self) {
        let Part::OnDemand(Some(demand)) = &self.part else {
            return;
        };
        if self.now < demand.until || self.in_flight.is_some() {
            return;
        }
        let error = match (&self.phase, &self.failing) {
            // What was held before is about to be released.
            (Phase::Draining { .. } | Phase::Releasing { .. } | Phase::Stopped, _) => return,
            (Phase::Leading(_), _) => None,
            (Phase::Candidate, _) if self.stalled => {
                let message = "the application shows no sign of life";
                Some(Error::new(ErrorKind::Unavailable, message))
            }
            (Phase::Candidate, Some((_, error))) => Some(error.clone()),
            (Phase::Candidate, None) => {
                let held_back_until = self.hold_back_until.max(self.earlier_work_until());
                let is_free = self.now >= self.observed.free_at().max(held_back_until);
                if self.must_read || is_free {
                    return;
                }
                None
            }
        };
        self.part = Part::OnDemand(None);
        self.events.push_back(ElectionEvent::Declined(error));
    }

    /// For how long the record that releases the Lease still keeps it.
    pub(super) fn kept_for_seconds(&self) -> Option<i32> {
        let left = self.kept_until.since(self.now);
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
        (!left.is_zero()).then_some(seconds.max(RELEASED_DURATION_SECONDS))
    }

    /// From when on this candidate may acquire again what it has released.
    pub(super) fn hold_back_until_after_term(&self) -> Instant {
        match self.part {
            Part::OnDemand(_) => self.kept_until.max(self.now),
            _ => self.now + self.settings.lease_duration,
        }
    }

    pub(super) fn notify_given_back(&mut self, given_back: bool) {
        if matches!(self.part, Part::OnDemand(_)) {
            self.events.push_back(ElectionEvent::GivenBack(given_back));
        }
    }
}
