//! The Role that the documentation gives, for the Lease of a test.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::api::Api;

/// What users paste. Its use in the tests shows that it suffices.
const DOCUMENTED: &str = include_str!("../../examples/kubernetes/rbac.yaml");

const EFFECT_LIMIT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Lets `user` do with one Lease what the documented Role allows, and returns
/// when that is in effect.
pub(crate) fn grant(api: &Api, user: &str, lease: &str) -> Result<()> {
    for mut object in serde_saphyr::from_multiple::<Value>(DOCUMENTED)? {
        let name = format!("leasehold-{lease}");
        object["metadata"]["name"] = json!(name);
        object["metadata"]["namespace"] = json!("default");
        let kind = object["kind"]
            .as_str()
            .context("rbac.yaml has an object without a kind")?;
        let resource = match kind {
            "Role" => "roles",
            "RoleBinding" => "rolebindings",
            other => anyhow::bail!("rbac.yaml has a {other}; expected a Role and a RoleBinding"),
        };
        if kind == "Role" {
            limit_to(lease, &mut object);
        } else {
            object["roleRef"]["name"] = json!(name);
            object["subjects"] = json!([{
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "User",
                "name": user,
            }]);
        }
        let objects = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
        api.put(&format!("{objects}/{resource}/{name}"), &object)?;
    }
    wait_until_allowed(api, user, lease)
}

/// Puts the Lease's name where the Role has the example's.
fn limit_to(lease: &str, role: &mut Value) {
    for rule in role["rules"].as_array_mut().into_iter().flatten() {
        if let Some(names) = rule.get_mut("resourceNames") {
            *names = json!([lease]);
        }
    }
}

/// The API server decides from a copy of the Roles that it keeps by a watch.
fn wait_until_allowed(api: &Api, user: &str, lease: &str) -> Result<()> {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": user,
            "resourceAttributes": {
                "namespace": "default",
                "verb": "get",
                "group": "coordination.k8s.io",
                "resource": "leases",
                "name": lease,
            },
        },
    });
    let deadline = Instant::now() + EFFECT_LIMIT;
    loop {
        let answer = api.post(
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            &review,
        )?;
        if answer["status"]["allowed"] == true {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "the Role of rbac.yaml does not let {user} get the Lease {lease}: {}",
            answer["status"]
        );
        thread::sleep(POLL_INTERVAL);
    }
}
