//! What an election must be allowed: the verbs, and the `Role` and `RoleBinding` that allow them.

use std::fmt::Write as _;

use crate::named::named;

named! {
    /// What an election does with a Lease, in the words of a Role.
    pub enum Verb {
        /// To read it.
        Get = "get",
        /// To acquire, renew and release it.
        Update = "update",
        /// To be told of changes; without it, candidates poll.
        Watch = "watch",
        /// To make it where it is missing.
        Create = "create",
    }
}

/// The `Role` that grants all that elections for `leases` need, and the `RoleBinding` that gives it
/// to `user`, as the API server names him: two documents of YAML to be applied. Without a user it is
/// the `Role` alone.
pub fn role_and_binding(namespace: &str, leases: &[&str], user: Option<&str>) -> String {
    let mut documents = role(namespace, leases);
    if let Some(user) = user {
        // Writing into a String cannot fail.
        let _ = write!(documents, "\n---\n{}", binding(namespace, leases, user));
    }
    documents
}

/// `create` cannot be limited to a name: under `resourceNames` it never matches.
pub(super) fn role(namespace: &str, leases: &[&str]) -> String {
    let name = role_name(leases);
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {name}
  namespace: {namespace}
rules:
  - apiGroups: [\"coordination.k8s.io\"]
    resources: [\"leases\"]
    resourceNames: [\"{names}\"]
    verbs: [\"get\", \"update\", \"watch\"]
  - apiGroups: [\"coordination.k8s.io\"]
    resources: [\"leases\"]
    verbs: [\"create\"]",
        names = leases.join("\", \""),
    )
}

fn binding(namespace: &str, leases: &[&str], user: &str) -> String {
    let name = role_name(leases);
    let subject = match service_account(user) {
        Some((namespace, name)) => {
            format!("kind: ServiceAccount\n    name: {name}\n    namespace: {namespace}")
        }
        // A user may have any name; what is JSON is YAML too.
        None => format!(
            "kind: User\n    apiGroup: rbac.authorization.k8s.io\n    name: {}",
            serde_json::Value::from(user)
        ),
    };
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {name}
  namespace: {namespace}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {name}
subjects:
  - {subject}"
    )
}

/// The namespace and the name of a service account, by its name as a user.
pub(super) fn service_account(user: &str) -> Option<(&str, &str)> {
    user.strip_prefix("system:serviceaccount:")?.split_once(':')
}

/// One Role for each set of Leases, so that one does not take the place of another.
fn role_name(leases: &[&str]) -> String {
    format!("leasehold-{}", leases.join("-"))
}
