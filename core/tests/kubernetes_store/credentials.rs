//! Credentials that change while an election runs.

use std::fs;

use leasehold::ErrorKind;
use leasehold::lease_store::LeaseStore;
use leasehold_test_cluster::{Credentials, TestCluster};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::cluster::{admin, cluster};
use crate::kubeconfig::{Kubeconfig, connect};

pub(crate) fn refused() -> Value {
    json!({ "token": "not-a-token-of-this-cluster" })
}

pub(crate) fn admin_token() -> String {
    admin()["token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_replaced_in_the_kubeconfig_is_used_as_soon_as_the_old_one_is_refused() {
    let mut kubeconfig = Kubeconfig::new(&cluster(), &refused());
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "new-token").unwrap();

    kubeconfig.set_user(&admin());

    assert!(lease.read().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_stay_refused_are_an_error() {
    let kubeconfig = Kubeconfig::new(&cluster(), &refused());
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "no-token").unwrap();

    let error = lease.read().await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(
        error
            .to_string()
            .contains("does not accept these credentials"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_that_cannot_be_read_again_are_an_error() {
    let kubeconfig = Kubeconfig::new(&cluster(), &refused());
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "no-file").unwrap();

    fs::remove_file(kubeconfig.path()).unwrap();

    let error = lease.read().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().contains("no such file"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_file_is_read_for_each_request_with_or_without_a_line_break_at_its_end() {
    let mut kubeconfig = Kubeconfig::new(&cluster(), &json!({}));
    let file = kubeconfig.folder().join("token");
    fs::write(&file, "expired").unwrap();
    kubeconfig.set_user(&json!({ "tokenFile": "token" }));
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "token-file").unwrap();
    assert!(lease.read().await.is_err());

    fs::write(&file, admin_token() + "\n").unwrap();
    lease.read().await.unwrap();

    // As where a program is given its token at its start only.
    fs::remove_file(&file).unwrap();
    lease.read().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_election_outlives_the_revocation_of_its_token() {
    let cluster = spawn_blocking(TestCluster::start).await.unwrap().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, cluster.candidate_token().unwrap()).unwrap();
    let credentials = Credentials::TokenFile(file.clone());
    let kubeconfig = cluster.write_kubeconfig(credentials, None).unwrap();
    let (cluster, granted) = spawn_blocking(move || {
        let granted = cluster.grant("rotated");
        (cluster, granted)
    })
    .await
    .unwrap();
    granted.unwrap();
    let connections = connect(&kubeconfig, None).await.unwrap();
    let lease = connections.lease("default", "rotated").unwrap();
    lease.read().await.unwrap();

    let rotated = spawn_blocking(move || {
        cluster.set_candidate_token("the-next-token")?;
        cluster.restart_apiserver()?;
        anyhow::Ok(cluster)
    });
    let _cluster = rotated.await.unwrap().unwrap();
    assert_eq!(
        lease.read().await.unwrap_err().kind(),
        ErrorKind::Unauthorized
    );

    fs::write(&file, "the-next-token").unwrap();
    lease.read().await.unwrap();
}
