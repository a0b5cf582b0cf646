//! Where programs written in Go are: found, or built once from their Go module
//! and kept in the user's cache folder. That of the servers is beside this crate.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::cache;
use crate::go_build::{self, Program};

/// A folder that holds `etcd` and `kube-apiserver`. The name is the one that
/// the Kubernetes SIG's own test tools use.
const ASSETS: &str = "KUBEBUILDER_ASSETS";

/// The two programs of a cluster's control plane.
#[derive(Debug)]
pub struct ControlPlaneBinaries {
    /// The path of `etcd`.
    pub etcd: PathBuf,
    /// The path of `kube-apiserver`.
    pub kube_apiserver: PathBuf,
}

impl ControlPlaneBinaries {
    /// The folder that both are in.
    pub fn folder(&self) -> &Path {
        self.etcd.parent().unwrap_or(Path::new("/"))
    }
}

/// Takes `etcd` and `kube-apiserver` from `KUBEBUILDER_ASSETS` if that is set;
/// otherwise from the cache, where they are built first if need be.
pub fn control_plane() -> Result<ControlPlaneBinaries> {
    Ok(ControlPlaneBinaries {
        etcd: find(&go_build::ETCD)?,
        kube_apiserver: find(&go_build::KUBE_APISERVER)?,
    })
}

/// The folders of the programs that a cluster with nodes runs beside its control plane.
#[derive(Clone, Debug)]
pub(crate) struct NodeBinaries {
    /// `kubelet`, `kube-scheduler` and `kube-controller-manager`.
    pub(crate) kubernetes: PathBuf,
    /// `containerd`, its shim, and `ctr`.
    pub(crate) containerd: PathBuf,
    /// The network plugins.
    pub(crate) network: PathBuf,
    /// The program itself.
    pub(crate) pause: PathBuf,
}

/// Takes the programs of a node from the cache, where they are built first if need be.
pub(crate) fn node() -> Result<NodeBinaries> {
    let folder = |programs: &[Program<'_>]| -> Result<PathBuf> {
        let folders = programs.iter().map(|program| {
            let path = cached(program)?;
            path.parent().map(Path::to_owned).context("a folder")
        });
        let mut folders = folders.collect::<Result<Vec<_>>>()?;
        folders.pop().context("programs")
    };
    Ok(NodeBinaries {
        kubernetes: folder(&go_build::KUBERNETES_SERVERS)?,
        containerd: folder(&go_build::CONTAINERD)?,
        network: folder(&go_build::NETWORK)?,
        pause: cached(&go_build::PAUSE)?,
    })
}

/// Builds the programs of a node that are missing.
pub fn prepare_node() -> Result<()> {
    node().map(drop)
}

/// Whether all programs of a node have been built.
pub fn has_node() -> Result<bool> {
    let programs = go_build::KUBERNETES_SERVERS
        .iter()
        .chain(&go_build::CONTAINERD)
        .chain(&go_build::NETWORK)
        .chain([&go_build::PAUSE]);
    let folder = cache::folder()?;
    for program in programs {
        if !folder.join(key(program)?).join(program.name).exists() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Takes `toxiproxy-server` from the cache, where it is built first if need be.
pub fn toxiproxy() -> Result<PathBuf> {
    cached(&go_build::TOXIPROXY)
}

/// Takes `kustomize` from the cache, where it is built first if need be.
pub fn kustomize() -> Result<PathBuf> {
    cached(&go_build::KUSTOMIZE)
}

/// Takes `kubectl`, of the API server's version, from the cache, where it is built first if need be.
pub fn kubectl() -> Result<PathBuf> {
    cached(&go_build::KUBECTL)
}

/// Takes the main package of the Go module in the folder `module` from the cache, where it is
/// built first if need be, under `name`.
pub fn go_program(name: &str, module: &str) -> Result<PathBuf> {
    cached(&Program::of_module(name, module))
}

/// The version of Kubernetes that is built from source, such as `v1.36.3`.
pub fn kubernetes_version() -> &'static str {
    go_build::kubernetes_version()
}

fn find(program: &Program<'_>) -> Result<PathBuf> {
    let Some(folder) = env::var_os(ASSETS) else {
        return cached(program);
    };
    let path = Path::new(&folder).join(program.name);
    let folder = Path::new(&folder).display();
    ensure!(
        path.is_file(),
        "{ASSETS} is set to {folder}, which holds no {}",
        program.name
    );
    Ok(path)
}

fn cached(program: &Program<'_>) -> Result<PathBuf> {
    let folder = cache::folder()?.join(key(program)?);
    let path = folder.join(program.name);
    if path.exists() {
        return Ok(path);
    }
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    built_once(&path, |partial| go_build::build(program, partial))?;
    Ok(path)
}

/// Lets `build` make the file `path`, in a folder that exists, if nobody has made it yet.
pub(crate) fn built_once(path: &Path, build: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let _lock = cache::lock(&path.with_file_name("lock"), &name)?;
    if path.exists() {
        return Ok(()); // another process built it meanwhile
    }
    // Under its own name only once complete: an interrupted build leaves nothing half done.
    let partial = path.with_file_name(format!("{name}.partial"));
    build(&partial)?;
    fs::rename(&partial, path).with_context(|| format!("creating {}", path.display()))
}

/// Changes with everything that changes the program.
fn key(program: &Program<'_>) -> Result<String> {
    let mut hash = Sha256::new();
    for source in program.sources()? {
        hash.update(source);
    }
    hash.update(go_build::linker_flags(kubernetes_version()));
    let short = hash
        .finalize()
        .iter()
        .take(8)
        .fold(0_u64, |short, byte| short << 8 | u64::from(*byte));
    Ok(format!(
        "{}-{}-{short:016x}",
        env::consts::OS,
        env::consts::ARCH
    ))
}
