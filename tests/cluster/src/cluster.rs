//! The cluster that a test uses: its own, or one that exists.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::api::Api;
use crate::certificates;
use crate::control_plane::{CANDIDATE_TOKEN, ControlPlane, SERVICE_PORT, Within};
use crate::kubeconfig::{Credentials, Kubeconfig};
use crate::rbac::{self, LeaseName};

/// Names an existing cluster, to be used in place of a new one.
const EXISTING: &str = "LEASEHOLD_TEST_KUBECONFIG";

/// A cluster for tests. One that was started ends when this is dropped.
pub struct TestCluster {
    /// None for a cluster that somebody else runs. Dropped before its folder.
    control_plane: Option<Mutex<ControlPlane>>,
    admin: Kubeconfig,
    api: Api,
    folder: TempDir,
    kubeconfigs: AtomicU32,
}

/// Who uses the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// May do everything.
    Admin,
    /// May do nothing but what [`TestCluster::grant`] allows.
    Candidate,
}

const CANDIDATE: &str = "candidate";

impl TestCluster {
    /// Starts a cluster of its own, or connects to the one that
    /// `LEASEHOLD_TEST_KUBECONFIG` names.
    pub fn start() -> Result<TestCluster> {
        if let Some(kubeconfig) = env::var_os(EXISTING) {
            return TestCluster::connect(kubeconfig.as_ref())
                .with_context(|| format!("using the cluster that {EXISTING} names"));
        }
        let folder = new_folder()?;
        let (control_plane, admin) = ControlPlane::start(folder.path())?;
        TestCluster::new(Some(control_plane), admin, folder)
    }

    /// Starts a cluster within the namespaces of one with nodes, which has a lifeline.
    pub(crate) fn start_within(folder: TempDir, within: &Within) -> Result<TestCluster> {
        let (control_plane, admin) = ControlPlane::start_in(folder.path(), Some(within))?;
        TestCluster::new(Some(control_plane), admin, folder)
    }

    /// Uses a cluster that exists, as the administrator it knows by `kubeconfig`.
    /// Its servers can be neither paused nor killed.
    pub fn connect(kubeconfig: &Path) -> Result<TestCluster> {
        TestCluster::new(None, Kubeconfig::load(kubeconfig)?, new_folder()?)
    }

    fn new(
        control_plane: Option<ControlPlane>,
        admin: Kubeconfig,
        folder: TempDir,
    ) -> Result<TestCluster> {
        let cluster = TestCluster {
            control_plane: control_plane.map(Mutex::new),
            api: Api::new(&admin)?,
            admin,
            folder,
            kubeconfigs: AtomicU32::new(0),
        };
        cluster.admin.save(&cluster.admin_kubeconfig())?;
        Ok(cluster)
    }

    /// Ends the servers and removes their folder; unlike a drop, it reports if
    /// that failed.
    pub fn stop(self) -> Result<()> {
        drop(self.control_plane);
        self.folder.close().context("removing the cluster's folder")
    }

    /// The API server's address, such as `https://127.0.0.1:40123`.
    pub fn server_url(&self) -> &str {
        &self.admin.server
    }

    /// The same without `https://`: what a proxy takes as its upstream.
    pub fn server_address(&self) -> &str {
        let url = self.server_url();
        url.split_once("://")
            .map_or(url, |(_, address)| address)
            .trim_end_matches('/')
    }

    /// The authority that signed the API server's certificate.
    pub fn ca_pem(&self) -> &str {
        &self.admin.ca_pem
    }

    /// The administrator's token. An existing cluster may have another kind of credentials.
    pub fn admin_token(&self) -> Result<&str> {
        match &self.admin.credentials {
            Credentials::Token(token) => Ok(token),
            _ => anyhow::bail!("the kubeconfig of this cluster holds no token"),
        }
    }

    /// The candidate's token, as it was when the cluster was started.
    pub fn candidate_token(&self) -> Result<&str> {
        self.control_plane().map(|_| CANDIDATE_TOKEN)
    }

    /// A client of the API server, as administrator.
    pub fn api(&self) -> &Api {
        &self.api
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The administrator's kubeconfig file.
    pub fn admin_kubeconfig(&self) -> PathBuf {
        self.folder.path().join("admin.kubeconfig")
    }

    /// Writes a new kubeconfig file for a user. With `server`, such as a
    /// proxy's URL, it goes there and still expects the API server's certificate.
    pub fn kubeconfig_for(&self, user: User, server: Option<&str>) -> Result<PathBuf> {
        let mut kubeconfig = self.admin.clone();
        match (user, &self.control_plane) {
            (User::Admin, _) => {}
            (User::Candidate, Some(_)) => {
                kubeconfig.credentials = Credentials::Token(CANDIDATE_TOKEN.to_owned());
            }
            // An existing cluster has no such user, but takes an administrator's word.
            (User::Candidate, None) => kubeconfig.impersonate = Some(CANDIDATE.to_owned()),
        }
        self.save(kubeconfig, server)
    }

    /// The same with any credentials, right or wrong.
    pub fn write_kubeconfig(
        &self,
        credentials: Credentials,
        server: Option<&str>,
    ) -> Result<PathBuf> {
        self.save(
            Kubeconfig {
                credentials,
                impersonate: None,
                ..self.admin.clone()
            },
            server,
        )
    }

    /// The candidate's kubeconfig file, but with an authority that has signed no certificate.
    pub fn kubeconfig_with_wrong_authority(&self, server: Option<&str>) -> Result<PathBuf> {
        let kubeconfig = Kubeconfig {
            ca_pem: certificates::generate()?.ca,
            credentials: Credentials::Token(CANDIDATE_TOKEN.to_owned()),
            ..self.admin.clone()
        };
        self.save(kubeconfig, server)
    }

    /// The access of a server of this cluster, whose token is its name, from within.
    pub(crate) fn write_kubeconfig_within(&self, name: &str, path: &Path) -> Result<()> {
        Kubeconfig {
            server: format!("https://127.0.0.1:{SERVICE_PORT}"),
            credentials: Credentials::Token(name.to_owned()),
            ..self.admin.clone()
        }
        .save(path)
    }

    fn save(&self, mut kubeconfig: Kubeconfig, server: Option<&str>) -> Result<PathBuf> {
        if let Some(server) = server {
            let host = self.server_address().rsplit_once(':').map(|(host, _)| host);
            let host = host.unwrap_or(self.server_address());
            kubeconfig
                .tls_server_name
                .get_or_insert_with(|| host.to_owned());
            server.clone_into(&mut kubeconfig.server);
        }
        let number = self.kubeconfigs.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.path().join(format!("{number}.kubeconfig"));
        kubeconfig.save(&path)?;
        Ok(path)
    }

    /// Lets the candidate use one Lease in the namespace `default`, by the Role
    /// of `examples/kubernetes/base`. It is in effect on return.
    pub fn grant(&self, lease: &str) -> Result<()> {
        self.grant_except("default", lease, &[])
    }

    /// The same in any namespace, but for the verbs `withheld`. It replaces what was granted of
    /// that Lease before.
    pub fn grant_except(&self, namespace: &str, lease: &str, withheld: &[&str]) -> Result<()> {
        let place = LeaseName { namespace, lease };
        rbac::grant(&self.api, CANDIDATE, place, withheld)
            .with_context(|| format!("granting the candidate the Lease {namespace}/{lease}"))
    }

    /// Lets the candidate patch this Lease as well, which other clients do and Leasehold does not.
    pub fn grant_patch(&self, lease: &str) -> Result<()> {
        let place = LeaseName {
            namespace: "default",
            lease,
        };
        rbac::grant_patch(&self.api, CANDIDATE, place)
            .with_context(|| format!("letting the candidate patch the Lease {lease}"))
    }

    /// Takes back all that was granted for this Lease.
    pub fn revoke(&self, lease: &str) -> Result<()> {
        self.grant_except("default", lease, &rbac::VERBS)
    }

    /// Whether `user` may do this with a Lease, as the API server knows at this moment.
    pub fn may(&self, user: &str, verb: &str, namespace: &str, lease: &str) -> Result<bool> {
        let review = rbac::review(&self.api, user, LeaseName { namespace, lease }, verb)?;
        Ok(review["allowed"] == true)
    }

    /// Gives the candidate another token, in place of the present one, from the
    /// next [`restart_apiserver`](Self::restart_apiserver) on.
    pub fn set_candidate_token(&self, token: &str) -> Result<()> {
        self.control_plane()?.set_candidate_token(token)
    }

    /// Stops the API server where it is: connections stay open, nothing answers.
    pub fn pause_apiserver(&self) -> Result<()> {
        self.control_plane()?.apiserver.pause()
    }

    /// Lets a paused API server go on.
    pub fn resume_apiserver(&self) -> Result<()> {
        self.control_plane()?.apiserver.resume()
    }

    /// Kills the API server.
    pub fn kill_apiserver(&self) -> Result<()> {
        self.control_plane()?.apiserver.kill()
    }

    /// Starts the API server on the same port and data, after killing it if it
    /// runs. It is ready on return.
    pub fn restart_apiserver(&self) -> Result<()> {
        self.control_plane()?.apiserver.restart()
    }

    /// Stops etcd where it is: the API server's own requests get no answer.
    pub fn pause_etcd(&self) -> Result<()> {
        self.control_plane()?.etcd.pause()
    }

    /// Lets a paused etcd go on.
    pub fn resume_etcd(&self) -> Result<()> {
        self.control_plane()?.etcd.resume()
    }

    /// Kills etcd.
    pub fn kill_etcd(&self) -> Result<()> {
        self.control_plane()?.etcd.kill()
    }

    /// Starts etcd on the same port and data, after killing it if it runs. It
    /// is ready on return; the API server takes a moment to connect again.
    pub fn restart_etcd(&self) -> Result<()> {
        self.control_plane()?.etcd.restart()
    }

    fn control_plane(&self) -> Result<MutexGuard<'_, ControlPlane>> {
        let control_plane = self.control_plane.as_ref().with_context(|| {
            format!("this test needs a cluster of its own: run it without {EXISTING}")
        })?;
        // A test that failed while it held the lock left the servers as they were.
        Ok(control_plane.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn new_folder() -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix("leasehold-test-cluster-")
        .tempdir()
        .context("creating a folder for the cluster")
}
