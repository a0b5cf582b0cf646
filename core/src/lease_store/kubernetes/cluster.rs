//! The connections to one cluster, which the elections of a process share.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tracing::warn;

use super::access::{Access, Shown};
use super::config::{ClusterConfig, Source};
use super::connection::{Connection, LEASES_PER_CONNECTION};
use super::pin::Pin;
use super::reading::Reading;
use super::{KubernetesStore, LeaseName, errors};
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
    /// How long a credential plugin may run.
    pub plugin_limit: Duration,
}

impl ClusterOptions {
    /// As long as a slow plugin on a busy machine takes, and not so long that nobody waits for it.
    pub const DEFAULT_PLUGIN_LIMIT: Duration = Duration::from_secs(30);

    /// How long a request waits for what it needs before it is sent, so that its error can say what
    /// that was.
    pub(super) fn patience(&self) -> Duration {
        self.silence_limit * 4 / 5
    }

    /// How long credentials that were refused once are taken to be refused. Shorter than the time to
    /// an election's next attempt, or that would be lost if the server refused them for a moment only.
    fn refusal_lasts(&self) -> Duration {
        self.silence_limit / 2
    }
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
        Ok(Self(Arc::new(Cluster {
            source: source.in_context(access.pin.context_name()),
            options,
            namespace: access.namespace.clone(),
            backend: access.backend(),
            present: Mutex::new(Present {
                pin: access.pin.clone(),
                access,
                problem: None,
                refused: None,
            }),
            reading: Reading::default(),
            changing: tokio::sync::Mutex::default(),
            connections: Mutex::default(),
        })))
    }

    /// The namespace of the service account, or of the kubeconfig's context.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a pod is not told its own.
    pub fn default_namespace(&self) -> Result<&str> {
        self.0.namespace.as_deref().ok_or_else(|| {
            let fix = "the service account's files do not have it; set it, or POD_NAMESPACE";
            Error::config("namespace", "(not set)", fix)
        })
    }

    pub(crate) fn default_namespace_and_source(&self) -> Result<(String, NamespaceSource)> {
        let source = match self.0.options.source {
            ClusterSource::InCluster => NamespaceSource::ServiceAccount,
            ClusterSource::Kubeconfig { .. } => NamespaceSource::Kubeconfig,
        };
        Ok((self.default_namespace()?.to_owned(), source))
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

/// The connections of a process, for elections of equal settings to share.
#[derive(Default)]
pub(crate) struct Clusters(Mutex<Vec<Known>>);

struct Known {
    options: ClusterOptions,
    pin: Pin,
    connecting: Connecting,
}

type Connecting = Shared<BoxFuture<'static, Result<ClusterConnections>>>;

impl Clusters {
    /// The connections to the cluster that `options` mean now. Of several who ask for the same at
    /// once, all wait for one run of a plugin; who asks for another does not.
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
        let task = tokio::spawn(ClusterConnections::with_access(
            access,
            source,
            options.clone(),
        ));
        let connecting = async move {
            match task.await {
                Ok(connected) => connected,
                Err(panic) => Err(Error::new(ErrorKind::Internal, panic.to_string())),
            }
        };
        let connecting = connecting.boxed().shared();
        known.push(Known {
            options,
            pin,
            connecting: connecting.clone(),
        });
        connecting
    }
}

/// What the connections to one cluster have in common.
pub(super) struct Cluster {
    pub(super) options: ClusterOptions,
    /// Where the configuration is read again.
    source: Source,
    namespace: Option<String>,
    backend: Backend,
    present: Mutex<Present>,
    reading: Reading<Result<Option<Access>>>,
    /// Held while the configuration is read and followed.
    changing: tokio::sync::Mutex<()>,
    /// Held by the Leases that use them.
    connections: Mutex<Vec<Weak<Connection>>>,
}

async fn first_access(source: &Source, options: &ClusterOptions) -> Result<Arc<Access>> {
    let (reading, limit) = (Reading::default(), options.plugin_limit);
    let options = options.clone();
    let made = move |config| Access::new(config, &options, None);
    Ok(Arc::new(read(&reading, source, limit, made).await?))
}

/// Reads the files of the configuration, and passes them to `make` on the same blocking thread: what
/// the system trusts is in files too.
async fn read<T: Send + 'static>(
    reading: &Reading<Result<T>>,
    source: &Source,
    limit: Duration,
    make: impl FnOnce(ClusterConfig) -> Result<T> + Send + 'static,
) -> Result<T> {
    let again = source.clone();
    let read = reading.within(limit, move || make(again.load()?)).await;
    read.unwrap_or_else(|| {
        let message = format!("{source} could not be read within {limit:?}: is its disk there?");
        Err(Error::new(ErrorKind::Config, message))
    })
}

/// What may change about a cluster.
struct Present {
    access: Arc<Access>,
    /// What the configuration must still mean.
    pin: Pin,
    /// Why it is not followed.
    problem: Option<Error>,
    /// What the API server has refused last, and when.
    refused: Option<(Shown, Instant)>,
}

impl Cluster {
    /// How to reach the cluster, as far as is known.
    pub(super) fn access(&self) -> Arc<Access> {
        Arc::clone(&self.present().access)
    }

    /// Reads the configuration again, for a connection that is opened now, and returns how to reach
    /// the cluster. If the configuration cannot be read, or means another cluster, that is as before.
    pub(super) async fn read_again(&self) -> Arc<Access> {
        let _one_at_a_time = self.changing.lock().await;
        let outcome = self.changed().await;
        let mut present = self.present();
        match outcome {
            Ok(changed) => {
                present.problem = None;
                if let Some(access) = changed {
                    present.access = access;
                }
            }
            Err(error) => {
                let told = present.problem.as_ref().map(Error::message);
                if told != Some(error.message()) {
                    warn!(%error, "going on as before, since the configuration cannot be followed");
                }
                present.problem = Some(error);
            }
        }
        Arc::clone(&present.access)
    }

    /// How to reach the cluster, if that is no longer as it was.
    async fn changed(&self) -> Result<Option<Arc<Access>>> {
        let (before, pin) = {
            let present = self.present();
            (Arc::clone(&present.access), present.pin.clone())
        };
        let options = self.options.clone();
        let made = move |config: ClusterConfig| {
            if config.fingerprint == before.fingerprint {
                return Ok(None);
            }
            Access::new(config, &options, Some(&before)).map(Some)
        };
        let limit = self.options.patience();
        let Some(access) = read(&self.reading, &self.source, limit, made).await? else {
            return Ok(None);
        };
        match pin.conflict(&access.pin) {
            None => Ok(Some(Arc::new(access))),
            Some(conflict) => Err(access.origin.wrong(format!(
                "{conflict}, so it is not followed; put it right, or start again"
            ))),
        }
    }

    /// A connection was opened with `access`: from now on the configuration is compared with that.
    pub(super) fn reached(&self, access: &Arc<Access>) {
        let mut present = self.present();
        if Arc::ptr_eq(&present.access, access) {
            present.pin = access.pin.clone();
        }
    }

    /// Gets other credentials than those that were shown and refused, if there are any.
    pub(super) async fn replace_credentials(&self, access: &Access, shown: &Shown) -> Result<()> {
        access.refuse(shown);
        let fresh = self.read_again().await;
        let problem = self.present().problem.clone();
        let had = match problem {
            Some(problem) => Err(problem),
            None => fresh.credentials.present().await.map(drop),
        };
        had.map_err(|error| {
            let message = format!(
                "the API server refuses these credentials, and new ones cannot be had: {error}"
            );
            Error::new(ErrorKind::Unauthorized, message)
        })
    }

    pub(super) fn note_refusal(&self, shown: Shown) {
        self.present().refused = Some((shown, Instant::now()));
    }

    /// Fails if the API server has refused a moment ago what there is to show: who else asks would cost
    /// it another connection, and be told the same.
    pub(super) async fn check_not_refused(&self) -> Result<()> {
        let is_recent = |(_, at): &(Shown, Instant)| at.elapsed() < self.options.refusal_lasts();
        let Some((refused, _)) = self.present().refused.clone().filter(is_recent) else {
            return Ok(());
        };
        if self.access().shown().await? != refused {
            return Ok(());
        }
        // Somebody may have put it right since.
        if self.read_again().await.shown().await? != refused {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Unauthorized,
            errors::REFUSED_CREDENTIALS,
        ))
    }

    /// The API server gave no answer, or not all of it.
    pub(super) fn unreachable(&self, access: &Access, error: &tower::BoxError) -> Error {
        let problem = self.present().problem.clone();
        errors::unreachable(access, error, problem.as_ref())
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use std::{fs, thread};

    use super::*;
    use crate::config::Config;

    #[tokio::test]
    async fn no_file_is_read_on_the_thread_of_the_elections() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config");
        let content = r#"{
            "clusters": [{ "name": "c", "cluster": { "server": "https://api" } }],
            "contexts": [{ "name": "x", "context": { "cluster": "c" } }],
            "current-context": "x"
        }"#;
        fs::write(&path, content).expect("a file");
        let source = Source::Kubeconfig {
            paths: vec![path],
            context: None,
        };
        let made = |_| Ok(thread::current().id());
        let limit = Duration::from_secs(60);
        let thread = read(&Reading::default(), &source, limit, made).await;
        assert_ne!(thread.expect("a kubeconfig"), thread::current().id());
    }

    #[test]
    fn a_refusal_is_forgotten_by_the_next_attempt() {
        let config = Config::new("shop").check().expect("defaults");
        let options = ClusterOptions {
            source: ClusterSource::InCluster,
            silence_limit: config.request_limit(),
            plugin_limit: ClusterOptions::DEFAULT_PLUGIN_LIMIT,
        };
        assert!(options.refusal_lasts() < config.election().retry_period);
    }
}
