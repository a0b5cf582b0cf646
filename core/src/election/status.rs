//! What a candidate is doing, and why it does not lead, in words for people.

use std::time::Duration;

use super::{Election, Phase};
use crate::clock::Instant;
use crate::error::Error;
use crate::named::named;

/// A foreign lease duration this many times our own is worth mentioning.
const MUCH_LONGER: u32 = 4;

named! {
    /// What a candidate is doing.
    pub enum Role {
        /// Follows the Lease and acquires it when it becomes free.
        Candidate = "candidate",
        /// Entitled to act.
        Leader = "leader",
        /// No longer the leader; renews until the application's work has stopped.
        Draining = "draining",
        /// The work has stopped; the Lease is being released.
        Releasing = "releasing",
        /// Not campaigning, because the host runtime shows no sign of life.
        Stalled = "stalled",
        /// Does not take part.
        Stopped = "stopped",
    }
}

impl Election {
    /// What this candidate is doing.
    pub(crate) fn role(&self) -> Role {
        match &self.phase {
            Phase::Candidate if self.stalled => Role::Stalled,
            Phase::Candidate => Role::Candidate,
            Phase::Leading(_) => Role::Leader,
            Phase::Draining { .. } => Role::Draining,
            Phase::Releasing { .. } => Role::Releasing,
            Phase::Stopped => Role::Stopped,
        }
    }

    /// The holder that the Lease names, as last observed.
    pub(crate) fn holder(&self) -> Option<&str> {
        self.observed.holder()
    }

    /// The last request's error, until one succeeds again.
    pub(crate) fn failing(&self) -> Option<&Error> {
        self.failing.as_ref().map(|(_, error)| error)
    }

    /// Whether changes of the Lease are watched; otherwise they are polled.
    pub(crate) fn is_watching(&self) -> bool {
        self.watching
    }

    /// How long the record has been unchanged, and how long it has others wait; `None` while nobody
    /// is known to hold the Lease.
    pub(crate) fn record_age_and_duration(&self, now: Instant) -> Option<(Duration, Duration)> {
        let changed_at = self.observed.changed_at()?;
        Some((now.since(changed_at), self.observed.holder_duration()?))
    }

    /// Why this candidate is not leading, in a sentence; `None` while it leads.
    pub(crate) fn why_not_leading(&self, now: Instant) -> Option<String> {
        let why = match self.role() {
            Role::Leader => return None,
            Role::Stopped => "the election has been stopped".to_owned(),
            Role::Stalled => "the application shows no sign of life".to_owned(),
            Role::Draining => format!("{}: waiting for the guarded work to end", self.leaving()),
            Role::Releasing => format!("{}: releasing the Lease", self.leaving()),
            Role::Candidate => self.why_waiting(now),
        };
        Some(why)
    }

    /// What a leader does that was asked to stop, or to let another lead.
    fn leaving(&self) -> &'static str {
        if self.stopping {
            "stopping"
        } else {
            "stepping down"
        }
    }

    fn why_waiting(&self, now: Instant) -> String {
        if let Some(error) = self.failing() {
            return error.message().to_owned();
        }
        if now < self.hold_back_until {
            return format!(
                "holding back for {} after step_down",
                seconds(self.hold_back_until.since(now))
            );
        }
        if now < self.earlier_work_until() {
            return "waiting for the work of the last term to end".to_owned();
        }
        let wait = self.observed.free_at().since(now);
        match (self.observed.holder(), wait.is_zero()) {
            (_, true) if self.observed.is_unknown() => "reading the Lease".to_owned(),
            (_, true) if now < self.yields_until() => format!(
                "leaving the Lease for {} to candidates that lead fewer elections or are preferred",
                seconds(self.yields_until().since(now))
            ),
            (_, true) => "acquiring the Lease".to_owned(),
            (None, false) => format!(
                "the Lease has no holder, but its last holder may not have noticed yet: waiting {}",
                seconds(wait)
            ),
            (Some(holder), false) => {
                format!("`{holder}` holds the Lease{}", self.long_duration_warning())
            }
        }
    }

    fn long_duration_warning(&self) -> String {
        match self.observed.holder_duration() {
            Some(theirs) if theirs > self.settings.lease_duration * MUCH_LONGER => format!(
                "; if it crashes, others wait {}, its own lease duration (ours is {})",
                seconds(theirs),
                seconds(self.settings.lease_duration)
            ),
            _ => String::new(),
        }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
