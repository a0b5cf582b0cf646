//! Service account tokens that a test hands out in the place of the kubelet's own, whose shortest life is
//! ten minutes. The kubelet replaces them in the pods as it does its own.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use leasehold_test_cluster::NodeCluster;
use leasehold_tests::pods::{Pods, eventually};
use serde_json::json;

/// How often the kubelet is asked to look.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
const ACCOUNT: &str = "leasehold";

/// What the pods have as their token: that of a Secret.
pub(crate) const OF_A_SECRET: &str = "secret: {name: token, items: [{key: token, path: token}]}";

pub(crate) struct Tokens<'a> {
    node: &'a NodeCluster,
    pods: &'a Pods<'a>,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(node: &'a NodeCluster, pods: &'a Pods<'a>) -> Result<Self> {
        let api = node.cluster().api();
        let account = json!({ "metadata": { "name": ACCOUNT } });
        api.post(&pods.path("serviceaccounts"), &account)?;
        let token = json!({ "metadata": { "name": "token" } });
        api.post(&pods.path("secrets"), &token)?;
        Ok(Self { node, pods })
    }

    /// A token that is taken for as long as there is a Secret of this name.
    pub(crate) fn issue(&self, bound_to: &str) -> Result<String> {
        let api = self.node.cluster().api();
        let secret = json!({ "metadata": { "name": bound_to } });
        let secret = api.post(&self.pods.path("secrets"), &secret)?;
        let request = json!({ "spec": { "audiences": [], "boundObjectRef": {
            "apiVersion": "v1",
            "kind": "Secret",
            "name": bound_to,
            "uid": secret["metadata"]["uid"],
        }}});
        let path = self.pods.path(&format!("serviceaccounts/{ACCOUNT}/token"));
        let issued = api.post(&path, &request)?;
        let token = issued["status"]["token"].as_str();
        Ok(token.context("a token")?.to_owned())
    }

    /// Has it mounted in the place of the last one.
    pub(crate) fn hand_out(&self, token: &str) -> Result<()> {
        let secret = json!({ "stringData": { "token": token } });
        let api = self.node.cluster().api();
        api.patch(&self.pods.path("secrets/token"), &secret)?;
        Ok(())
    }

    /// Waits until the kubelet has replaced the token in all pods.
    pub(crate) fn wait_until_all_have(&self, token: &str) -> Result<()> {
        let names = self.pods.list()?.into_iter();
        let names = names.filter_map(|pod| Some(pod["metadata"]["name"].as_str()?.to_owned()));
        for pod in names {
            eventually("the kubelet has replaced the token", || {
                // It looks after a pod that has changed at once, and else each minute.
                let change = format!("looked-at={}", leasehold_tests::now());
                self.pods
                    .kubectl(&["annotate", "--overwrite", "pod", &pod, &change])?;
                thread::sleep(LOOK_INTERVAL);
                Ok((self.pods.token(&pod)? == token).then_some(()))
            })?;
        }
        Ok(())
    }

    /// Ends the life of a token, also of one that the API server remembers.
    pub(crate) fn revoke(&self, bound_to: &str, token: &str) -> Result<()> {
        let api = self.node.cluster().api();
        api.delete(&self.pods.path(&format!("secrets/{bound_to}")))?;
        let review = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": { "token": token },
        });
        eventually("the token is refused", || {
            let answer = api.post("/apis/authentication.k8s.io/v1/tokenreviews", &review)?;
            Ok((answer["status"]["authenticated"] != true).then_some(()))
        })
    }
}
