//! The API server does not let the candidates in, or not do what they must.

use std::fs;

use anyhow::Result;
use leasehold_test_cluster::Credentials;

use super::faults;
use crate::candidates::Trial;

faults! {
    Servers a_token_that_is_revoked_and_renewed:
        "token revoked, then a new one in its file";
    Servers without_get:
        "`get` not granted, then granted";
    Servers without_create:
        "`create` not granted, then granted";
    Servers without_update:
        "`update` not granted, then granted";
    Candidates without_watch:
        "`watch` not granted, the leader killed";
    Servers rights_that_are_taken_from_a_leader:
        "all rights taken, then granted again";
}

fn a_token_that_is_revoked_and_renewed(trial: &mut Trial<'_>) -> Result<()> {
    let cluster = trial.cluster();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("token");
    trial.grant()?;
    fs::write(&file, cluster.candidate_token()?)?;
    for _ in 0..3 {
        trial.enter_as(None, |testbed, server| {
            let credentials = Credentials::TokenFile(file.clone());
            testbed
                .cluster()
                .write_kubeconfig(credentials, Some(server))
        })?;
    }
    trial.leader_at_some_moment()?;
    cluster.set_candidate_token("new-token")?;
    cluster.restart_apiserver()?;
    trial.everyone_says("the API server does not accept these credentials")?;
    trial.nobody_leads()?;
    trial.let_time_pass();
    fs::write(&file, "new-token")?;
    trial.recovers()?;
    trial.end()?;
    // For those who come later.
    cluster.set_candidate_token(cluster.candidate_token()?)?;
    cluster.restart_apiserver()
}

// With the servers to themselves, since `create` is granted for Leases of all names. Without `update`,
// somebody creates the Lease and cannot renew it.

fn without_get(trial: &mut Trial<'_>) -> Result<()> {
    without(trial, "get")
}

fn without_create(trial: &mut Trial<'_>) -> Result<()> {
    without(trial, "create")
}

fn without_update(trial: &mut Trial<'_>) -> Result<()> {
    without(trial, "update")
}

fn without(trial: &mut Trial<'_>, verb: &str) -> Result<()> {
    let cluster = trial.cluster();
    let lease = trial.lease_name().to_owned();
    cluster.grant_except("default", &lease, &[verb])?;
    trial.enter_three()?;
    trial.everyone_says(&format!(
        "The verb {verb} is not granted. Apply this Role and RoleBinding:"
    ))?;
    trial.nobody_leads()?;
    trial.everyone_said_once(&format!("error=cannot {verb}"))?;
    trial.let_time_pass();
    cluster.grant(&lease)?;
    trial.recovers()?;
    trial.end()?;
    cluster.revoke(&lease)
}

/// Candidates poll instead, and say so once.
fn without_watch(trial: &mut Trial<'_>) -> Result<()> {
    let cluster = trial.cluster();
    cluster.grant_except("default", trial.lease_name(), &["watch"])?;
    trial.enter_three()?;
    let leader = trial.leader_at_some_moment()?;
    trial.everyone_says("polling, since the right to watch the Lease is missing")?;
    trial.candidate(&leader).kill()?;
    trial.recovers()?;
    trial.everyone_said_once("polling, since the right to watch the Lease is missing")
}

fn rights_that_are_taken_from_a_leader(trial: &mut Trial<'_>) -> Result<()> {
    let cluster = trial.cluster();
    let leader = trial.begin()?;
    let lease = trial.lease_name().to_owned();
    cluster.revoke(&lease)?;
    trial.says(&leader, "reason=expired")?;
    trial.everyone_says("is not granted. Apply this Role and RoleBinding:")?;
    trial.let_time_pass();
    cluster.grant(&lease)?;
    trial.recovers()?;
    Ok(())
}
