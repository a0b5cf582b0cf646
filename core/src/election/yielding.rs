//! To whom a free Lease is left, and for how long: to candidates that lead fewer elections of the
//! application, and to those that are preferred. Nobody knows who they are, or whether there are any:
//! who leads more, or is preferred less, comes later.
//!
//! Invariant: this only ever makes an attempt later, and by a part of the lease duration at most, so
//! that somebody takes the Lease. Nothing about whether it is free depends on it.

use super::{Election, Part, Settings};
use crate::clock::Instant;

/// The longest time for which a free Lease is left to others, as a part of the lease duration.
const LONGEST: u32 = 3;
/// By how much one rank comes after the one before it, likewise.
const RANK: u32 = 30;

/// What a process leads in other elections of its application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// How many Leases it holds, or is about to.
    pub held: u32,
    /// When the last of its terms began.
    pub last_term_at: Instant,
}

impl Election {
    /// Before this instant the Lease is left to others. A record of this candidate's own is not free, and
    /// one piece of work waits for nobody.
    pub(super) fn yields_until(&self) -> Instant {
        let free_at = self.observed.free_at();
        let takes_up = self.attempt_at < free_at;
        if takes_up
            || !matches!(self.part, Part::Candidate)
            || self
                .observed
                .lease()
                .is_some_and(|it| self.is_own(&it.record))
        {
            return Instant::ZERO;
        }
        let Settings {
            lease_duration,
            spread,
            preference,
            ..
        } = self.settings;
        let behind_preferred = (lease_duration / RANK).saturating_mul(preference);
        let behind_idle = spread.saturating_mul(self.load.held);
        // Others that start just now know only that the Lease was free before them. The one that was first
        // takes one after another, and so leaves them time to come.
        let from = if self.found_free {
            free_at.max(self.load.last_term_at)
        } else {
            free_at
        };
        let latest = free_at + lease_duration / LONGEST;
        (from + behind_preferred.saturating_add(behind_idle)).min(latest)
    }
}
