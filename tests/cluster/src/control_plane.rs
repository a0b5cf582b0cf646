//! The two servers of a cluster, and how they are started.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::api::Api;
use crate::binaries::{self, ControlPlaneBinaries};
use crate::certificates::{self, Certificates};
use crate::kubeconfig::{Credentials, Kubeconfig};
use crate::lifeline::Lifeline;
use crate::node::Entrance;
use crate::server::{Recipe, Server};

/// Fixed, because a server on the loopback address with no nodes guards nothing.
pub(crate) const ADMIN_TOKEN: &str = "admin-token";
pub(crate) const CANDIDATE_TOKEN: &str = "candidate-token";

/// The users of a cluster with nodes. Each one's token is its name.
const NODE_USERS: &str = "\
system:kube-controller-manager,system:kube-controller-manager,controller-manager
system:kube-scheduler,system:kube-scheduler,scheduler
system:node:node-1,system:node:node-1,node-1,system:nodes
system:node:node-2,system:node:node-2,node-2,system:nodes
";

/// The port of the Service `kubernetes`.
pub(crate) const SERVICE_PORT: u16 = 443;

/// Where the servers of a cluster with nodes are.
#[derive(Clone)]
pub(crate) struct Within {
    pub(crate) entrance: Entrance,
    /// The port by which this machine reaches the API server.
    pub(crate) port: u16,
}

/// Fields are dropped in this order: the API server ends before its store.
pub(crate) struct ControlPlane {
    pub(crate) apiserver: Server,
    pub(crate) etcd: Server,
    lifeline: Option<Lifeline>,
    folder: PathBuf,
}

impl ControlPlane {
    /// Starts both servers with all their files in `folder`; returns them and
    /// the administrator's access when they are ready.
    pub(crate) fn start(folder: &Path) -> Result<(ControlPlane, Kubeconfig)> {
        let lifeline = Lifeline::of_folder(folder)?;
        let (mut control_plane, access) = ControlPlane::start_in(folder, None)?;
        control_plane.lifeline = Some(lifeline);
        Ok((control_plane, access))
    }

    /// The same without a lifeline, and within the namespaces of a cluster with nodes, if there are any.
    pub(crate) fn start_in(
        folder: &Path,
        within: Option<&Within>,
    ) -> Result<(ControlPlane, Kubeconfig)> {
        let binaries = binaries::control_plane()?;
        let certificates = certificates::generate()?;
        write_files(folder, &certificates)?;
        let access = |port| Kubeconfig {
            server: format!("https://127.0.0.1:{port}"),
            tls_server_name: None,
            ca_pem: certificates.ca.clone(),
            credentials: Credentials::Token(ADMIN_TOKEN.to_owned()),
            impersonate: None,
        };

        let mut etcd = Server::start(folder, etcd(folder, &binaries, within))?;
        let recipe = apiserver(folder, &binaries, etcd.port(), access(0), within);
        let apiserver = match within {
            Some(_) => Server::start_at(folder, recipe, SERVICE_PORT),
            None => Server::start(folder, recipe),
        };
        // If etcd has ended, that is why the API server failed, or it found another's etcd.
        etcd.ensure_running()?;
        let apiserver = apiserver?;
        let access = access(within.map_or(apiserver.port(), |within| within.port));
        Ok((
            ControlPlane {
                apiserver,
                etcd,
                lifeline: None,
                folder: folder.to_owned(),
            },
            access,
        ))
    }

    /// Replaces the candidate's token from the API server's next start on.
    pub(crate) fn set_candidate_token(&self, token: &str) -> Result<()> {
        write_users(&self.folder, token)
    }

    /// Leaves the servers running when this process ends.
    pub(crate) fn detach(self) {
        drop(self.lifeline);
        self.apiserver.detach();
        self.etcd.detach();
    }
}

fn write_files(folder: &Path, certificates: &Certificates) -> Result<()> {
    let (private_key, public_key) = certificates::service_account_keys()?;
    for (name, content) in [
        ("server.crt", &certificates.server),
        ("server.key", &certificates.server_key),
        ("service-account.key", &private_key),
        ("service-account.pub", &public_key),
    ] {
        fs::write(folder.join(name), content).with_context(|| format!("writing {name}"))?;
    }
    write_users(folder, CANDIDATE_TOKEN)
}

/// Each line: token, user name, uid, groups.
fn write_users(folder: &Path, candidate_token: &str) -> Result<()> {
    let users = format!(
        "{ADMIN_TOKEN},admin,admin,system:masters\n{candidate_token},candidate,candidate\n{NODE_USERS}"
    );
    fs::write(folder.join("users.csv"), users).context("writing users.csv")
}

fn command(program: &Path, within: Option<&Within>) -> Command {
    match within {
        Some(within) => within.entrance.command(program),
        None => Command::new(program),
    }
}

fn etcd(folder: &Path, binaries: &ControlPlaneBinaries, within: Option<&Within>) -> Recipe {
    let program = binaries.etcd.clone();
    let within = within.cloned();
    let is_within = within.is_some();
    let data = folder.join("etcd-data");
    let command = move |port| {
        let url = format!("http://127.0.0.1:{port}");
        let mut command = command(&program, within.as_ref());
        command
            .arg("--data-dir")
            .arg(&data)
            .args([
                "--listen-client-urls",
                &url,
                "--advertise-client-urls",
                &url,
            ])
            // It has no peers, so any port will do and nobody needs to know it.
            .args(["--listen-peer-urls", "http://127.0.0.1:0"])
            // The data does not outlive the test, so it need not reach the disk.
            .arg("--unsafe-no-fsync")
            // Alone it always wins the election that each start waits for.
            .args(["--heartbeat-interval", "10", "--election-timeout", "50"])
            .args(["--log-level", "warn"]);
        command
    };
    let check = move |port| {
        if is_within {
            // Only the API server reaches it, and waits for it.
            return Ok(());
        }
        let health = Api::plain(format!("http://127.0.0.1:{port}")).get("/health")?;
        ensure!(health["health"] == "true", "etcd says: {health}");
        Ok(())
    };
    Recipe {
        name: "etcd",
        is_parent: is_within,
        command: Box::new(command),
        check: Box::new(check),
    }
}

fn apiserver(
    folder: &Path,
    binaries: &ControlPlaneBinaries,
    etcd_port: u16,
    access: Kubeconfig,
    within: Option<&Within>,
) -> Recipe {
    let program = binaries.kube_apiserver.clone();
    let within = within.cloned();
    let is_within = within.is_some();
    let reached_at = within.as_ref().map(|within| within.port);
    let folder = folder.to_owned();
    let command = move |port: u16| {
        let file = |name| folder.join(name);
        let mut command = command(&program, within.as_ref());
        command
            .arg(format!("--etcd-servers=http://127.0.0.1:{etcd_port}"))
            .arg(format!("--secure-port={port}"))
            .arg("--tls-cert-file")
            .arg(file("server.crt"))
            .arg("--tls-private-key-file")
            .arg(file("server.key"))
            // Users are lines of a file, and have the rights that Roles give them.
            .arg("--token-auth-file")
            .arg(file("users.csv"))
            // Required, though without nodes no pod is there to use a service account.
            .arg("--service-account-key-file")
            .arg(file("service-account.pub"))
            .arg("--service-account-signing-key-file")
            .arg(file("service-account.key"))
            .arg("--service-account-issuer=https://kubernetes.default.svc")
            // Nobody looks for this server in the cluster; its address is no host's.
            .args([
                "--advertise-address=127.0.0.1",
                "--endpoint-reconciler-type=none",
            ])
            .arg("--service-cluster-ip-range=10.0.0.0/24");
        if within.is_some() {
            command.args([
                // In a network of its own; pods reach it by the address of the Service.
                "--bind-address=0.0.0.0",
                "--authorization-mode=Node,RBAC",
                "--allow-privileged",
                // Nobody knows the names of nodes.
                "--kubelet-preferred-address-types=InternalIP",
                "--default-not-ready-toleration-seconds=5",
                "--default-unreachable-toleration-seconds=5",
            ]);
        } else {
            command.args([
                "--bind-address=127.0.0.1",
                "--authorization-mode=RBAC",
                "--disable-admission-plugins=ServiceAccount",
            ]);
        }
        command
    };
    let check = move |port| {
        let port = reached_at.unwrap_or(port);
        let server = format!("https://127.0.0.1:{port}");
        let api = Api::new(&Kubeconfig {
            server,
            ..access.clone()
        })?;
        let ready = api.get("/readyz")?;
        ensure!(ready == "ok", "kube-apiserver says: {ready}");
        // Made after the server calls itself ready, and needed by every test.
        api.get("/api/v1/namespaces/default")?;
        Ok(())
    };
    Recipe {
        name: "kube-apiserver",
        is_parent: is_within,
        command: Box::new(command),
        check: Box::new(check),
    }
}
