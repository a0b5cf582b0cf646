//! Opens the store that a configuration means: in a cluster, in a folder, in memory.
//!
//! Knows settings, stores and the runtime, which know nothing of each other; and nothing about who
//! leads. `platform` finds out what mode `auto` is here.

mod platform;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::warn;

use self::platform::{AutoMode, Platform};
use crate::config::{Checked, Mode, ProofOfDeath};
use crate::error::{Error, Result};
use crate::identity;
use crate::lease_record::ResourceVersion;
use crate::lease_store::file::{FileStore, default_directory};
use crate::lease_store::kubernetes::{
    Candidate, ClusterConnections, ClusterOptions, ClusterSource, Clusters, KubernetesStore,
    Metadata, Permission,
};
use crate::lease_store::memory::MemoryStore;
use crate::lease_store::{Backend, LeaseStore, Location, NamespaceSource};
use crate::proof_of_death::{LocalProver, Namespaces, NoProof, PodProver, Prover};
use crate::runtime::{PerProcess, Runtime, no_memory};
use crate::signs::SignWriters;

/// The namespace where neither settings nor cluster name one.
const DEFAULT_NAMESPACE: &str = "default";

/// The connections to clusters that the elections of a process share.
static CLUSTERS: PerProcess<Clusters> = PerProcess::new();

/// What they know of pods.
static NAMESPACES: PerProcess<Namespaces> = PerProcess::new();

/// What an election needs beside its settings.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn LeaseStore>,
    pub(crate) prover: Arc<dyn Prover>,
    pub(crate) signs: SignWriters,
    /// Where the Lease is, if that is anywhere.
    pub(crate) location: Option<Location>,
}

impl Opened {
    /// A store alone, which says nothing of who may be dead.
    pub(crate) fn of(store: Arc<dyn LeaseStore>) -> Self {
        Self {
            store,
            prover: Arc::new(NoProof),
            signs: SignWriters::default(),
            location: None,
        }
    }
}

/// The store of the Lease that `config` names, for an election, and what belongs to it. Blocks while
/// it reads credentials.
pub(crate) fn for_election(runtime: Runtime, config: &Checked) -> Result<Opened> {
    let (mode, auto) = mode_here(config)?;
    let found = match mode {
        Mode::Kubernetes => find_in_cluster(runtime, config)?,
        Mode::Always => return Ok(Opened::of(Arc::new(open_always(&config.lease)))),
        Mode::File => {
            if let Some(AutoMode::File(why)) = auto {
                warn_of_private_election(config, &directory(config)?, &why);
            }
            in_folder(config, FileStore::open)?
        }
        Mode::Auto | Mode::Never => return Err(no_lease(mode)),
    };
    Ok(Opened {
        store: found.store(),
        prover: prover(runtime, config, &found)?,
        signs: signs(config, &found)?,
        location: Some(found.location),
    })
}

/// What finds out that a holder is dead. Makes a file, if it can: blocks for as long as that takes.
fn prover(runtime: Runtime, config: &Checked, found: &FoundLease) -> Result<Arc<dyn Prover>> {
    let proofs = config.proof_of_death;
    if proofs == ProofOfDeath::None {
        return Ok(Arc::new(NoProof));
    }
    let folder = match &found.store {
        FoundStore::Cluster(_) => None,
        FoundStore::Folder(store) => Some(store.path()),
    };
    let local = LocalProver::new(folder);
    if let (ProofOfDeath::Pods, Some(connections)) = (proofs, &found.connections) {
        let (namespace, limit) = (&found.location.namespace, config.renew_deadline);
        let pods = connections.pods(namespace, &config.lease, limit)?;
        let namespaces = NAMESPACES.get().map_err(no_memory)?;
        let prover = PodProver::new(local, pods, config.retry_period, namespaces);
        if let Some(learning) = prover.learning() {
            runtime.spawn(learning);
        }
        return Ok(Arc::new(prover));
    }
    Ok(match local {
        Some(prover) => Arc::new(prover),
        None => Arc::new(NoProof),
    })
}

/// What the cluster is shown of who leads, as far as the settings want it.
fn signs(config: &Checked, found: &FoundLease) -> Result<SignWriters> {
    let Some(connections) = &found.connections else {
        return Ok(SignWriters::default());
    };
    let route = match &config.leader_service {
        None => None,
        Some(service) => {
            let candidate = Candidate {
                address: config.leader_address()?,
                pod: identity::pod_name(),
            };
            Some((service.as_str(), candidate))
        }
    };
    let events = config.kubernetes_events;
    let (events, route) =
        connections.signs(&found.location.namespace, &config.lease, events, route)?;
    Ok(SignWriters { events, route })
}

/// What that needs to be allowed.
fn permissions(config: &Checked) -> Vec<Permission> {
    let events = config.kubernetes_events.then(Permission::for_events);
    let route = config.leader_service.as_deref().map(Permission::for_route);
    let pods = (config.proof_of_death == ProofOfDeath::Pods).then(Permission::for_pods);
    let beside = events.into_iter().chain(route).chain(pods);
    beside.flatten().collect()
}

/// The same, for somebody who only looks: makes nothing that is not there.
pub(crate) fn for_observer(runtime: Runtime, config: &Checked) -> Result<FoundLease> {
    match mode_here(config)?.0 {
        Mode::Kubernetes => find_in_cluster(runtime, config),
        Mode::File => in_folder(config, FileStore::find),
        nowhere @ (Mode::Auto | Mode::Always | Mode::Never) => Err(no_lease(nowhere)),
    }
}

fn no_lease(mode: Mode) -> Error {
    let fix = "there is no Lease to look at: use `kubernetes` or `file`";
    Error::config("mode", format_args!("`{mode}`"), fix)
}

/// A Lease, and where it is.
pub(crate) struct FoundLease {
    pub(crate) location: Location,
    pub(crate) store: FoundStore,
    /// Those to the cluster that it is in.
    connections: Option<ClusterConnections>,
}

/// Its store, by what can be asked of it beside the Lease.
#[derive(Clone)]
pub(crate) enum FoundStore {
    Cluster(Arc<KubernetesStore>),
    Folder(Arc<FileStore>),
}

impl FoundLease {
    pub(crate) fn store(&self) -> Arc<dyn LeaseStore> {
        match &self.store {
            FoundStore::Cluster(store) => store.clone(),
            FoundStore::Folder(store) => store.clone(),
        }
    }
}

fn find_in_cluster(runtime: Runtime, config: &Checked) -> Result<FoundLease> {
    let connections = connect(runtime, config)?;
    let (namespace, namespace_from) = match config.namespace() {
        Some(named) => named,
        None => connections.default_namespace_and_source()?,
    };
    let metadata = Metadata {
        labels: config.labels.clone().unwrap_or_default(),
        annotations: config.annotations.clone().unwrap_or_default(),
    };
    let store = connections.lease(&namespace, &config.lease)?;
    let store = store.with_metadata(metadata).needing(permissions(config));
    Ok(FoundLease {
        location: Location {
            namespace,
            namespace_from,
            backend: connections.backend(),
        },
        store: FoundStore::Cluster(Arc::new(store)),
        connections: Some(connections),
    })
}

/// The connections to the cluster, shared with other elections of the same settings.
fn connect(runtime: Runtime, config: &Checked) -> Result<ClusterConnections> {
    let options = cluster_options(config);
    if options.source == ClusterSource::InCluster && Platform::HERE.has_kubeconfigs() {
        warn!(
            lease = config.lease,
            "KUBECONFIG is set but not used: in a pod an election uses the service account, unless \
             the setting `kubeconfig` names a file"
        );
    }
    let clusters = CLUSTERS.get().map_err(no_memory)?;
    runtime.wait_for(clusters.connect(options))?
}

fn in_folder(
    config: &Checked,
    open: impl FnOnce(&Path, &str, &str) -> Result<FileStore>,
) -> Result<FoundLease> {
    let (namespace, namespace_from) = file_namespace(config);
    let directory = directory(config)?;
    let store = open(&directory, &namespace, &config.lease)?;
    Ok(FoundLease {
        location: Location {
            namespace,
            namespace_from,
            backend: Backend::Folder(directory),
        },
        store: FoundStore::Folder(Arc::new(store)),
        connections: None,
    })
}

/// The mode that is meant, and what `auto` was resolved to.
fn mode_here(config: &Checked) -> Result<(Mode, Option<AutoMode>)> {
    if config.mode != Mode::Auto {
        return Ok((config.mode, None));
    }
    let auto = Platform::HERE.resolve_auto(config.directory.is_some())?;
    Ok((auto.clone().into(), Some(auto)))
}

fn cluster_options(config: &Checked) -> ClusterOptions {
    let kubeconfig_given = config.kubeconfig.is_some() || config.context.is_some();
    let source = if !kubeconfig_given && Platform::HERE.is_in_cluster() {
        ClusterSource::InCluster
    } else {
        ClusterSource::Kubeconfig {
            path: config.kubeconfig.clone(),
            context: config.context.clone(),
        }
    };
    ClusterOptions {
        source,
        silence_limit: config.request_limit(),
        plugin_limit: ClusterOptions::DEFAULT_PLUGIN_LIMIT,
    }
}

fn directory(config: &Checked) -> Result<PathBuf> {
    config.directory.clone().map_or_else(default_directory, Ok)
}

fn file_namespace(config: &Checked) -> (String, NamespaceSource) {
    let named = config.namespace();
    named.unwrap_or_else(|| (DEFAULT_NAMESPACE.to_owned(), NamespaceSource::Default))
}

fn warn_of_private_election(config: &Checked, directory: &Path, why: &str) {
    warn!(
        lease = config.lease,
        directory = %directory.display(),
        why,
        "mode `auto` elects among this user's processes on this host (mode `file`)"
    );
}

/// A store without other candidates. Its versions, and so the tokens, grow from start to start of
/// this process, and nothing else vouches for them.
fn open_always(lease: &str) -> MemoryStore {
    /// More versions than one run can use.
    const VERSIONS_PER_START: u64 = 1 << 32;
    static STARTS: AtomicU64 = AtomicU64::new(1);
    warn!(lease, "leading without asking anybody (mode `always`)");
    let start = STARTS.fetch_add(1, Ordering::Relaxed);
    MemoryStore::starting_after(ResourceVersion(start * VERSIONS_PER_START))
}
