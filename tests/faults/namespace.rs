//! The candidate was given a namespace that is not there.

use std::time::Duration;

use leasehold::{Config, ErrorKind, Event, Mode};
use leasehold_test_cluster::{TestCluster, User};
use leasehold_tests::LIMIT;
use serde_json::json;

/// In this process: candidates of the contract are in the namespace `default`.
pub(crate) fn a_namespace_that_does_not_exist_yet(cluster: &TestCluster) {
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
