use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use leasehold::lease_store::LeaseStore;
use leasehold::lease_store::kubernetes::{ClusterConnections, ClusterOptions, ClusterSource};
use leasehold_test_cluster::{TestCluster, User};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::fixture::Fixture;

/// One API server for all rules. It ends with this process.
static CLUSTER: LazyLock<TestCluster> =
    LazyLock::new(|| TestCluster::start().expect("a cluster for the tests"));

/// A Lease behind an API server, for a candidate who has the documented Role for it.
struct Kubernetes {
    name: String,
    source: ClusterSource,
}

impl Kubernetes {
    fn path(&self) -> String {
        let leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
        format!("{leases}/{}", self.name)
    }
}

impl Fixture for Kubernetes {
    // An API server drops `strategy` and `preferredHolder` unless a feature gate is open.
    const FOREIGN_FIELDS: &[(&[&str], &str)] = &[
        (&["metadata", "labels", "team"], "blue"),
        (
            &["metadata", "annotations", "note"],
            "ask before you touch it",
        ),
    ];

    async fn new() -> Self {
        static LEASES: AtomicU32 = AtomicU32::new(0);
        let name = format!("contract-{}", LEASES.fetch_add(1, Ordering::Relaxed));
        let kubeconfig = block_in_place(|| {
            CLUSTER.grant(&name)?;
            CLUSTER.kubeconfig_for(User::Candidate, None)
        });
        Self {
            name,
            source: ClusterSource::Kubeconfig {
                path: Some(kubeconfig.unwrap()),
                context: None,
            },
        }
    }

    fn store(&self) -> Arc<dyn LeaseStore> {
        let connecting = ClusterConnections::connect(ClusterOptions {
            source: self.source.clone(),
            silence_limit: Duration::from_secs(60),
            plugin_limit: ClusterOptions::DEFAULT_PLUGIN_LIMIT,
        });
        let connections = block_in_place(|| Handle::current().block_on(connecting)).unwrap();
        Arc::new(connections.lease("default", &self.name).unwrap())
    }

    async fn delete(&self) {
        block_in_place(|| CLUSTER.api().delete(&self.path())).unwrap();
    }

    async fn set_field(&self, path: &[&str], value: &str) {
        let merged = path
            .iter()
            .rfold(json!(value), |inner, key| json!({ *key: inner }));
        block_in_place(|| CLUSTER.api().patch(&self.path(), &merged)).unwrap();
    }

    async fn field(&self, path: &[&str]) -> Value {
        let lease = block_in_place(|| CLUSTER.api().get(&self.path())).unwrap();
        path.iter().fold(&lease, |field, key| &field[*key]).clone()
    }
}

crate::rules::contract!(Kubernetes);
