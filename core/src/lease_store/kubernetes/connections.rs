//! The connections to clusters, which the elections of a process share.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::access::Access;
use super::cluster::{Cluster, first_access};
use super::config::Source;
use super::connection::{Connection, LEASES_PER_CONNECTION};
use super::leader_events::LeaderEvents;
use super::leader_route::{Candidate, LeaderRoute};
use super::options::{ClusterOptions, ClusterSource};
use super::pin::Pin;
use super::pods::Pods;
use super::shared_task::{self, SharedTask};
use super::{KubernetesStore, LeaseName};
use crate::error::{Error, Result};
use crate::lease_store::{Backend, NamespaceSource};

/// The connections to one cluster. Clones share them.
#[derive(Clone)]
pub struct ClusterConnections(Arc<Connections>);

struct Connections {
    cluster: Arc<Cluster>,
    /// Held by the Leases that use them.
    used: Mutex<Vec<Weak<Connection>>>,
    /// Those for what is written and read beside Leases.
    used_beside: Mutex<Vec<Weak<Connection>>>,
}

impl ClusterConnections {
    /// Reads the configuration and obtains credentials. Nothing is sent to the API server yet, so
    /// that an application starts whether or not the API server can be reached.
    ///
    /// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) if the configuration is wrong,
    /// and with [`ErrorKind::Unauthorized`](crate::ErrorKind::Unauthorized) if an exec plugin does
    /// not give credentials.
    pub async fn connect(options: ClusterOptions) -> Result<Self> {
        let source = Source::of(&options.source)?;
        let access = first_access(&source, &options).await?;
        Self::with_access(access, source, options).await
    }

    async fn with_access(
        access: Arc<Access>,
        source: Source,
        options: ClusterOptions,
    ) -> Result<Self> {
        if let Some(plugin) = access.credentials.plugin() {
            plugin.first_given().await?;
        }
        Ok(Self(Arc::new(Connections {
            cluster: Arc::new(Cluster::new(access, source, options)),
            used: Mutex::default(),
            used_beside: Mutex::default(),
        })))
    }

    /// The namespace of the service account, or of the kubeconfig's context.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if a pod does not know its own.
    pub fn default_namespace(&self) -> Result<&str> {
        self.0.cluster.namespace().ok_or_else(|| {
            let fix = "the service account's files do not name it; set it, or POD_NAMESPACE";
            Error::config("namespace", "(not set)", fix)
        })
    }

    pub(crate) fn default_namespace_and_source(&self) -> Result<(String, NamespaceSource)> {
        let source = match self.0.cluster.options.source {
            ClusterSource::InCluster => NamespaceSource::ServiceAccount,
            ClusterSource::Kubeconfig { .. } => NamespaceSource::Kubeconfig,
        };
        Ok((self.default_namespace()?.to_owned(), source))
    }

    /// The cluster, as it was when these connections were made.
    pub(crate) fn backend(&self) -> Backend {
        self.0.cluster.backend()
    }

    /// The Lease of this name, which need not exist yet.
    pub fn lease(&self, namespace: &str, name: &str) -> Result<KubernetesStore> {
        let lease = LeaseName::checked(namespace, name)?;
        Ok(KubernetesStore::new(
            connection(&self.0.cluster, &self.0.used),
            lease,
        ))
    }

    /// What is written beside the Lease of this name, over connections which no election uses: Events,
    /// and the route of `service` to a candidate. Neither holds up the other's requests nor an election's.
    pub(crate) fn signs(
        &self,
        namespace: &str,
        name: &str,
        events: bool,
        route: Option<(&str, Candidate)>,
    ) -> Result<(Option<LeaderEvents>, Option<LeaderRoute>)> {
        let lease = LeaseName::checked(namespace, name)?;
        let connection = || connection(&self.0.cluster, &self.0.used_beside);
        let events = events.then(|| LeaderEvents::new(connection(), lease.clone()));
        let route =
            route.map(|(service, to)| LeaderRoute::new(connection(), lease.clone(), service, to));
        Ok((events, route))
    }

    /// The pods in the namespace of the Lease of this name, over such connections too. `limit` is how long
    /// an answer may take.
    pub(crate) fn pods(&self, namespace: &str, name: &str, limit: Duration) -> Result<Pods> {
        let lease = LeaseName::checked(namespace, name)?;
        let connection = connection(&self.0.cluster, &self.0.used_beside);
        Ok(Pods::new(connection, lease, limit))
    }
}

/// A connection with room for one more, of those in use.
fn connection(cluster: &Arc<Cluster>, used: &Mutex<Vec<Weak<Connection>>>) -> Arc<Connection> {
    let mut connections = used.lock().unwrap_or_else(PoisonError::into_inner);
    connections.retain(|connection| connection.strong_count() > 0);
    let with_room = connections
        .iter()
        .filter(|connection| connection.strong_count() < LEASES_PER_CONNECTION)
        .find_map(Weak::upgrade);
    with_room.unwrap_or_else(|| {
        let connection = Arc::new(Connection::new(Arc::clone(cluster)));
        connections.push(Arc::downgrade(&connection));
        connection
    })
}

impl fmt::Debug for ClusterConnections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterConnections")
            .field("options", &self.0.cluster.options)
            .finish_non_exhaustive()
    }
}

/// The connections of a process, for elections of equal settings to share.
#[derive(Default)]
pub(crate) struct Clusters(Mutex<Vec<Known>>);

struct Known {
    options: ClusterOptions,
    pin: Pin,
    connecting: Connecting,
}

type Connecting = SharedTask<ClusterConnections>;

impl Clusters {
    /// The connections to the cluster that `options` mean now. Of several who ask for the same at
    /// once, all wait for one run of a plugin; requests for others do not.
    pub(crate) async fn connect(&self, options: ClusterOptions) -> Result<ClusterConnections> {
        let source = Source::of(&options.source)?;
        let access = first_access(&source, &options).await?;
        self.connecting(access, source, options).await
    }

    fn connecting(
        &self,
        access: Arc<Access>,
        source: Source,
        options: ClusterOptions,
    ) -> Connecting {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|known| !matches!(known.connecting.peek(), Some(Err(_))));
        let same = known
            .iter()
            .find(|known| known.options == options && known.pin.is_same(&access.pin));
        if let Some(same) = same {
            return same.connecting.clone();
        }
        let pin = access.pin.clone();
        let connecting = shared_task::start(ClusterConnections::with_access(
            access,
            source,
            options.clone(),
        ));
        known.push(Known {
            options,
            pin,
            connecting: connecting.clone(),
        });
        connecting
    }
}
