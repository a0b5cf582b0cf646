//! A namespace of the real API server that is as strict as one can be.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::CLUSTER;

pub(crate) struct Namespace(String);

impl Namespace {
    /// In it Pod Security refuses pods that are not `restricted`, and warns of what would make them.
    pub(crate) fn restricted(name: &str) -> Result<Self> {
        let namespace = json!({ "metadata": { "name": name, "labels": {
            "pod-security.kubernetes.io/enforce": "restricted",
            "pod-security.kubernetes.io/warn": "restricted",
        }}});
        CLUSTER.api().post("/api/v1/namespaces", &namespace)?;
        Ok(Self(name.to_owned()))
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// Fails unless the API server would create the object, with nothing to warn of.
    pub(crate) fn would_take(&self, object: &Value) -> Result<()> {
        let what = format!("{} {}", object["kind"], object["metadata"]["name"]);
        let collection = self.collection(object)?;
        let warnings = CLUSTER
            .api()
            .would_create(&collection, object)
            .context(what.clone())?;
        ensure!(warnings.is_empty(), "{what}: {}", warnings.join("\n"));
        Ok(())
    }

    /// Creates it.
    pub(crate) fn create(&self, object: &Value) -> Result<()> {
        CLUSTER.api().post(&self.collection(object)?, object)?;
        Ok(())
    }

    /// Where objects of this one's kind are, as the API server says.
    fn collection(&self, object: &Value) -> Result<String> {
        let version = object["apiVersion"]
            .as_str()
            .context("an object has an apiVersion")?;
        let group = if version.contains('/') {
            format!("/apis/{version}")
        } else {
            format!("/api/{version}")
        };
        let resources = CLUSTER.api().get(&group)?;
        let plural = resources["resources"]
            .as_array()
            .into_iter()
            .flatten()
            .find_map(|resource| {
                let name = resource["name"].as_str()?;
                // Not a part of it, such as `pods/status`.
                (resource["kind"] == object["kind"] && !name.contains('/')).then_some(name)
            });
        let plural = plural.with_context(|| format!("{group} has no {}", object["kind"]))?;
        Ok(format!("{group}/namespaces/{}/{plural}", self.0))
    }
}
