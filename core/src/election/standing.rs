//! How an election stands, told for people.

use std::time::Duration;

use super::{Election, Phase, Role, Standing};
use crate::clock::Instant;

/// A foreign lease duration this many times our own is worth mentioning.
const MUCH_LONGER: u32 = 4;

impl Election {
    /// How this candidate stands at `now`.
    pub fn standing(&self, now: Instant) -> Standing {
        let changed_at = self.observed.changed_at();
        Standing {
            role: self.role(),
            holder: self.observed.holder().map(str::to_owned),
            why_not_leading: self.why_not_leading(now),
            failing: self.failing.as_ref().map(|(_, error)| error.clone()),
            watching: self.watching,
            free_at: changed_at.map(|_| self.observed.free_at()),
            record_age: changed_at.map(|changed_at| now.since(changed_at)),
            record_duration: self.observed.holder_duration(),
        }
    }

    fn role(&self) -> Role {
        match &self.phase {
            Phase::Candidate if self.stalled => Role::Stalled,
            Phase::Candidate => Role::Candidate,
            Phase::Leading(_) => Role::Leader,
            Phase::Draining { .. } => Role::Draining,
            Phase::Releasing { .. } => Role::Releasing,
            Phase::Stopped => Role::Stopped,
        }
    }

    fn why_not_leading(&self, now: Instant) -> Option<String> {
        let why = match self.role() {
            Role::Leader => return None,
            Role::Stopped => "the election has been stopped".to_owned(),
            Role::Stalled => "the application shows no sign of life".to_owned(),
            Role::Draining => format!("{}: waiting for the guarded work to end", self.leaving()),
            Role::Releasing => format!("{}: giving the Lease back", self.leaving()),
            Role::Candidate => self.why_waiting(now),
        };
        Some(why)
    }

    /// What a leader does that has been told to stop, or to let another lead.
    fn leaving(&self) -> &'static str {
        if self.stopping {
            "stopping"
        } else {
            "stepping down"
        }
    }

    fn why_waiting(&self, now: Instant) -> String {
        if let Some((_, error)) = &self.failing {
            return error.message().to_owned();
        }
        if now < self.hold_back_until {
            return format!(
                "holding back for {} after step_down",
                seconds(self.hold_back_until.since(now))
            );
        }
        let wait = self.observed.free_at().since(now);
        match (self.observed.holder(), wait.is_zero()) {
            (_, true) if self.observed.is_unknown() => "reading the Lease".to_owned(),
            (_, true) => "acquiring the Lease".to_owned(),
            (None, false) => format!(
                "the Lease has no holder, but its last one may not know yet: waiting {}",
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
                ", and should it crash, others wait {}, its own lease duration (ours is {})",
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
