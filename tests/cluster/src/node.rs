//! A cluster that runs pods: its servers, containerd and kubelets, in namespaces of their own.

mod image;
mod kubelet;
mod relay;
mod space;

use std::fs::Permissions;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Pid;
use tempfile::TempDir;

pub use image::Image;
pub(crate) use space::Entrance;

use self::kubelet::Node;
use self::relay::Relay;
use self::space::Space;
use crate::binaries::{self, NodeBinaries};
use crate::cache;
use crate::cluster::TestCluster;
use crate::control_plane::{SERVICE_PORT, Within};
use crate::lifeline::Lifeline;
use crate::server::{Recipe, Server};

/// Why this machine cannot run a cluster with nodes, in one line, if it cannot.
#[must_use]
pub fn what_is_missing() -> Option<String> {
    space::what_is_missing()
}

/// Why tests leave out what needs a node, in one line, if they do: this machine cannot run one, or
/// its programs have not been built yet, which takes too long for a test that nobody asked for.
pub fn left_out() -> Result<Option<String>> {
    if let Some(missing) = what_is_missing() {
        return Ok(Some(format!(
            "left out, since no pods can run here: {missing}"
        )));
    }
    let advice = "left out, since the programs of a node are not built yet: `cargo xtask cluster up --node` does that, once";
    Ok((!binaries::has_node()?).then(|| advice.to_owned()))
}

/// A cluster with one node, or two, for tests. It ends with all pods when this is dropped, and
/// when the process that has it ends in any way.
///
/// Kubernetes runs as it does anywhere: pods have addresses of their own, service accounts with
/// tokens, probes, limits. What it has not: DNS, and Services but `kubernetes`.
pub struct NodeCluster {
    // Dropped in this order.
    nodes: Vec<Node>,
    controllers: Vec<Server>,
    _relay: Relay,
    space: Space,
    cluster: TestCluster,
    binaries: NodeBinaries,
    _lifeline: Lifeline,
}

impl NodeCluster {
    /// Starts a cluster with one node, which is ready on return.
    pub fn start() -> Result<Self> {
        if let Some(missing) = what_is_missing() {
            bail!("no cluster with nodes can run here: {missing}");
        }
        let binaries = binaries::node()?;
        binaries::control_plane()?;
        // Beside the programs, since layers of images are large and `/tmp` may be memory.
        let folder = cache::folder()?.join("nodes");
        std::fs::create_dir_all(&folder)?;
        let folder = tempfile::Builder::new()
            .prefix("cluster-")
            .tempdir_in(folder)?;
        Self::start_in(folder, binaries)
    }

    fn start_in(folder: TempDir, binaries: NodeBinaries) -> Result<Self> {
        let lifeline = Lifeline::of_folder(folder.path())?;
        let space = Space::start(folder.path())?;
        let api_server = SocketAddr::from((Ipv4Addr::LOCALHOST, SERVICE_PORT));
        let relay = space.relay(api_server)?;
        let within = Within {
            entrance: space.entrance().clone(),
            port: relay.port(),
        };
        let cluster = TestCluster::start_within(folder, &within)?;
        let mut this = Self {
            nodes: Vec::new(),
            controllers: Vec::new(),
            _relay: relay,
            space,
            cluster,
            binaries,
            _lifeline: lifeline,
        };
        this.start_controllers()?;
        this.add_node()?;
        Ok(this)
    }

    /// A folder that all users may write to and pods can mount, by its path. It goes with the cluster.
    pub fn shared_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.cluster.folder().join("shared").join(name);
        std::fs::create_dir_all(&folder)?;
        std::fs::set_permissions(&folder, Permissions::from_mode(0o777))?;
        Ok(folder)
    }

    /// The API server and its store.
    pub fn cluster(&self) -> &TestCluster {
        &self.cluster
    }

    /// Adds the second node, `node-2`.
    pub fn add_node(&mut self) -> Result<()> {
        let number = self.nodes.len() + 1;
        ensure!(number <= 2, "a cluster has two nodes at most");
        let node = Node::start(number, &self.cluster, self.space.entrance(), &self.binaries)?;
        self.nodes.push(node);
        Ok(())
    }

    /// Lets all nodes have an image.
    pub fn load(&self, image: &Image) -> Result<()> {
        self.nodes.iter().try_for_each(|node| node.load(image))
    }

    /// Stops a node's kubelet where it is. Its containers live on.
    pub fn pause_kubelet(&self, node: &str) -> Result<()> {
        self.node(node)?.kubelet.pause()
    }

    /// Lets a paused kubelet go on.
    pub fn resume_kubelet(&self, node: &str) -> Result<()> {
        self.node(node)?.kubelet.resume()
    }

    /// The processes of a container, by its ID as the pod's status has it; none if it does not run.
    pub fn processes(&self, container: &str) -> Result<Vec<Pid>> {
        let id = container.rsplit('/').next().unwrap_or(container);
        let groups = std::fs::read_to_string(self.cluster.folder().join("cgroups"))?;
        for group in groups.lines() {
            if let Some(group) = find_folder(Path::new(group), id) {
                // A group that is removed meanwhile has none.
                let pids = std::fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
                let pids = pids
                    .lines()
                    .filter_map(|pid| Pid::from_raw(pid.parse().ok()?));
                return Ok(pids.collect());
            }
        }
        Ok(Vec::new())
    }

    fn node(&self, name: &str) -> Result<&Node> {
        let node = self.nodes.iter().find(|node| node.name == name);
        node.with_context(|| format!("there is no node {name}"))
    }

    /// A command that runs where the nodes' own processes do, and sees those of all pods.
    pub fn within(&self, program: &str) -> Command {
        self.space.entrance().command(program)
    }

    /// A port of this machine's loopback address that leads to an address of a pod.
    pub fn forward(&self, to: SocketAddr) -> Result<Forward> {
        Ok(Forward(self.space.relay(to)?))
    }

    /// Runs `kubectl` as administrator, and fails if it does.
    pub fn kubectl<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Result<String> {
        let mut command = self.kubectl_command()?;
        command.args(arguments);
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().context("running kubectl")?;
        ensure!(
            status.success(),
            "{command:?}: {}",
            String::from_utf8_lossy(&stderr)
        );
        Ok(String::from_utf8_lossy(&stdout).into_owned())
    }

    /// `kubectl` as administrator.
    pub fn kubectl_command(&self) -> Result<Command> {
        let mut command = Command::new(binaries::kubectl()?);
        command
            .arg("--kubeconfig")
            .arg(self.cluster.admin_kubeconfig());
        Ok(command)
    }

    fn start_controllers(&mut self) -> Result<()> {
        let folder = self.cluster.folder().to_owned();
        std::fs::write(folder.join("ca.crt"), self.cluster.ca_pem())?;
        for (name, options) in [
            (
                "kube-controller-manager",
                &[
                    "--leader-elect=false",
                    "--use-service-account-credentials=true",
                    "--bind-address=127.0.0.1",
                    // A node that is not heard of for so long is taken for lost.
                    "--node-monitor-period=1s",
                    "--node-monitor-grace-period=8s",
                ][..],
            ),
            (
                "kube-scheduler",
                &["--leader-elect=false", "--bind-address=127.0.0.1"][..],
            ),
        ] {
            let kubeconfig = folder.join(format!("{name}.kubeconfig"));
            self.cluster
                .write_kubeconfig_within(&format!("system:{name}"), &kubeconfig)?;
            let program = self.binaries.kubernetes.join(name);
            let entrance = self.space.entrance().clone();
            let own = folder.clone();
            let command = move |_| {
                let mut command = entrance.command(&program);
                command.arg("--kubeconfig").arg(&kubeconfig).args(options);
                if name == "kube-controller-manager" {
                    command
                        .arg("--service-account-private-key-file")
                        .arg(own.join("service-account.key"))
                        .arg("--root-ca-file")
                        .arg(own.join("ca.crt"));
                }
                command
            };
            let recipe = Recipe {
                name,
                is_parent: true,
                command: Box::new(command),
                // What it does shows in the cluster.
                check: Box::new(|_| Ok(())),
            };
            self.controllers.push(Server::start_at(&folder, recipe, 0)?);
        }
        Ok(())
    }
}

/// The folder called `name` anywhere below `folder`, of those that are not removed meanwhile.
fn find_folder(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    for entry in entries.filter_map(Result::ok) {
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        if entry.file_name() == name {
            return Some(entry.path());
        }
        if let Some(found) = find_folder(&entry.path(), name) {
            return Some(found);
        }
    }
    None
}

/// A way to an address within, for as long as the value lives.
pub struct Forward(Relay);

impl Forward {
    /// The port of the loopback address.
    pub fn port(&self) -> u16 {
        self.0.port()
    }
}
