//! The API server that these tests share, and users of it.

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use leasehold::lease_record::LeaseRecord;
use leasehold_test_cluster::{Api, TestCluster};
use serde_json::{Value, json};
use tokio::task::block_in_place;
use tokio::time::sleep;

/// It ends with this process.
pub(crate) static CLUSTER: LazyLock<TestCluster> =
    LazyLock::new(|| TestCluster::start().expect("a cluster for the tests"));

/// What a kubeconfig says about [`CLUSTER`].
pub(crate) fn cluster() -> Value {
    let cluster = started();
    json!({
        "server": cluster.server_url(),
        "certificate-authority-data": BASE64_STANDARD.encode(cluster.ca_pem()),
    })
}

/// The same, reached at another address which leads to the API server.
pub(crate) fn cluster_at(address: &str) -> Value {
    let mut cluster = cluster();
    cluster["server"] = json!(format!("https://{address}"));
    cluster["tls-server-name"] = json!("127.0.0.1");
    cluster
}

/// Credentials that allow everything.
pub(crate) fn admin() -> Value {
    json!({ "token": started().admin_token().unwrap() })
}

/// Credentials of a user of this name, who may do what has been granted to him.
pub(crate) fn user(name: &str) -> Value {
    let mut user = admin();
    user["as"] = json!(name);
    user
}

pub(crate) fn api() -> &'static Api {
    started().api()
}

pub(crate) fn started() -> &'static TestCluster {
    block_in_place(|| &*CLUSTER)
}

pub(crate) fn held_by(holder: &str) -> LeaseRecord {
    LeaseRecord {
        holder: holder.to_owned(),
        lease_duration_seconds: Some(15),
        ..LeaseRecord::default()
    }
}

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";

/// Creates `role`, and binds it to `user`.
pub(crate) fn bind(role: &Value, user: &str) {
    let name = &role["metadata"]["name"];
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": { "name": user },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user }],
    });
    block_in_place(|| {
        api().post(&format!("{RBAC}/roles"), role).unwrap();
        api()
            .post(&format!("{RBAC}/rolebindings"), &binding)
            .unwrap();
    });
}

/// Creates a Role and a `RoleBinding`.
pub(crate) fn apply(objects: &[Value]) {
    for (kind, object) in ["roles", "rolebindings"].iter().zip(objects) {
        block_in_place(|| api().post(&format!("{RBAC}/{kind}"), object).unwrap());
    }
}

/// Waits until the API server, which learns of Roles by a watch, allows `user` each of `verbs`.
pub(crate) async fn allowed(user: &str, lease: &str, verbs: &[&str]) {
    for verb in verbs {
        while !block_in_place(|| started().may(user, verb, "default", lease)).unwrap() {
            sleep(Duration::from_millis(10)).await;
        }
    }
}
