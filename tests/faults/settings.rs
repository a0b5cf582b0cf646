//! The candidates were given the wrong server, or of one that is not there.

use std::time::Duration;

use leasehold::{Config, ErrorKind, Event, Mode};
use leasehold_test_cluster::User;
use leasehold_tests::LIMIT;
use serde_json::json;

use crate::endurance::{endure, own_testbed, testbed};

#[test]
fn a_server_that_is_not_there_yet() {
    let testbed = own_testbed();
    endure("no API server at the start, then one", || {
        let mut trial = testbed.empty_trial("no-server");
        let cluster = testbed.cluster();
        cluster.grant(trial.lease_name())?;
        cluster.kill_apiserver()?;
        for _ in 0..3 {
            trial.enter_as(None, |testbed, _| {
                testbed.cluster().kubeconfig_for(User::Candidate, None)
            })?;
        }
        trial.everyone_says("Connection refused")?;
        trial.everyone_said_once("cannot acquire or renew")?;
        cluster.restart_apiserver()?;
        trial.recovers()?;
        trial.verdict()
    });
}

/// It never leads, and does not keep those who trust the right authority from it.
#[test]
fn a_candidate_that_trusts_another_authority() {
    endure(
        "one candidate trusts another authority, the leader killed",
        || {
            let mut trial = testbed().empty_trial("wrong-authority");
            testbed().cluster().grant(trial.lease_name())?;
            let lost = trial.enter_as(None, |testbed, server| {
                testbed
                    .cluster()
                    .kubeconfig_with_wrong_authority(Some(server))
            })?;
            trial.says(&lost, "its certificate is not signed by any authority in")?;
            trial.enter()?;
            trial.enter()?;
            let leader = trial.leader()?;
            trial.candidate(&leader).kill()?;
            trial.recovers()?;
            assert_eq!(
                trial.candidate(&lost).log().count("leading fencing_token"),
                0
            );
            trial.verdict()
        },
    );
}

/// In this process: candidates of the contract are in the namespace `default`.
#[test]
fn a_namespace_that_does_not_exist_yet() {
    let cluster = testbed().cluster();
    let election = Config::new("nowhere")
        .namespace("nowhere")
        .mode(Mode::Kubernetes)
        .kubeconfig(cluster.kubeconfig_for(User::Admin, None).unwrap())
        .retry_period(Duration::from_millis(500))
        .start()
        .unwrap();
    let mut events = election.subscribe().unwrap();
    let failing = loop {
        if let Event::RenewalFailing(error) = events.recv_timeout(LIMIT).unwrap() {
            break error;
        }
    };
    assert_eq!(failing.kind(), ErrorKind::Config);
    assert!(failing.message().contains("there is no such namespace"));
    assert!(!election.is_leader());
    let namespace = json!({ "metadata": { "name": "nowhere" } });
    cluster
        .api()
        .post("/api/v1/namespaces", &namespace)
        .unwrap();
    election.wait_for_leadership(LIMIT).unwrap();
}
