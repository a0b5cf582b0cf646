//! The candidates were given the wrong server, or of one that is not there.

use anyhow::{Result, ensure};
use leasehold_test_cluster::User;

use super::faults;
use crate::candidates::Trial;

faults! {
    Servers a_server_that_is_not_there_yet:
        "no API server at the start, then one";
    Candidates a_candidate_that_trusts_another_authority:
        "one candidate trusts another authority, the leader killed";
}

fn a_server_that_is_not_there_yet(trial: &mut Trial<'_>) -> Result<()> {
    let cluster = trial.cluster();
    trial.grant()?;
    cluster.kill_apiserver()?;
    for _ in 0..3 {
        trial.enter_as(None, |testbed, _| {
            testbed.cluster().kubeconfig_for(User::Candidate, None)
        })?;
    }
    trial.everyone_says("Connection refused")?;
    trial.everyone_said_once("cannot acquire or renew")?;
    trial.let_time_pass();
    cluster.restart_apiserver()?;
    trial.recovers()?;
    Ok(())
}

/// It never leads, and does not keep those who trust the right authority from it.
fn a_candidate_that_trusts_another_authority(trial: &mut Trial<'_>) -> Result<()> {
    trial.grant()?;
    let lost = trial.enter_as(None, |testbed, server| {
        testbed
            .cluster()
            .kubeconfig_with_wrong_authority(Some(server))
    })?;
    trial.says(&lost, "its certificate is not signed by any authority in")?;
    trial.enter()?;
    trial.enter()?;
    let leader = trial.leader_at_some_moment()?;
    trial.candidate(&leader).kill()?;
    trial.recovers()?;
    let terms = trial.candidate(&lost).log().count("leading fencing_token");
    ensure!(terms == 0, "{lost} has led");
    Ok(())
}
