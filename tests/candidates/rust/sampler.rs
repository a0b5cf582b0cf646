//! Asks an election whether it leads, and reports each change. `tests/lib.rs` says why like this.

use std::env;
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Result, ensure};
use leasehold::LeaderElection;
use leasehold_tests::{Moment, now};

/// How often to ask.
pub(crate) static PERIOD: LazyLock<Duration> = LazyLock::new(|| {
    let milliseconds = env::var("CANDIDATE_PERIOD_MS").ok();
    Duration::from_millis(milliseconds.and_then(|it| it.parse().ok()).unwrap_or(1))
});

pub(crate) struct Sampler {
    renew_deadline: Duration,
    pub(crate) was_leader: bool,
    asked_at: Moment,
}

impl Sampler {
    pub(crate) fn new(renew_deadline: Duration) -> Self {
        Self {
            renew_deadline,
            was_leader: false,
            asked_at: now(),
        }
    }

    /// Asks once. Returns the answer if it has changed, and when the clock was read.
    pub(crate) fn sample(&mut self, election: &LeaderElection) -> Result<Option<(bool, Moment)>> {
        let moment = now();
        let is_leader = election.is_leader();
        let pause = Duration::from_nanos(moment - self.asked_at);
        ensure!(
            !(is_leader && self.was_leader) || pause <= self.renew_deadline,
            "a stale answer: still the leader after a pause of {pause:?}"
        );
        let has_changed = is_leader != self.was_leader;
        self.was_leader = is_leader;
        self.asked_at = moment;
        Ok(has_changed.then_some((is_leader, moment)))
    }
}
