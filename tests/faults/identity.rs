//! Two candidates that were given one identity.

use leasehold_test_cluster::User;

use crate::endurance::{endure, testbed};

#[test]
fn two_candidates_of_one_identity() {
    endure(
        "two candidates of one identity, the leader stopped for a while",
        || {
            let mut trial = testbed().empty_trial("twins");
            testbed().cluster().grant(trial.lease_name())?;
            for _ in 0..2 {
                trial.enter_as(Some("twin"), |testbed, server| {
                    testbed
                        .cluster()
                        .kubeconfig_for(User::Candidate, Some(server))
                })?;
            }
            let old = trial.leader()?;
            trial.candidate(&old).pause()?;
            trial.next_leader(&old)?;
            trial.candidate(&old).resume()?;
            trial.says(
                &old,
                "another process writes the Lease under this candidate's identity `twin`",
            )?;
            trial.recovers()?;
            trial.verdict()
        },
    );
}
