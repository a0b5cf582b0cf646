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

/// What the documented Role allows.
pub(crate) const VERBS: [&str; 4] = ["get", "update", "watch", "create"];

/// Lets `user` do with one Lease what the documented Role allows, but for the verbs
/// `without`, and returns when that is in effect.
pub(crate) fn grant(api: &Api, user: &str, lease: &str, without: &[&str]) -> Result<()> {
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
            limit_to(lease, without, &mut object);
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
    for verb in VERBS {
        wait_until_in_effect(api, user, lease, verb, !without.contains(&verb))?;
    }
    Ok(())
}

/// Puts the Lease's name where the Role has the example's, and takes verbs away.
fn limit_to(lease: &str, without: &[&str], role: &mut Value) {
    for rule in role["rules"].as_array_mut().into_iter().flatten() {
        if let Some(names) = rule.get_mut("resourceNames") {
            *names = json!([lease]);
        }
        if let Some(verbs) = rule["verbs"].as_array_mut() {
            verbs.retain(|verb| verb.as_str().is_none_or(|verb| !without.contains(&verb)));
        }
    }
    if let Some(rules) = role["rules"].as_array_mut() {
        // A rule without verbs is refused.
        rules.retain(|rule| rule["verbs"] != json!([]));
    }
}

/// The API server decides from a copy of the Roles that it keeps by a watch.
fn wait_until_in_effect(
    api: &Api,
    user: &str,
    lease: &str,
    verb: &str,
    allowed: bool,
) -> Result<()> {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": user,
            "resourceAttributes": {
                "namespace": "default",
                "verb": verb,
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
        if answer["status"]["allowed"] == allowed {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "the Role of rbac.yaml should make it {allowed} that {user} may {verb} the Lease \
             {lease}: {}",
            answer["status"]
        );
        thread::sleep(POLL_INTERVAL);
    }
}
