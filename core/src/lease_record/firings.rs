//! Which firings of scheduled jobs were begun: of each job, when the last of them was due.
//!
//! Invariant: nothing in here goes back. A job that is forgotten leaves behind when its last firing was
//! due, up to which nothing is known of jobs that are not remembered, and so nothing is begun.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::WallTime;

/// The annotation with the firings that were begun: a JSON object.
pub const FIRINGS: &str = "leasehold.io/firings";

/// The last firings of so many jobs are remembered; of more, those are forgotten that were due first.
pub const MOST_JOBS: usize = 128;

/// Which firings of scheduled jobs were begun.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Firings {
    /// Of each job, when the firing was due that was begun last.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    jobs: BTreeMap<String, Timestamp>,
    /// When the last firing was due of all jobs that are forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forgotten: Option<Timestamp>,
}

impl Firings {
    pub(crate) const fn nothing() -> Self {
        Self {
            jobs: BTreeMap::new(),
            forgotten: None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::nothing()
    }

    /// When the firing of `job` was due that was begun last, if the job is remembered.
    pub fn last(&self, job: &str) -> Option<WallTime> {
        let last = self.jobs.get(job)?;
        Some(WallTime::from_micros(last.as_microsecond()))
    }

    /// Whether the firing of `job` that is due then was begun, or a later one; `None` where that is not
    /// known, since too many jobs have fired since.
    pub fn was_begun(&self, job: &str, due: WallTime) -> Option<bool> {
        let due = timestamp(due)?;
        match self.jobs.get(job) {
            Some(last) => Some(due <= *last),
            None if Some(due) <= self.forgotten => None,
            None => Some(false),
        }
    }

    /// Notes that the firing of `job` that is due then is begun, if it is known that it was not, nor a later
    /// one. Returns whether it was noted.
    pub(super) fn begin(&mut self, job: &str, due: WallTime) -> bool {
        let (Some(false), Some(due)) = (self.was_begun(job, due), timestamp(due)) else {
            return false;
        };
        self.jobs.insert(job.to_owned(), due);
        if self.jobs.len() > MOST_JOBS {
            let first = self.jobs.iter().map(|(job, due)| (*due, job)).min();
            if let Some((due, job)) = first.map(|(due, job)| (due, job.clone())) {
                self.jobs.remove(&job);
                self.forgotten = self.forgotten.max(Some(due));
            }
        }
        true
    }
}

/// `None` for a time that no calendar has.
fn timestamp(time: WallTime) -> Option<Timestamp> {
    Timestamp::from_microsecond(time.as_micros()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> WallTime {
        WallTime::from_micros(1_790_000_000_000_000 + second * 1_000_000)
    }

    #[test]
    fn a_firing_is_begun_once_and_none_before_it_any_more() {
        let mut firings = Firings::default();
        assert_eq!(firings.last("bill"), None);
        assert!(firings.begin("bill", at(60)));
        for second in [60, 59, 0] {
            assert_eq!(firings.was_begun("bill", at(second)), Some(true));
            assert!(!firings.begin("bill", at(second)));
        }
        assert_eq!(firings.last("bill"), Some(at(60)));
        assert!(firings.begin("report", at(60)), "each job by itself");
        assert!(firings.begin("bill", at(61)));
        assert_eq!(firings.last("bill"), Some(at(61)));
    }

    fn full() -> Firings {
        let mut firings = Firings::default();
        for number in 0..MOST_JOBS {
            let second = i64::try_from(number).unwrap();
            assert!(firings.begin(&format!("job-{number}"), at(second)));
        }
        firings
    }

    #[test]
    fn what_is_forgotten_is_not_begun_again() {
        let mut firings = full();
        assert!(firings.begin("one-more", at(1000)));
        assert_eq!(firings.jobs.len(), MOST_JOBS);
        assert_eq!(firings.last("job-0"), None);
        assert_eq!(firings.was_begun("job-0", at(0)), None);
        assert!(!firings.begin("job-0", at(0)), "it may have been begun");
        assert!(firings.begin("job-0", at(1001)), "its next was not");
        assert!(!firings.begin("job-1", at(1)), "now that is forgotten");
        assert!(!firings.begin("a-new-one", at(1)));
        assert_eq!(firings.was_begun("job-2", at(1)), Some(true));
    }

    #[test]
    fn a_job_that_is_forgotten_at_once_is_not_begun_again() {
        let mut firings = full();
        assert!(firings.begin("late", at(-1)));
        assert_eq!(firings.last("late"), None);
        assert!(!firings.begin("late", at(-1)));
        assert_eq!(firings.last("job-0"), Some(at(0)));
    }

    #[test]
    fn a_time_that_no_calendar_has_is_not_begun() {
        let mut firings = Firings::default();
        assert!(!firings.begin("bill", WallTime::from_micros(i64::MAX)));
        assert!(firings.is_empty());
    }
}
