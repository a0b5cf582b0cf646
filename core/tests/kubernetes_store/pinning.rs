//! An election stays in the cluster it was started for, and the user it was started as.

use leasehold::ErrorKind;
use leasehold::lease_store::{LeaseStore, StoreError};
use serde_json::{Value, json};

use crate::cluster::{admin, cluster};
use crate::fake_api_server::{FakeApiServer, answer};
use crate::kubeconfig::Kubeconfig;

fn refused() -> Value {
    json!({ "token": "not-a-token-of-this-cluster" })
}

async fn another_cluster() -> FakeApiServer {
    FakeApiServer::start(|_| answer(404, &"not here")).await
}

/// What a read says while the kubeconfig means something else than at the start.
fn told(outcome: Result<Option<leasehold::lease_record::StoredLease>, StoreError>) -> String {
    let error = outcome.expect_err("not to be followed");
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
    error.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_current_context_that_was_switched_is_not_followed() {
    let other = another_cluster().await;
    let mut kubeconfig = Kubeconfig::new(&cluster(), &refused());
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "switched").unwrap();

    let content = &mut kubeconfig.content;
    let clusters = content["clusters"].as_array_mut().unwrap();
    clusters.push(json!({ "name": "other", "cluster": { "server": other.url() } }));
    let contexts = content["contexts"].as_array_mut().unwrap();
    contexts.push(json!({ "name": "other", "context": { "cluster": "other", "user": "test" } }));
    content["current-context"] = json!("other");
    kubeconfig.set_user(&admin());

    assert!(lease.read().await.unwrap().is_none());
    assert!(other.asked().is_empty());
    assert_eq!(connections.default_namespace().unwrap(), "shop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_that_means_another_cluster_is_told_and_not_followed_until_it_is_put_right() {
    let other = another_cluster().await;
    let mut kubeconfig = Kubeconfig::new(&cluster(), &refused());
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "elsewhere").unwrap();

    kubeconfig.content["clusters"][0]["cluster"] = json!({ "server": other.url() });
    kubeconfig.set_user(&admin());
    let message = told(lease.read().await);
    assert!(
        message.contains("context test now means another cluster"),
        "{message}"
    );
    assert!(message.contains(&other.url()), "{message}");
    assert!(other.asked().is_empty());

    kubeconfig.content["clusters"][0]["cluster"] = cluster();
    kubeconfig.set_user(&admin());
    assert!(lease.read().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_that_means_another_user_is_told_and_not_followed_until_it_is_put_right() {
    let mut kubeconfig = Kubeconfig::new(&cluster(), &refused());
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "another-user").unwrap();

    let users = kubeconfig.content["users"].as_array_mut().unwrap();
    users.push(json!({ "name": "somebody", "user": admin() }));
    kubeconfig.content["contexts"][0]["context"]["user"] = json!("somebody");
    kubeconfig.save();
    let message = told(lease.read().await);
    assert!(
        message.contains("context test now means the user somebody, and was test"),
        "{message}"
    );

    kubeconfig.content["contexts"][0]["context"]["user"] = json!("test");
    let mut acting = admin();
    acting["as"] = json!("somebody");
    kubeconfig.set_user(&acting);
    let message = told(lease.read().await);
    assert!(
        message.contains("now impersonates another user"),
        "{message}"
    );

    kubeconfig.set_user(&admin());
    assert!(lease.read().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_old_way_works_a_kubeconfig_of_another_cluster_changes_nothing() {
    let other = another_cluster().await;
    let mut kubeconfig = Kubeconfig::new(&cluster(), &admin());
    let connections = kubeconfig.connect().await.unwrap();

    kubeconfig.content["clusters"][0]["cluster"] = json!({ "server": other.url() });
    kubeconfig.save();

    let lease = connections.lease("default", "as-before").unwrap();
    assert!(lease.read().await.unwrap().is_none());
    assert!(other.asked().is_empty());
}
