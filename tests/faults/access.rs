//! The API server does not let the candidates in, or not do what they must.

use std::cell::Cell;
use std::fs;

use leasehold_test_cluster::Credentials;
use leasehold_tests::Testbed;

use crate::endurance::{endure, own_testbed, testbed};

#[test]
fn a_token_that_is_revoked_and_renewed() {
    let testbed = own_testbed();
    let cluster = testbed.cluster();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let token = Cell::new(cluster.candidate_token().unwrap().to_owned());
    endure("token revoked, then a new one in its file", || {
        let mut trial = testbed.empty_trial("token");
        cluster.grant(trial.lease_name())?;
        fs::write(&file, token.take())?;
        for _ in 0..3 {
            trial.enter_as(None, |testbed, server| {
                let credentials = Credentials::TokenFile(file.clone());
                testbed
                    .cluster()
                    .write_kubeconfig(credentials, Some(server))
            })?;
        }
        trial.leader()?;
        token.set(format!("token-after-{}", trial.lease_name()));
        let fresh = token.take();
        cluster.set_candidate_token(&fresh)?;
        cluster.restart_apiserver()?;
        trial.everyone_says("the API server does not accept these credentials")?;
        trial.nobody_leads()?;
        fs::write(&file, &fresh)?;
        token.set(fresh);
        trial.recovers()?;
        trial.verdict()
    });
}

/// On a cluster of its own, since `create` is granted for Leases of all names. Without `update`,
/// somebody creates the Lease and cannot renew it.
#[test]
fn without_get_or_create_or_update() {
    let testbed = own_testbed();
    without(&testbed, "get", "`get` not granted, then granted");
    without(&testbed, "create", "`create` not granted, then granted");
    without(&testbed, "update", "`update` not granted, then granted");
}

fn without(testbed: &Testbed, verb: &str, fault: &'static str) {
    let cluster = testbed.cluster();
    endure(fault, || {
        let mut trial = testbed.empty_trial(&format!("no-{verb}"));
        let lease = trial.lease_name().to_owned();
        cluster.grant_except("default", &lease, &[verb])?;
        trial.enter_three()?;
        trial.everyone_says(&format!(
            "The verb {verb} is not granted. Apply this Role and RoleBinding:"
        ))?;
        trial.nobody_leads()?;
        trial.everyone_said_once(&format!("error=cannot {verb}"))?;
        cluster.grant(&lease)?;
        trial.recovers()?;
        let verdict = trial.verdict()?;
        cluster.revoke(&lease)?;
        Ok(verdict)
    });
}

/// Candidates poll instead, and say so once.
#[test]
fn without_watch() {
    endure("`watch` not granted, the leader killed", || {
        let mut trial = testbed().empty_trial("no-watch");
        let cluster = testbed().cluster();
        cluster.grant_except("default", trial.lease_name(), &["watch"])?;
        trial.enter_three()?;
        let leader = trial.leader()?;
        trial.everyone_says("polling, since the right to watch the Lease is missing")?;
        trial.candidate(&leader).kill()?;
        trial.recovers()?;
        trial.everyone_said_once("polling, since the right to watch the Lease is missing")?;
        trial.verdict()
    });
}

#[test]
fn rights_that_are_taken_from_a_leader() {
    let testbed = own_testbed();
    let cluster = testbed.cluster();
    endure("all rights taken, then granted again", || {
        let mut trial = testbed.trial("rights")?;
        let lease = trial.lease_name().to_owned();
        let leader = trial.leader()?;
        cluster.revoke(&lease)?;
        trial.says(&leader, "reason=expired")?;
        trial.everyone_says("is not granted. Apply this Role and RoleBinding:")?;
        cluster.grant(&lease)?;
        trial.recovers()?;
        let verdict = trial.verdict()?;
        cluster.revoke(&lease)?;
        Ok(verdict)
    });
}
