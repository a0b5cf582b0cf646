//! One Lease of a real API server, and the candidates for it.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use leasehold::lease_store::kubernetes::role_and_binding;
use leasehold::{Config, LeaderElection, Mode};
use leasehold_test_cluster::{TestCluster, User};
use serde_json::Value;

use crate::common::{LIMIT, eventually};

pub(crate) const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";

/// One API server for all tests; it ends with the test program.
pub(crate) fn cluster() -> &'static TestCluster {
    static CLUSTER: OnceLock<TestCluster> = OnceLock::new();
    CLUSTER.get_or_init(|| TestCluster::start().expect("a test cluster"))
}

/// The candidates' kubeconfig; one for all, so that they share connections.
fn kubeconfig() -> &'static PathBuf {
    static KUBECONFIG: OnceLock<PathBuf> = OnceLock::new();
    KUBECONFIG.get_or_init(|| cluster().kubeconfig_for(User::Candidate, None).unwrap())
}

/// The same, for a test that changes it.
pub(crate) fn kubeconfig_as_json() -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(kubeconfig()).unwrap()).unwrap()
}

pub(crate) struct Scene {
    lease: String,
}

impl Scene {
    /// A Lease that nobody may touch yet.
    pub(crate) fn new(lease: &str) -> Self {
        Self {
            lease: lease.to_owned(),
        }
    }

    /// A Lease that candidates may take, by the documented Role.
    pub(crate) fn granted(lease: &str) -> Self {
        let scene = Self::new(lease);
        scene.grant();
        scene
    }

    pub(crate) fn grant(&self) {
        cluster().grant(&self.lease).unwrap();
    }

    /// A candidate that no machine is too slow for.
    pub(crate) fn candidate(&self, identity: &str) -> LeaderElection {
        patient(self.config(identity)).start().unwrap()
    }

    /// Settings with short timings.
    pub(crate) fn config(&self, identity: &str) -> Config {
        Config::new(&self.lease)
            .mode(Mode::Kubernetes)
            .namespace("default")
            .identity(identity)
            .kubeconfig(kubeconfig())
            .lease_duration(Duration::from_secs(8))
            .renew_deadline(Duration::from_secs(7))
            .retry_period(Duration::from_millis(200))
    }

    /// A candidate that leads.
    pub(crate) fn leader(&self, identity: &str) -> LeaderElection {
        let election = self.candidate(identity);
        await_leadership(&election);
        election
    }

    /// A field of the Lease.
    pub(crate) fn text(&self, pointer: &str) -> String {
        let lease = cluster().api().get(&self.path()).unwrap();
        let field = lease.pointer(pointer).and_then(Value::as_str);
        field.unwrap_or_default().to_owned()
    }

    /// Waits until the Lease has been renewed `count` times.
    pub(crate) fn await_renewals(&self, count: usize) {
        for _ in 0..count {
            let last = self.text("/spec/renewTime");
            eventually("a renewal", || self.text("/spec/renewTime") != last);
        }
    }

    pub(crate) fn patch(&self, patch: &str) {
        let patch = serde_json::from_str(patch).unwrap();
        cluster().api().patch(&self.path(), &patch).unwrap();
    }

    pub(crate) fn delete(&self) {
        cluster().api().delete(&self.path()).unwrap();
    }

    fn path(&self) -> String {
        format!(
            "/apis/coordination.k8s.io/v1/namespaces/default/leases/{}",
            self.lease
        )
    }
}

pub(crate) fn await_leadership(election: &LeaderElection) {
    election.wait_for_leadership(LIMIT).unwrap();
}

/// How many requests this candidate has sent, watches aside.
pub(crate) fn requests(election: &LeaderElection) -> u64 {
    let metrics = election.metrics();
    let counts = metrics
        .lines()
        .filter(|line| line.starts_with("leasehold_requests_total{"));
    counts
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
        .sum()
}

/// Grants what `leasehold check` prints for these settings.
pub(crate) fn grant_all(lease: &str, config: &Config) {
    let observer = patient(config.clone()).observe().unwrap();
    let review = observer.review_access(None).unwrap().expect("a cluster");
    let beside: Vec<_> = review.beside.into_iter().map(|(it, _)| it).collect();
    let user = review.user.as_deref();
    let manifest = role_and_binding("default", &[lease], &beside, user);
    let objects: Vec<Value> = serde_saphyr::from_multiple(&manifest).unwrap();
    for (path, object) in ["roles", "rolebindings"].iter().zip(&objects) {
        cluster()
            .api()
            .post(&format!("{RBAC}/{path}"), object)
            .unwrap();
    }
    eventually("the API server knows the Role", || {
        observer.review_access(None).unwrap().unwrap().is_complete()
    });
}

/// With so much time that no machine is too slow for it: a term waits for its route for a tenth of the
/// renew deadline, and a question for its answer a quarter.
pub(crate) fn patient(config: Config) -> Config {
    let config = config.lease_duration(Duration::from_secs(300));
    config.renew_deadline(Duration::from_secs(200))
}
