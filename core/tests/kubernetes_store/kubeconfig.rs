//! Kubeconfig files, right and wrong.

use std::path::{Path, PathBuf};
use std::time::Duration;

use leasehold::Result;
use leasehold::lease_store::kubernetes::{ClusterConnections, ClusterOptions, ClusterSource};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A kubeconfig file, which is removed with this value.
pub(crate) struct Kubeconfig {
    folder: TempDir,
    pub(crate) content: Value,
}

impl Kubeconfig {
    /// With one context for one cluster and one user, each called `test`.
    pub(crate) fn new(cluster: &Value, user: &Value) -> Self {
        Self::with_content(json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "test", "cluster": cluster }],
            "users": [{ "name": "test", "user": user }],
            "contexts": [{
                "name": "test",
                "context": { "cluster": "test", "user": "test", "namespace": "shop" },
            }],
            "current-context": "test",
        }))
    }

    pub(crate) fn with_content(content: Value) -> Self {
        let kubeconfig = Self {
            folder: tempfile::tempdir().unwrap(),
            content,
        };
        kubeconfig.save();
        kubeconfig
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder().join("config")
    }

    /// Puts other credentials into the file, as a login command would.
    pub(crate) fn set_user(&mut self, user: &Value) {
        self.content["users"][0]["user"] = user.clone();
        self.save();
    }

    /// JSON is YAML.
    pub(crate) fn save(&self) {
        std::fs::write(self.path(), self.content.to_string()).unwrap();
    }

    pub(crate) async fn connect(&self) -> Result<ClusterConnections> {
        connect(&self.path(), None).await
    }

    pub(crate) async fn connect_in(&self, context: &str) -> Result<ClusterConnections> {
        connect(&self.path(), Some(context)).await
    }

    /// With another limit to a connection's silence than one that no test reaches.
    pub(crate) async fn connect_with_limit(&self, silence_limit: Duration) -> ClusterConnections {
        let source = ClusterSource::Kubeconfig {
            path: Some(self.path()),
            context: None,
        };
        let options = ClusterOptions {
            source,
            silence_limit,
            plugin_limit: ClusterOptions::DEFAULT_PLUGIN_LIMIT,
        };
        ClusterConnections::connect(options).await.unwrap()
    }
}

pub(crate) async fn connect(path: &Path, context: Option<&str>) -> Result<ClusterConnections> {
    ClusterConnections::connect(ClusterOptions {
        source: ClusterSource::Kubeconfig {
            path: Some(path.to_owned()),
            context: context.map(str::to_owned),
        },
        silence_limit: Duration::from_secs(60),
        plugin_limit: ClusterOptions::DEFAULT_PLUGIN_LIMIT,
    })
    .await
}
