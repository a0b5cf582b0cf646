//! What came of a contest: who led when, and what was written.

use std::fmt;
use std::time::Duration;

use leasehold_tests::Timeline;

use crate::contest::Ours;
use crate::history::{History, Record};

pub(crate) struct Outcome {
    timeline: Timeline,
    history: History,
}

impl Outcome {
    pub(crate) fn new(timeline: Timeline, history: History) -> Self {
        Self { timeline, history }
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// What both electors promise together.
    pub(crate) fn expect_one_leader_at_a_time(&self) {
        let overlap = self.timeline.overlaps().next();
        assert_eq!(overlap, None, "two leaders at one instant\n{self}");
    }

    /// What ours promises alone: nobody starts to lead while it leads.
    pub(crate) fn expect_ours_to_stop_first(&self) {
        let terms = self.timeline.intervals();
        for ours in terms.iter().filter(|it| is_ours(&it.identity)) {
            let intruder = terms.iter().find(|it| {
                it.identity != ours.identity && (ours.from..ours.until).contains(&it.from)
            });
            assert_eq!(intruder, None, "while {ours:?} led\n{self}");
        }
    }

    /// Who takes the Lease from another has waited as long as the record of that other says.
    pub(crate) fn expect_expired_leases_to_be_taken(&self) {
        for (before, after) in self.takeovers() {
            let needed = Duration::from_secs(before.lease_duration_seconds);
            let waited = after.written_after(before);
            assert!(waited >= needed, "only {waited:?} after {before:?}\n{self}");
        }
    }

    /// Each acquisition counts one transition more, and nothing else does.
    pub(crate) fn expect_each_term_to_be_counted(&self) {
        for (before, after) in self.history.changes() {
            let counted = before.lease_transitions + u64::from(after.begins_a_term(before));
            assert_eq!(after.lease_transitions, counted, "{before:?}\n{after:?}");
        }
    }

    /// Acquisitions of a Lease that another held, each with the last record of that other.
    pub(crate) fn takeovers(&self) -> impl Iterator<Item = (&Record, &Record)> {
        self.history.changes().filter(|(before, after)| {
            before.is_held() && after.is_held() && before.holder_identity != after.holder_identity
        })
    }
}

fn is_ours(identity: &str) -> bool {
    identity.starts_with(Ours.name())
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timeline)?;
        for margin in self.timeline.margins() {
            writeln!(f, "  {margin:.3?} without a leader")?;
        }
        for (before, after) in self.takeovers() {
            let waited = after.written_after(before);
            let (old, new) = (&before.holder_identity, &after.holder_identity);
            writeln!(
                f,
                "  {new} acquired {waited:.3?} after the last write of {old}"
            )?;
        }
        Ok(())
    }
}
