//! What the API server says about our own credentials.

use kube::core::params::PostParams;
use serde_json::{Value, json};

use super::rbac::Verb;
use super::{KubernetesStore, Prepared};
use crate::error::Result;

/// Whom the API server takes us for, and what it lets us do with one Lease.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AccessReview {
    /// The user's name; `None` where the API server does not tell (before Kubernetes 1.28).
    pub user: Option<String>,
    /// The verbs that are granted, of those that an election uses.
    pub granted: Vec<Verb>,
}

impl AccessReview {
    /// The verbs that an election needs, and that are not granted.
    pub fn missing(&self) -> Vec<Verb> {
        let verbs = Verb::ALL.iter().copied();
        verbs.filter(|verb| !self.granted.contains(verb)).collect()
    }
}

impl KubernetesStore {
    /// Asks the API server what these credentials may do with this Lease. Whoever is let in may
    /// ask; nothing is changed by it.
    pub async fn review_access(&self) -> Result<AccessReview> {
        let mut granted = Vec::new();
        for verb in Verb::ALL {
            if self.is_granted(*verb).await? {
                granted.push(*verb);
            }
        }
        Ok(AccessReview {
            user: self.user().await?,
            granted,
        })
    }

    async fn is_granted(&self, verb: Verb) -> Result<bool> {
        let mut attributes = json!({
            "namespace": self.lease.namespace,
            "group": "coordination.k8s.io",
            "resource": "leases",
            "verb": verb.name(),
        });
        if verb != Verb::Create {
            attributes["name"] = json!(self.lease.name);
        }
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": attributes },
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        match self.exchange(post(path, &review)).await? {
            Ok(answer) => Ok(answer["status"]["allowed"] == true),
            Err(refusal) => Err(refusal.to("ask what these credentials may do")),
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

fn post(path: &str, review: &Value) -> Prepared {
    kube::core::Request::new(path).create(&PostParams::default(), review.to_string().into())
}
