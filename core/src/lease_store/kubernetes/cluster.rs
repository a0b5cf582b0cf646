//! One cluster: how it is reached now, and what it must still be.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::warn;

use super::access::{Access, Shown};
use super::cluster_config::ClusterConfig;
use super::config::Source;
use super::errors;
use super::options::ClusterOptions;
use super::pin::Pin;
use super::reading::Reading;
use crate::error::{Error, ErrorKind, Result};
use crate::lease_store::Backend;

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
}

pub(super) async fn first_access(source: &Source, options: &ClusterOptions) -> Result<Arc<Access>> {
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
    pub(super) fn new(access: Arc<Access>, source: Source, options: ClusterOptions) -> Self {
        Self {
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
        }
    }

    /// The namespace of the service account, or of the kubeconfig's context.
    pub(super) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The cluster, as it was at the start.
    pub(super) fn backend(&self) -> Backend {
        self.backend.clone()
    }

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
                    warn!(%error, "cannot follow the configuration; going on with the one before");
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
                "{conflict}, so the change is not followed: undo it, or start the election again"
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
                "the API server refuses these credentials, and getting new ones failed: {error}"
            );
            Error::new(ErrorKind::Unauthorized, message)
        })
    }

    pub(super) fn note_refusal(&self, shown: Shown) {
        self.present().refused = Some((shown, Instant::now()));
    }

    /// Fails if the API server refused these credentials a moment ago: another request would cost it a
    /// connection, and get the same answer.
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
}

#[cfg(test)]
mod tests {
    use std::{fs, thread};

    use super::super::proxy::ProxyVariables;
    use super::*;

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
            proxies: ProxyVariables::default(),
        };
        let made = |_| Ok(thread::current().id());
        let limit = Duration::from_secs(60);
        let thread = read(&Reading::default(), &source, limit, made).await;
        assert_ne!(thread.expect("a kubeconfig"), thread::current().id());
    }
}
