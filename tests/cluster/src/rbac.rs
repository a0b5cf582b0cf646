//! The Role that the documentation gives, for the Lease of a test.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::api::Api;

/// What users apply. Its use in the tests shows that it suffices.
const DOCUMENTED: [&str; 2] = [
    include_str!("../../../examples/kubernetes/base/role.yaml"),
    include_str!("../../../examples/kubernetes/base/rolebinding.yaml"),
];

const EFFECT_LIMIT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// What the documented Role allows.
pub(crate) const VERBS: [&str; 4] = ["get", "update", "watch", "create"];

/// A Lease, by its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeaseName<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) lease: &'a str,
}

/// Lets `user` do with one Lease what the documented Role allows, but for the verbs `withheld`, and
/// returns when that is in effect.
pub(crate) fn grant(api: &Api, user: &str, place: LeaseName<'_>, withheld: &[&str]) -> Result<()> {
    let LeaseName { namespace, lease } = place;
    for documented in DOCUMENTED {
        let mut object: Value = serde_saphyr::from_str(documented)?;
        let name = format!("leasehold-{lease}");
        object["metadata"]["name"] = json!(name);
        object["metadata"]["namespace"] = json!(namespace);
        let kind = object["kind"]
            .as_str()
            .context("the documented RBAC has an object without a kind")?;
        let resource = match kind {
            "Role" => "roles",
            "RoleBinding" => "rolebindings",
            other => anyhow::bail!("a {other}, where a Role or a RoleBinding was expected"),
        };
        if kind == "Role" {
            limit_to(lease, &mut object);
            withhold(withheld, &mut object);
        } else {
            object["roleRef"]["name"] = json!(name);
            object["subjects"] = json!([{
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "User",
                "name": user,
            }]);
        }
        let objects = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}");
        api.put(&format!("{objects}/{resource}/{name}"), &object)?;
    }
    VERBS
        .into_iter()
        .try_for_each(|verb| wait_until(api, user, place, verb, !withheld.contains(&verb)))
}

/// Lets `user` patch one Lease, beside all that is granted otherwise, and returns when that is in effect.
pub(crate) fn grant_patch(api: &Api, user: &str, place: LeaseName<'_>) -> Result<()> {
    let LeaseName { namespace, lease } = place;
    let name = format!("patch-{lease}");
    let group = "rbac.authorization.k8s.io";
    let objects = format!("/apis/{group}/v1/namespaces/{namespace}");
    let role = json!({
        "apiVersion": format!("{group}/v1"),
        "kind": "Role",
        "metadata": { "name": name, "namespace": namespace },
        "rules": [{
            "apiGroups": ["coordination.k8s.io"],
            "resources": ["leases"],
            "resourceNames": [lease],
            "verbs": ["patch"],
        }],
    });
    let binding = json!({
        "apiVersion": format!("{group}/v1"),
        "kind": "RoleBinding",
        "metadata": { "name": name, "namespace": namespace },
        "roleRef": { "apiGroup": group, "kind": "Role", "name": name },
        "subjects": [{ "apiGroup": group, "kind": "User", "name": user }],
    });
    api.put(&format!("{objects}/roles/{name}"), &role)?;
    api.put(&format!("{objects}/rolebindings/{name}"), &binding)?;
    wait_until(api, user, place, "patch", true)
}

/// Puts the Lease's name where the Role has the example's.
fn limit_to(lease: &str, role: &mut Value) {
    for rule in role["rules"].as_array_mut().into_iter().flatten() {
        if let Some(names) = rule.get_mut("resourceNames") {
            *names = json!([lease]);
        }
    }
}

/// Takes verbs out of the Role, and the rules that have none left.
fn withhold(withheld: &[&str], role: &mut Value) {
    let Some(rules) = role["rules"].as_array_mut() else {
        return;
    };
    rules.retain_mut(|rule| {
        let verbs = rule["verbs"].as_array_mut();
        verbs.is_some_and(|verbs| {
            verbs.retain(|verb| !verb.as_str().is_some_and(|verb| withheld.contains(&verb)));
            !verbs.is_empty()
        })
    });
}

/// The API server decides from a copy of the Roles that it keeps by a watch.
fn wait_until(
    api: &Api,
    user: &str,
    place: LeaseName<'_>,
    verb: &str,
    allowed: bool,
) -> Result<()> {
    let deadline = Instant::now() + EFFECT_LIMIT;
    loop {
        let status = review(api, user, place, verb)?;
        if status["allowed"] == allowed {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "may {user} {verb} the Lease {}? By its Role {allowed}, but the API server says: {status}",
            place.lease
        );
        thread::sleep(POLL_INTERVAL);
    }
}

/// What the API server says to the question whether `user` may do this.
pub(crate) fn review(
    api: &Api,
    user: &str,
    LeaseName { namespace, lease }: LeaseName<'_>,
    verb: &str,
) -> Result<Value> {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": user,
            "resourceAttributes": {
                "namespace": namespace,
                "verb": verb,
                "group": "coordination.k8s.io",
                "resource": "leases",
                "name": lease,
            },
        },
    });
    let answer = api.post(
        "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        &review,
    )?;
    Ok(answer["status"].clone())
}
