//! Where the Leases of a test are: a folder, or a namespace of a real API server.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::time::Duration;

use leasehold::{Config, LeaderElection, Mode};
use leasehold_test_cluster::{TestCluster, User};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{LIMIT, leasehold};
use crate::plugin;

/// It ends with this process.
pub(crate) static CLUSTER: LazyLock<TestCluster> =
    LazyLock::new(|| TestCluster::start().expect("a cluster for the tests"));

pub(crate) enum Location {
    Folder(TempDir),
    Namespace { name: String, kubeconfig: PathBuf },
}

impl Location {
    pub(crate) fn folder() -> Self {
        Self::Folder(tempfile::tempdir().expect("a folder"))
    }

    /// A new namespace, in which nothing is granted yet.
    pub(crate) fn namespace(name: &str) -> Self {
        Self::namespace_of(&CLUSTER, name)
    }

    /// A new namespace, for somebody who may do everything.
    pub(crate) fn administered(name: &str) -> Self {
        let location = Self::namespace(name);
        Self::Namespace {
            name: location.name().to_owned(),
            kubeconfig: CLUSTER.admin_kubeconfig(),
        }
    }

    pub(crate) fn namespace_of(cluster: &TestCluster, name: &str) -> Self {
        let namespace = json!({ "metadata": { "name": name } });
        let created = cluster.api().post("/api/v1/namespaces", &namespace);
        created.expect("a namespace");
        let kubeconfig = cluster.kubeconfig_for(User::Candidate, None);
        Self::Namespace {
            name: name.to_owned(),
            kubeconfig: kubeconfig.expect("a kubeconfig"),
        }
    }

    /// A namespace for whom a credential plugin vouches: this script of the shell. Its kubeconfig is in
    /// `folder`.
    pub(crate) fn with_plugin(folder: &Path, script: &str) -> Self {
        Self::Namespace {
            name: "default".to_owned(),
            kubeconfig: plugin::kubeconfig(folder, CLUSTER.server_url(), script),
        }
    }

    /// Lets the candidate do with this Lease what is documented, but for the verbs `withheld`.
    pub(crate) fn grant_except(&self, lease: &str, withheld: &[&str]) {
        let granted = CLUSTER.grant_except(self.name(), lease, withheld);
        granted.expect("the Role is in effect");
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Folder(_) => "default",
            Self::Namespace { name, .. } => name,
        }
    }

    /// `leasehold` with a subcommand, the Leases that it is about, and where they are.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = leasehold();
        command
            // A look takes a quarter of that at most: no machine is too slow for it.
            .env("LEASEHOLD_LEASE_DURATION", "300")
            .env("LEASEHOLD_RENEW_DEADLINE", "200")
            .args(arguments);
        match self {
            Self::Folder(folder) => command
                .args(["--mode=file", "--directory"])
                .arg(folder.path()),
            Self::Namespace { name, kubeconfig } => command
                .args(["--mode=kubernetes", "--namespace", name, "--kubeconfig"])
                .arg(kubeconfig),
        };
        command
    }

    pub(crate) fn output(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output();
        Ran::of(&output.expect("leasehold runs"))
    }

    /// The settings of an election in this location.
    pub(crate) fn config(&self, lease: &str) -> Config {
        let config = Config::new(lease).retry_period(Duration::from_millis(200));
        match self {
            Self::Folder(folder) => config.mode(Mode::File).directory(folder.path()),
            Self::Namespace { name, kubeconfig } => config
                .mode(Mode::Kubernetes)
                .namespace(name)
                .kubeconfig(kubeconfig),
        }
    }

    /// Creates a Lease in this namespace, as another client may.
    pub(crate) fn create_lease(&self, lease: &str, spec: &Value) {
        let object = json!({ "metadata": { "name": lease }, "spec": spec });
        let created = CLUSTER.api().post(&self.leases(), &object);
        created.expect("a Lease");
    }

    /// Changes fields of a Lease's spec, as another client may.
    pub(crate) fn edit_lease(&self, lease: &str, spec: &Value) {
        let path = format!("{}/{lease}", self.leases());
        let edited = CLUSTER.api().patch(&path, &json!({ "spec": spec }));
        edited.expect("a Lease");
    }

    pub(crate) fn delete_lease(&self, lease: &str) {
        let path = format!("{}/{lease}", self.leases());
        CLUSTER.api().delete(&path).expect("a Lease");
    }

    fn leases(&self) -> String {
        let namespaces = "/apis/coordination.k8s.io/v1/namespaces";
        format!("{namespaces}/{}/leases", self.name())
    }

    /// A candidate that leads.
    pub(crate) fn leader(&self, lease: &str, identity: &str) -> LeaderElection {
        let election = self.config(lease).identity(identity).start().unwrap();
        election.wait_for_leadership(LIMIT).unwrap();
        election
    }

    /// A Lease that its holder has left to expire, and that has.
    pub(crate) fn expired_lease(&self, lease: &str, holder: &str) {
        let config = self.config(lease).identity(holder);
        let election = config
            .lease_duration(Duration::from_secs(3))
            .renew_deadline(Duration::from_millis(2_500))
            .release_on_stop(false)
            .start()
            .unwrap();
        election.wait_for_leadership(LIMIT).unwrap();
        election.stop().unwrap();
    }
}

/// What a program said, and what it ended with.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
    pub(crate) errors: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        Self {
            code: output.status.code(),
            text: text(&output.stdout),
            errors: text(&output.stderr),
        }
    }

    /// What it said as JSON, each line an object.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let lines = self.text.lines();
        lines
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }
}
