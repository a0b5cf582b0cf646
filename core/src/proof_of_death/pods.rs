//! The proof by the pod's status: its kubelet says that the holder's container has ended.
//!
//! A status may be of some time ago, and late: what it says of a container that has ended stays true, since
//! none ever comes back under its ID. So what counts is that the ID is the holder's. Where the kernel does
//! not tell a process its own, it can only ask for the status of its own pod; and just after a restart that
//! may still be about the last instance. Therefore it asks when its container has run for a while, and no
//! end counts that was before the holder's last write: both are times of the holder's machine.
//!
//! One watch on the one pod, for as long as somebody waits for the end of its container, costs an API server
//! next to nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_util::future::pending;
use futures_util::{FutureExt, StreamExt};
use serde_json::Value;
use tokio::select;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use super::{LocalProver, Prover, pod_status};
use crate::error::{Error, ErrorKind, Result};
use crate::lease_record::{Container, HolderProcess, Proof, StoredLease};
use crate::lease_store::kubernetes::Pods;

/// For so long a process runs before it believes what its pod's status says of its container.
const SETTLED: Duration = Duration::from_secs(60);

/// The longest wait before its pod's status is asked again for what it did not say.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// How many retry periods to wait before asking again for what is not granted.
const REFUSED_BACKOFF: u32 = 150;

/// How many times the wait may double, while watches fail or end as soon as they are opened.
const MOST_DOUBLINGS: u32 = 5;

/// A watch that lasts for so long has been a good one.
const LASTING: Duration = Duration::from_secs(60);

/// All proofs: those of this machine, and that by the status of pods.
pub(crate) struct PodProver {
    local: Option<LocalProver>,
    watcher: Arc<PodWatcher>,
    /// What is watched now, held by those who wait for its end.
    watched: Mutex<Weak<Watched>>,
}

struct PodWatcher {
    pods: Pods,
    retry_period: Duration,
    namespace: Arc<Namespace>,
}

/// What the elections of a process share that look at the pods of one namespace.
struct Namespace {
    pods: Pods,
    retry_period: Duration,
    /// The ID of this process's container, if it had to be asked for.
    own_id: OnceLock<String>,
    is_asked: AtomicBool,
    has_warned: AtomicBool,
}

/// The namespaces whose pods the elections of a process look at.
#[derive(Default)]
pub(crate) struct Namespaces(Mutex<Vec<Weak<Namespace>>>);

/// A pod that is watched until this is dropped.
struct Watched {
    name: String,
    /// What is known of it; null while that is nothing.
    pod: watch::Receiver<Value>,
    task: JoinHandle<()>,
}

impl PodProver {
    pub(crate) fn new(
        local: Option<LocalProver>,
        pods: Pods,
        retry_period: Duration,
        namespaces: &Namespaces,
    ) -> Self {
        let namespace = namespaces.share(&pods, retry_period);
        Self {
            local,
            watcher: Arc::new(PodWatcher {
                pods,
                retry_period,
                namespace,
            }),
            watched: Mutex::default(),
        }
    }

    /// What has to be run beside, if anything has: it asks what this process's container is called, once for
    /// all elections of the namespace.
    pub(crate) fn learning(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        let own = self.own_container().filter(|own| own.id.is_none())?.clone();
        let namespace = &self.watcher.namespace;
        let is_first = !namespace.is_asked.swap(true, Ordering::Relaxed);
        let namespace = Arc::downgrade(namespace);
        is_first.then_some(async move { learn_id(&namespace, &own).await })
    }

    fn own_container(&self) -> Option<&Container> {
        self.local.as_ref()?.process.container.as_ref()
    }

    /// The container that has to be dead, if its end can be seen in the status of its pod. That of this
    /// process cannot: the one that sees it is alive.
    fn holders_container<'a>(&self, lease: &'a StoredLease) -> Option<&'a Container> {
        let theirs = lease.record.note.as_ref()?.process.container.as_ref()?;
        let is_own = |own: &Container| {
            own.pod_uid == theirs.pod_uid
                && own.name == theirs.name
                && own.started == theirs.started
        };
        let can_be_seen = theirs.id.is_some()
            && is_name(&theirs.pod_name)
            && !self.own_container().is_some_and(is_own);
        can_be_seen.then_some(theirs)
    }

    /// The watch on this pod, which goes on if there is one.
    fn watch(&self, pod: &str) -> Arc<Watched> {
        let mut present = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = present.upgrade().filter(|it| it.name == pod) {
            return same;
        }
        let (seen, receiver) = watch::channel(Value::Null);
        let (watcher, name) = (Arc::clone(&self.watcher), pod.to_owned());
        let task = tokio::spawn(async move { watcher.watch(&name, &seen).await });
        let new = Arc::new(Watched {
            name: pod.to_owned(),
            pod: receiver,
            task,
        });
        *present = Arc::downgrade(&new);
        new
    }
}

impl Prover for PodProver {
    fn process(&self) -> Option<HolderProcess> {
        let mut process = self.local.as_ref()?.process()?;
        if let Some(container) = &mut process.container
            && container.id.is_none()
        {
            container.id = self.watcher.namespace.own_id.get().cloned();
        }
        Some(process)
    }

    fn death(&self, lease: &StoredLease) -> BoxFuture<'static, Proof> {
        let local = match &self.local {
            Some(prover) => prover.death(lease),
            None => pending().boxed(),
        };
        let (Some(container), Some(renewed)) =
            (self.holders_container(lease), lease.record.renew_time)
        else {
            return local;
        };
        let watched = self.watch(&container.pod_name);
        let container = container.clone();
        let terminated = async move {
            let mut pod = watched.pod.clone();
            let has_ended = |pod: &Value| pod_status::has_ended(pod, &container, renewed);
            if pod.wait_for(has_ended).await.is_err() {
                pending::<()>().await;
            }
            Proof::ContainerTerminated
        };
        async move {
            select! {
                biased;
                proof = local => proof,
                proof = terminated => proof,
            }
        }
        .boxed()
    }
}

impl PodWatcher {
    /// Tells `seen` what becomes of the pod `name`, without end.
    async fn watch(&self, name: &str, seen: &watch::Sender<Value>) {
        let mut failures = 0;
        loop {
            let opened = Instant::now();
            let outcome = self.watch_once(name, seen).await;
            failures = if opened.elapsed() < LASTING {
                (failures + 1).min(MOST_DOUBLINGS)
            } else {
                0
            };
            let mut wait = self.retry_period * (1 << failures) / 2;
            if let Err(error) = outcome {
                wait = wait.max(self.namespace.wait_after(&error));
            }
            sleep(wait.mul_f64(1.0 + fastrand::f64())).await;
        }
    }

    async fn watch_once(&self, name: &str, seen: &watch::Sender<Value>) -> Result<()> {
        let mut pods = self.pods.watch(name).await?;
        while let Some(pod) = pods.next().await {
            seen.send_replace(pod?);
        }
        Ok(())
    }
}

impl Namespaces {
    /// What others have that look at the same pods, if there are any.
    fn share(&self, pods: &Pods, retry_period: Duration) -> Arc<Namespace> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|it| it.strong_count() > 0);
        let mut present = all.iter().filter_map(Weak::upgrade);
        if let Some(same) = present.find(|it| it.pods.are_those_of(pods)) {
            return same;
        }
        let new = Arc::new(Namespace {
            pods: pods.clone(),
            retry_period,
            own_id: OnceLock::new(),
            is_asked: AtomicBool::new(false),
            has_warned: AtomicBool::new(false),
        });
        all.push(Arc::downgrade(&new));
        new
    }
}

impl Namespace {
    /// Tells once what is not granted.
    fn wait_after(&self, error: &Error) -> Duration {
        if error.kind() != ErrorKind::Forbidden {
            debug!(%error, "cannot read the status of a pod");
            return error.retry_after().unwrap_or_default();
        }
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            warn!(
                %error,
                "proof_of_death is `pods`, but the right to see the status of pods is missing: \
                 after a crash elsewhere the next leader waits until the Lease has expired"
            );
        }
        self.retry_period * REFUSED_BACKOFF
    }
}

/// Asks what the container of this process is called, until that is known or nobody needs it.
async fn learn_id(namespace: &Weak<Namespace>, own: &Container) {
    let read = || async {
        let namespace = namespace.upgrade()?;
        let pod = namespace.pods.read(&own.pod_name).await;
        Some(pod.map_err(|error| namespace.wait_after(&error)))
    };
    if let Some(id) = asked_id(own, read).await
        && let Some(namespace) = namespace.upgrade()
    {
        // Nobody else sets it.
        let _ = namespace.own_id.set(id);
    }
}

/// What `read`, which gives the pod or how long to wait at least, says that this container is called; nothing
/// when it gives nothing more.
async fn asked_id<Answer: Future<Output = Option<Result<Value, Duration>>>>(
    own: &Container,
    read: impl Fn() -> Answer,
) -> Option<String> {
    let mut wait = SETTLED;
    loop {
        sleep(wait).await;
        match read().await?.map(|pod| pod_status::running_id(&pod, own)) {
            Ok(Some(id)) => return Some(id),
            // Perhaps it never will be: a PID namespace that is shared, or a Lease of another namespace.
            Ok(None) => wait = LONGEST_WAIT.min(wait * 2),
            Err(least) => wait = SETTLED.max(least),
        }
    }
}

/// What somebody else has written is a pod's name, and no way to anything else.
fn is_name(text: &str) -> bool {
    let plain = |letter: u8| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    text.len() < 254 && text.bytes().all(plain)
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::lease_store::kubernetes::{ClusterConnections, ClusterOptions, ClusterSource};

    fn own() -> Container {
        Container {
            pod_uid: "4c1f-8a".to_owned(),
            pod_name: "orders-1".to_owned(),
            name: "app".to_owned(),
            started: 48_211,
            id: None,
        }
    }

    fn pod(id: &str) -> Value {
        json!({
            "metadata": { "name": "orders-1", "uid": "4c1f-8a" },
            "status": { "containerStatuses": [{
                "name": "app",
                "containerID": format!("containerd://{id}"),
                "state": { "running": {} },
            }]},
        })
    }

    /// A kubelet that has not yet reported the restart says what the last instance was called.
    #[tokio::test(start_paused = true)]
    async fn what_a_status_says_of_this_container_is_believed_only_when_it_has_run_for_a_while() {
        let began = Instant::now();
        let status = || async {
            let is_behind = began.elapsed() < SETTLED;
            Some(Ok(pod(if is_behind { "old" } else { "own" })))
        };
        assert_eq!(asked_id(&own(), status).await.as_deref(), Some("own"));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_asked_again_until_it_is_told_or_nobody_needs_it() {
        let began = Instant::now();
        let answers = Mutex::new(vec![
            None,
            Some(Ok(pod("own"))),
            Some(Err(Duration::from_secs(300))),
            Some(Ok(Value::Null)),
        ]);
        let read = || async { answers.lock().unwrap().pop().unwrap() };
        assert_eq!(asked_id(&own(), &read).await.as_deref(), Some("own"));
        assert_eq!(began.elapsed(), 3 * SETTLED + Duration::from_secs(300));
        assert_eq!(asked_id(&own(), &read).await, None);
    }

    /// Connections to a cluster that nobody asks anything.
    async fn cluster() -> ClusterConnections {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        let content = r#"{
            "clusters": [{ "name": "c", "cluster": { "server": "https://api.invalid" } }],
            "contexts": [{ "name": "x", "context": { "cluster": "c" } }],
            "current-context": "x"
        }"#;
        fs::write(&path, content).unwrap();
        let source = ClusterSource::Kubeconfig {
            path: Some(path),
            context: None,
        };
        let options = ClusterOptions {
            source,
            silence_limit: SETTLED,
            plugin_limit: ClusterOptions::DEFAULT_PLUGIN_LIMIT,
        };
        ClusterConnections::connect(options).await.unwrap()
    }

    fn election(
        cluster: &ClusterConnections,
        namespace: &str,
        namespaces: &Namespaces,
    ) -> PodProver {
        let local = LocalProver {
            process: HolderProcess {
                boot: "boot".to_owned(),
                container: Some(own()),
                lock: None,
            },
            folder: None,
        };
        let pods = cluster.pods(namespace, "orders", SETTLED).unwrap();
        PodProver::new(Some(local), pods, Duration::from_secs(2), namespaces)
    }

    #[tokio::test]
    async fn of_all_elections_of_a_namespace_one_asks_what_their_container_is_called() {
        let namespaces = Namespaces::default();
        let (here, elsewhere) = (cluster().await, cluster().await);
        let first = election(&here, "shop", &namespaces);
        let second = election(&here, "shop", &namespaces);
        assert!(first.learning().is_some());
        assert!(second.learning().is_none());
        for (cluster, namespace) in [(&here, "another"), (&elsewhere, "shop")] {
            let other = election(cluster, namespace, &namespaces);
            assert!(other.learning().is_some(), "{namespace}");
        }

        // All learn of it, also when the first no longer takes part.
        let shared = Arc::clone(&first.watcher.namespace);
        drop(first);
        shared.own_id.set("9ae1".to_owned()).unwrap();
        let third = election(&here, "shop", &namespaces);
        for election in [second, third] {
            assert!(election.learning().is_none());
            let container = election.process().unwrap().container.unwrap();
            assert_eq!(container.id.as_deref(), Some("9ae1"));
        }
    }

    #[test]
    fn nothing_but_a_name_is_looked_for() {
        for name in ["orders-1", "orders-7d9f.b", "0"] {
            assert!(is_name(name), "{name}");
        }
        for text in [
            "a,spec.nodeName=b",
            "a/status",
            "A",
            "a b",
            &"a".repeat(254),
        ] {
            assert!(!is_name(text), "{text}");
        }
    }
}
