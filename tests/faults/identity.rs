//! Two candidates that were given one identity.

use anyhow::Result;
use leasehold_test_cluster::User;

use super::faults;
use crate::candidates::Trial;

faults! {
    Process two_candidates_of_one_identity:
        "two candidates of one identity, the leader stopped for a while";
}

fn two_candidates_of_one_identity(trial: &mut Trial<'_>) -> Result<()> {
    trial.grant()?;
    for _ in 0..2 {
        trial.enter_as(Some("twin"), |testbed, server| {
            testbed
                .cluster()
                .kubeconfig_for(User::Candidate, Some(server))
        })?;
    }
    let old = trial.leader_at_some_moment()?;
    trial.candidate(&old).pause()?;
    trial.next_leader(&old)?;
    trial.let_time_pass();
    trial.candidate(&old).resume()?;
    trial.says(
        &old,
        "another process writes the Lease under this candidate's identity `twin`",
    )?;
    trial.recovers()?;
    Ok(())
}
