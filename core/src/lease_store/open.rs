//! Which store a configuration means.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::warn;

use super::LeaseStore;
use super::file::{FileStore, default_directory};
use super::kubernetes::{ClusterConnections, ClusterOptions, ClusterSource};
use super::memory::MemoryStore;
use super::surroundings::Surroundings;
use crate::config::{Checked, Mode};
use crate::error::Result;
use crate::lease_record::ResourceVersion;
use crate::runtime::Runtime;

/// The namespace where neither settings nor cluster name one.
const DEFAULT_NAMESPACE: &str = "default";

/// What the elections of a process share to reach their Leases.
#[derive(Default)]
pub(crate) struct Stores {
    clusters: Mutex<Vec<(ClusterOptions, ClusterConnections)>>,
}

impl Stores {
    /// The store of the Lease that `config` names. Reads credentials, so it may take a while.
    pub(crate) fn open(&self, runtime: &Runtime, config: &Checked) -> Result<Arc<dyn LeaseStore>> {
        let mode = match config.mode {
            Mode::Auto => Surroundings::HERE.resolve_auto()?,
            mode => mode,
        };
        match mode {
            Mode::Kubernetes => self.open_kubernetes(runtime, config),
            Mode::Always => Ok(Arc::new(open_always(&config.lease))),
            Mode::File | Mode::Auto | Mode::Never => open_file(config),
        }
    }

    fn open_kubernetes(&self, runtime: &Runtime, config: &Checked) -> Result<Arc<dyn LeaseStore>> {
        let connections = self.connect(runtime, config)?;
        let namespace = config.namespace.as_deref();
        let namespace = namespace.unwrap_or_else(|| connections.default_namespace());
        Ok(Arc::new(connections.lease(namespace, &config.lease)?))
    }

    /// The connections to the cluster, shared with other elections of the same settings.
    fn connect(&self, runtime: &Runtime, config: &Checked) -> Result<ClusterConnections> {
        let options = cluster_options(config);
        // Held while connecting, so that two elections do not run one exec plugin twice.
        let mut clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, connections)) = clusters.iter().find(|(known, _)| *known == options) {
            return Ok(connections.clone());
        }
        let connections = runtime.wait_for(ClusterConnections::connect(options.clone()))??;
        clusters.push((options, connections.clone()));
        Ok(connections)
    }
}

fn cluster_options(config: &Checked) -> ClusterOptions {
    let kubeconfig_given = config.kubeconfig.is_some() || config.context.is_some();
    let source = if !kubeconfig_given && Surroundings::HERE.is_in_cluster() {
        ClusterSource::InCluster
    } else {
        ClusterSource::Kubeconfig {
            path: config.kubeconfig.clone(),
            context: config.context.clone(),
        }
    };
    ClusterOptions {
        source,
        silence_limit: config.renew_deadline() / 4,
    }
}

fn open_file(config: &Checked) -> Result<Arc<dyn LeaseStore>> {
    let directory = config
        .directory
        .clone()
        .map_or_else(default_directory, Ok)?;
    if config.mode == Mode::Auto {
        warn!(
            lease = config.lease,
            directory = %directory.display(),
            "not in a cluster: electing among the processes of this host (mode `file`)"
        );
    }
    let namespace = config.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
    Ok(Arc::new(FileStore::open(
        &directory,
        namespace,
        &config.lease,
    )?))
}

/// A store of one's own, where there is nobody to lose to. Its versions, and so the tokens, grow
/// from start to start of this process, and nothing else vouches for them.
fn open_always(lease: &str) -> MemoryStore {
    /// More versions than one run can use.
    const VERSIONS_PER_START: u64 = 1 << 32;
    static STARTS: AtomicU64 = AtomicU64::new(1);
    warn!(lease, "leading without asking anybody (mode `always`)");
    let start = STARTS.fetch_add(1, Ordering::Relaxed);
    MemoryStore::starting_after(ResourceVersion(start * VERSIONS_PER_START))
}
