//! The connections to one cluster, which the elections of a process share.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::access::Access;
use super::connection::{Connection, LEASES_PER_CONNECTION};
use super::{KubernetesStore, LeaseName};
use crate::error::{Error, ErrorKind, Result};
use crate::lease_store::{Backend, NamespaceSource};

/// Which cluster to connect to, and how. Elections with equal options can share their connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClusterOptions {
    /// Where the cluster's address and our credentials are found.
    pub source: ClusterSource,
    /// After what silence a connection is taken for dead, and how long opening one may take. Below
    /// the renew deadline, so that there is time for another one.
    pub silence_limit: Duration,
}

/// Where the cluster's address and our credentials are found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClusterSource {
    /// The environment and the service account of the pod that we run in.
    InCluster,
    /// A kubeconfig, with its exec plugins, token files and proxies.
    Kubeconfig {
        /// The file; otherwise those of `KUBECONFIG`, merged, or else `~/.kube/config`.
        path: Option<PathBuf>,
        /// The context; otherwise the file's current one.
        context: Option<String>,
    },
}

/// The connections to one cluster. Clones share them.
#[derive(Clone)]
pub struct ClusterConnections(Arc<Cluster>);

impl ClusterConnections {
    /// Reads the configuration and obtains credentials. Nothing is sent to the API server yet, so
    /// that an application starts whether or not the API server can be reached.
    ///
    /// Fails with [`ErrorKind::Config`] where the configuration is wrong, and with
    /// [`ErrorKind::Unauthorized`] where an exec plugin does not give credentials.
    pub async fn connect(options: ClusterOptions) -> Result<Self> {
        let access = Access::read(&options).await?;
        Ok(Self(Arc::new(Cluster {
            options,
            default_namespace: access.default_namespace.clone(),
            backend: access.backend(),
            access: tokio::sync::Mutex::new(access),
            connections: Mutex::default(),
        })))
    }

    /// The namespace of the service account, or of the kubeconfig's context.
    pub fn default_namespace(&self) -> &str {
        &self.0.default_namespace
    }

    pub(crate) fn default_namespace_and_source(&self) -> (String, NamespaceSource) {
        let source = match self.0.options.source {
            ClusterSource::InCluster => NamespaceSource::ServiceAccount,
            ClusterSource::Kubeconfig { .. } => NamespaceSource::Kubeconfig,
        };
        (self.0.default_namespace.clone(), source)
    }

    /// The cluster, as it was when these connections were made.
    pub(crate) fn backend(&self) -> Backend {
        self.0.backend.clone()
    }

    /// The Lease of this name, which need not exist yet.
    pub fn lease(&self, namespace: &str, name: &str) -> Result<KubernetesStore> {
        let lease = LeaseName::checked(namespace, name)?;
        Ok(KubernetesStore::new(self.0.connection(), lease))
    }
}

impl fmt::Debug for ClusterConnections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterConnections")
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}

/// What the connections to one cluster have in common.
pub(super) struct Cluster {
    pub(super) options: ClusterOptions,
    default_namespace: String,
    backend: Backend,
    /// Locked while it is being renewed.
    access: tokio::sync::Mutex<Arc<Access>>,
    /// Held by the Leases that use them.
    connections: Mutex<Vec<Weak<Connection>>>,
}

impl Cluster {
    /// How to reach the cluster now, as soon as that is known.
    pub(super) async fn access(&self) -> Arc<Access> {
        Arc::clone(&*self.access.lock().await)
    }

    /// Reads the configuration again because the API server refuses the credentials of `refused`,
    /// once for all the requests that found out.
    ///
    /// In a task of its own: an exec plugin may take longer than a request may. It then ends all
    /// the same, for the next request to find its token.
    pub(super) async fn renew_access(self: &Arc<Self>, refused: Arc<Access>) -> Result<()> {
        let cluster = Arc::clone(self);
        let renewing = tokio::spawn(async move {
            let mut access = cluster.access.lock().await;
            if Arc::ptr_eq(&access, &refused) {
                *access = Access::read(&cluster.options).await?;
            }
            Ok::<_, Error>(())
        });
        match renewing.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                let message = format!(
                    "the API server refuses these credentials, and new ones cannot be had: {error}"
                );
                Err(Error::new(ErrorKind::Unauthorized, message).with_source(error))
            }
            Err(panic) => Err(Error::new(ErrorKind::Internal, panic.to_string())),
        }
    }

    /// A connection with room for one more Lease.
    fn connection(self: &Arc<Self>) -> Arc<Connection> {
        let mut connections = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        connections.retain(|connection| connection.strong_count() > 0);
        let with_room = connections
            .iter()
            .filter(|connection| connection.strong_count() < LEASES_PER_CONNECTION)
            .find_map(Weak::upgrade);
        with_room.unwrap_or_else(|| {
            let connection = Arc::new(Connection::new(Arc::clone(self)));
            connections.push(Arc::downgrade(&connection));
            connection
        })
    }
}
