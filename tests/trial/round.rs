//! One election under one fault.

use fastrand::Rng;
use leasehold_tests::faults::Fault;
use leasehold_tests::{Entrant, Testbed, Verdict};

pub(crate) struct Round {
    pub(crate) number: usize,
    pub(crate) fault: &'static Fault,
    /// Who enters; the first of them leads first.
    pub(crate) lineup: Vec<Entrant>,
    pub(crate) random: Rng,
}

pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    /// Why it was not played to its end, if so: somebody did not do what was waited for.
    pub(crate) failure: Option<String>,
    /// Who led when, and what each said.
    pub(crate) record: String,
}

impl Round {
    /// Whether it is another client that plays.
    pub(crate) fn is_of_a_peer(&self) -> bool {
        !self.lineup[0].speaks
    }

    pub(crate) fn run(&self, testbed: &Testbed) -> Outcome {
        let trial = testbed.empty_trial(&self.fault.lease());
        let mut trial = trial.with(&self.lineup, self.random.clone());
        // Some of them patch their Lease.
        let granted = if self.is_of_a_peer() {
            testbed.cluster().grant_patch(trial.lease_name())
        } else {
            Ok(())
        };
        let happened = granted.and_then(|()| self.fault.happen(&mut trial));
        let verdict = trial.verdict();
        // `create` is granted for Leases of all names, and some faults are that it is not.
        let revoked = testbed.cluster().revoke(trial.lease_name());
        let failure = happened
            .err()
            .or(verdict
                .as_ref()
                .err()
                .map(|error| anyhow::anyhow!("{error:#}")))
            .or(revoked.err());
        Outcome {
            verdict: verdict.unwrap_or_else(|_| Verdict::of_ended(&trial.timeline())),
            failure: failure.map(|error| format!("{error:#}")),
            record: format!("{}\n{}", trial.timeline(), trial.logs()),
        }
    }
}
