//! What a trial, or several, have shown.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::timeline::{Moment, Timeline};

/// The figures of trials under one fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// How many trials.
    pub runs: usize,
    /// How often two candidates led at one instant.
    pub overlaps: usize,
    /// The longest time for which two led, if any did.
    pub longest_overlap: Option<Duration>,
    /// The shortest time between one leader's last true answer and another's first.
    pub smallest_margin: Option<Duration>,
    /// The longest time without a leader, the fault itself included.
    pub longest_gap: Option<Duration>,
    /// The longest time without a leader after the fault was over.
    pub longest_recovery: Option<Duration>,
}

impl Verdict {
    /// What happened until `closed_at`, when the candidates were asked to end; overlaps count
    /// after that, too.
    pub fn new(timeline: &Timeline, fault_over: Option<Moment>, closed_at: Moment) -> Self {
        let trial = timeline.until(closed_at);
        Self {
            runs: 1,
            overlaps: timeline.overlaps().count(),
            longest_overlap: timeline.longest_overlap(),
            smallest_margin: trial.margins().min(),
            longest_gap: trial.gaps().max(),
            longest_recovery: fault_over.and_then(|moment| trial.wait_for_leader(moment)),
        }
    }

    /// What is left to say of a trial that was not played to its end.
    pub fn of_ended(timeline: &Timeline) -> Self {
        Self {
            runs: 1,
            overlaps: timeline.overlaps().count(),
            longest_overlap: timeline.longest_overlap(),
            ..Self::default()
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let smallest = |a: Option<Duration>, b| a.into_iter().chain(b).min();
        Self {
            runs: self.runs + other.runs,
            overlaps: self.overlaps + other.overlaps,
            longest_overlap: self.longest_overlap.max(other.longest_overlap),
            smallest_margin: smallest(self.smallest_margin, other.smallest_margin),
            longest_gap: self.longest_gap.max(other.longest_gap),
            longest_recovery: self.longest_recovery.max(other.longest_recovery),
        }
    }

    /// Fails if two candidates ever led at one instant.
    pub fn ensure_one_leader(&self) -> Result<()> {
        ensure!(self.overlaps == 0, "two leaders at one instant");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_verdicts_the_worse_figures_count() {
        let seconds = |s| Some(Duration::from_secs(s));
        let one = Verdict {
            runs: 1,
            overlaps: 0,
            longest_overlap: None,
            smallest_margin: seconds(3),
            longest_gap: seconds(4),
            longest_recovery: None,
        };
        let other = Verdict {
            overlaps: 1,
            longest_overlap: seconds(1),
            smallest_margin: seconds(2),
            longest_recovery: seconds(1),
            ..one
        };
        let both = Verdict {
            runs: 2,
            longest_gap: seconds(4),
            ..other
        };
        assert_eq!(one.and(other), both);
        assert!(both.ensure_one_leader().is_err());
    }
}
