//! What the API server says about our own credentials.

use futures_util::future::{try_join_all, try_join3};
use kube::core::params::PostParams;
use serde_json::{Value, json};

use super::rbac::{self, Permission, Verb};
use super::{KubernetesStore, Prepared};
use crate::error::Result;

/// Whom the API server takes us for, and what it lets us do with one Lease.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AccessReview {
    /// The user's name; `None` if the API server does not tell (before Kubernetes 1.28).
    pub user: Option<String>,
    /// The verbs that are granted, of those that an election uses.
    pub granted: Vec<Verb>,
    /// What the settings need beside the Lease, and whether it is granted.
    pub beside: Vec<(Permission, bool)>,
}

impl AccessReview {
    /// The verbs that an election needs, and that are not granted.
    pub fn missing(&self) -> Vec<Verb> {
        let verbs = Verb::ALL.iter().copied();
        verbs.filter(|verb| !self.granted.contains(verb)).collect()
    }

    /// Whether nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.missing().is_empty() && self.beside.iter().all(|(_, granted)| *granted)
    }
}

impl KubernetesStore {
    /// Asks the API server what these credentials, or another `user`, may do with this Lease. About
    /// oneself everybody who is let in may ask; nothing is changed by it.
    pub async fn review_access(&self, user: Option<&str>) -> Result<AccessReview> {
        // At once, since they share the time limit of one request.
        let verbs = Verb::ALL.iter().map(|verb| {
            let name = verb.is_by_name().then_some(self.lease.name.as_str());
            self.is_granted("coordination.k8s.io", "leases", name, verb.name(), user)
        });
        let beside = self.beside.iter().map(|permission| {
            let Permission {
                group,
                resource,
                name,
                verb,
                ..
            } = permission;
            self.is_granted(group, resource, name.as_deref(), verb, user)
        });
        let name = async {
            match user {
                Some(user) => Ok(Some(user.to_owned())),
                None => self.user().await,
            }
        };
        let (verbs, beside, user) =
            try_join3(try_join_all(verbs), try_join_all(beside), name).await?;
        let granted = Verb::ALL.iter().copied().zip(verbs);
        Ok(AccessReview {
            user,
            granted: granted
                .filter_map(|(verb, granted)| granted.then_some(verb))
                .collect(),
            beside: self.beside.iter().cloned().zip(beside).collect(),
        })
    }

    async fn is_granted(
        &self,
        group: &str,
        resource: &str,
        name: Option<&str>,
        verb: &str,
        user: Option<&str>,
    ) -> Result<bool> {
        let mut attributes = json!({
            "namespace": self.lease.namespace,
            "group": group,
            "resource": resource,
            "verb": verb,
        });
        if let Some(name) = name {
            attributes["name"] = json!(name);
        }
        let mut review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": attributes },
        });
        let mut path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        if let Some(user) = user {
            path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
            review["kind"] = json!("SubjectAccessReview");
            review["spec"]["user"] = json!(user);
            review["spec"]["groups"] = json!(groups(user));
        }
        match self.exchange(post(path, &review)).await? {
            Ok(answer) => Ok(answer["status"]["allowed"] == true),
            Err(refusal) => Err(refusal.to("ask what may be done")),
        }
    }

    async fn user(&self) -> Result<Option<String>> {
        let review = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "SelfSubjectReview",
        });
        let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
        // An API server that refuses to tell still says what may be done.
        let answer = self.exchange(post(path, &review)).await?.ok();
        Ok(answer.and_then(|answer| {
            let name = answer["status"]["userInfo"]["username"].as_str();
            name.map(str::to_owned)
        }))
    }
}

/// Those that the API server itself puts a user into.
fn groups(user: &str) -> Vec<String> {
    let mut groups = vec!["system:authenticated".to_owned()];
    if let Some((namespace, _)) = rbac::service_account(user) {
        groups.push("system:serviceaccounts".to_owned());
        groups.push(format!("system:serviceaccounts:{namespace}"));
    }
    groups
}

fn post(path: &str, review: &Value) -> Prepared {
    kube::core::Request::new(path).create(&PostParams::default(), review.to_string().into())
}
