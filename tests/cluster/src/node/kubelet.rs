//! One node: containerd, and a kubelet that runs pods by it.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::image::Image;
use super::space::Entrance;
use crate::binaries::NodeBinaries;
use crate::cluster::TestCluster;
use crate::server::{Recipe, Server};

/// The image of the container that holds a pod's namespaces.
const PAUSE: &str = "docker.io/library/pause:1";

pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) kubelet: Server,
    _containerd: Server,
    folder: PathBuf,
    entrance: Entrance,
    binaries: NodeBinaries,
}

impl Node {
    /// It is ready on return.
    pub(crate) fn start(
        number: usize,
        cluster: &TestCluster,
        entrance: &Entrance,
        binaries: &NodeBinaries,
    ) -> Result<Self> {
        let name = format!("node-{number}");
        let folder = cluster.folder().join(&name);
        fs::create_dir_all(folder.join("network"))?;
        fs::write(
            folder.join("network/10-bridge.conflist"),
            network(number, &folder),
        )?;
        fs::write(
            folder.join("containerd.toml"),
            containerd_settings(&folder, binaries),
        )?;
        fs::write(
            folder.join("kubelet.yaml"),
            kubelet_settings(number, &folder),
        )?;
        cluster.write_kubeconfig_within(
            &format!("system:node:{name}"),
            &folder.join("kubelet.kubeconfig"),
        )?;
        let containerd = Server::start_at(&folder, containerd(&folder, entrance, binaries), 0)?;
        load(
            &folder,
            entrance,
            binaries,
            &Image::of_program(PAUSE, &binaries.pause)?,
        )?;
        let recipe = kubelet(number, &name, &folder, cluster, entrance, binaries);
        let kubelet = Server::start_at(&folder, recipe, 0)?;
        Ok(Self {
            name,
            kubelet,
            _containerd: containerd,
            folder,
            entrance: entrance.clone(),
            binaries: binaries.clone(),
        })
    }

    pub(crate) fn load(&self, image: &Image) -> Result<()> {
        load(&self.folder, &self.entrance, &self.binaries, image)
    }
}

fn load(folder: &Path, entrance: &Entrance, binaries: &NodeBinaries, image: &Image) -> Result<()> {
    let loaded = entrance
        .command(binaries.containerd.join("ctr"))
        .arg("--address")
        .arg(socket(folder))
        .args(["--namespace", "k8s.io", "images", "import", "--local"])
        .arg(image.archive())
        .output()?;
    ensure!(
        loaded.status.success(),
        "loading an image: {}{}",
        String::from_utf8_lossy(&loaded.stdout),
        String::from_utf8_lossy(&loaded.stderr)
    );
    Ok(())
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("containerd.sock")
}

fn containerd(folder: &Path, entrance: &Entrance, binaries: &NodeBinaries) -> Recipe {
    let program = binaries.containerd.clone();
    let entrance = entrance.clone();
    let own = folder.to_owned();
    let command = move |_| {
        // It looks for its shim on the PATH.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(
            [program.clone()]
                .into_iter()
                .chain(std::env::split_paths(&path)),
        );
        let mut command = entrance.command(program.join("containerd"));
        command
            .arg("--config")
            .arg(own.join("containerd.toml"))
            .env("PATH", path.unwrap_or_default());
        command
    };
    let socket = socket(folder);
    let check = move |_| {
        UnixStream::connect(&socket).context("containerd's socket")?;
        Ok(())
    };
    Recipe {
        name: "containerd",
        is_parent: true,
        command: Box::new(command),
        check: Box::new(check),
    }
}

fn kubelet(
    number: usize,
    name: &str,
    folder: &Path,
    cluster: &TestCluster,
    entrance: &Entrance,
    binaries: &NodeBinaries,
) -> Recipe {
    let program = binaries.kubernetes.join("kubelet");
    let entrance = entrance.clone();
    let own = folder.to_owned();
    let own_name = name.to_owned();
    let command = move |_| {
        let mut command = entrance.command(&program);
        command
            .arg("--config")
            .arg(own.join("kubelet.yaml"))
            .arg("--kubeconfig")
            .arg(own.join("kubelet.kubeconfig"))
            .arg("--root-dir")
            .arg(own.join("kubelet"))
            .arg("--cert-dir")
            .arg(own.join("certificates"))
            .args(["--hostname-override", &own_name])
            .arg(format!("--node-ip=10.1.0.{number}"));
        command
    };
    let api = cluster.api().clone();
    let path = format!("/api/v1/nodes/{name}");
    let check = move |_| {
        let node = api.get(&path)?;
        let conditions = node["status"]["conditions"].as_array();
        let ready = conditions
            .into_iter()
            .flatten()
            .find(|it| it["type"] == "Ready");
        ensure!(
            ready.is_some_and(|ready| ready["status"] == "True"),
            "the node is not ready: {ready:?}"
        );
        Ok(())
    };
    Recipe {
        name: "kubelet",
        is_parent: true,
        command: Box::new(command),
        check: Box::new(check),
    }
}

/// Pods of a node are on a bridge, and reach those of the other node through the two bridges.
fn network(number: usize, folder: &Path) -> String {
    serde_json::json!({
        "cniVersion": "1.0.0",
        "name": format!("node-{number}"),
        "plugins": [{
            "type": "bridge",
            "bridge": format!("node{number}"),
            "isDefaultGateway": true,
            "ipam": {
                "type": "host-local",
                "ranges": [[{ "subnet": format!("10.88.{number}.0/24") }]],
                "dataDir": folder.join("addresses"),
            },
        }],
    })
    .to_string()
}

fn containerd_settings(folder: &Path, binaries: &NodeBinaries) -> String {
    let own = folder.display();
    let socket = socket(folder);
    let socket = socket.display();
    let network = binaries.network.display();
    format!(
        r#"version = 3
root = "{own}/containers"
state = "{own}/running"
[grpc]
  address = "{socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{own}/opt"
[plugins."io.containerd.nri.v1.nri"]
  disable = true
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "{PAUSE}"
[plugins."io.containerd.cri.v1.runtime"]
  # A machine's root may lack CAP_SYS_RESOURCE; a pod could not start then.
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["{network}"]
    conf_dir = "{own}/network"
"#
    )
}

fn kubelet_settings(number: usize, folder: &Path) -> String {
    let socket = socket(folder);
    let socket = socket.display();
    let logs = folder.join("logs");
    let logs = logs.display();
    format!(
        r#"apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix://{socket}
podLogsDir: {logs}
address: 10.1.0.{number}
healthzPort: 0
readOnlyPort: 0
# Everybody in this network is a test.
authentication: {{anonymous: {{enabled: true}}, webhook: {{enabled: false}}}}
authorization: {{mode: AlwaysAllow}}
# What runs beside the pods is not in groups that a kubelet would make.
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
makeIPTablesUtilChains: false
resolvConf: ""
# A machine for tests may be rather full.
evictionHard: {{memory.available: "10Mi", nodefs.available: "1%", imagefs.available: "1%"}}
imageGCHighThresholdPercent: 100
# Told often enough for `--node-monitor-grace-period`.
nodeLeaseDurationSeconds: 4
nodeStatusUpdateFrequency: 2s
shutdownGracePeriod: 0s
"#
    )
}
