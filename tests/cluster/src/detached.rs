//! A cluster that outlives the process that started it: `cargo xtask cluster`.

use std::convert::Infallible;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::getpid;
use serde::{Deserialize, Serialize};

use crate::cache;
use crate::control_plane::{CANDIDATE_TOKEN, ControlPlane};
use crate::kubeconfig::{Credentials, Kubeconfig};
use crate::node::NodeCluster;
use crate::process_id::ProcessId;

/// How to reach a cluster that runs by itself.
#[derive(Clone, Debug)]
pub struct Detached {
    /// The administrator's kubeconfig file.
    pub kubeconfig: PathBuf,
    /// The kubeconfig file of a user who has no rights but those granted.
    pub candidate_kubeconfig: PathBuf,
}

/// Which processes to end.
#[derive(Deserialize, Serialize)]
struct State {
    etcd: ProcessId,
    kube_apiserver: ProcessId,
}

/// Where the detached cluster is kept unless one says otherwise.
pub fn default_folder() -> Result<PathBuf> {
    Ok(cache::folder()?.join("detached"))
}

/// Starts a cluster that keeps all it has in `folder`, and runs until
/// [`stop`]; if one runs there already, returns that.
pub fn start(folder: &Path) -> Result<Detached> {
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    let _lock = cache::lock(&folder.join("lock"), "the detached cluster")?;
    if is_running(folder)? {
        return Ok(files(folder));
    }
    end(folder)?;

    let servers = servers_folder(folder);
    fs::create_dir(&servers).with_context(|| format!("creating {}", servers.display()))?;
    let (control_plane, admin) = ControlPlane::start(&servers)?;
    let files = files(folder);
    admin.save(&files.kubeconfig)?;
    let credentials = Credentials::Token(CANDIDATE_TOKEN.to_owned());
    Kubeconfig {
        credentials,
        ..admin
    }
    .save(&files.candidate_kubeconfig)?;

    let state = State {
        etcd: ProcessId::of(control_plane.etcd.pid()?)?,
        kube_apiserver: ProcessId::of(control_plane.apiserver.pid()?)?,
    };
    fs::write(state_file(folder), serde_json::to_vec(&state)?).context("writing the state file")?;
    control_plane.detach();
    Ok(files)
}

/// Which process holds a cluster with a node, and what it says of that.
#[derive(Deserialize, Serialize)]
struct Holder {
    process: ProcessId,
    kubeconfig: PathBuf,
}

/// Starts a cluster with a node, which a process of its own holds until [`stop`]; if one runs
/// already, returns that. `program` is this crate's.
pub fn start_with_node(folder: &Path, program: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    let _lock = cache::lock(&folder.join("lock"), "the detached cluster")?;
    if let Some(holder) = read_holder(folder)?
        && holder.process.is_running()
    {
        return Ok(holder.kubeconfig);
    }
    let file = holder_file(folder);
    if file.exists() {
        fs::remove_file(&file)?;
    }
    let log = folder.join("node.log");
    let output = File::create(&log)?;
    let mut child = Command::new(program)
        .arg("hold-node")
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .current_dir("/")
        .process_group(0)
        .spawn()?;
    while !file.exists() {
        if let Some(status) = child.try_wait()? {
            let log = fs::read_to_string(log).unwrap_or_default();
            bail!("the cluster with a node did not start ({status}): {log}");
        }
        thread::sleep(Duration::from_millis(50));
    }
    let holder = read_holder(folder)?.context("the holder has written its file")?;
    Ok(holder.kubeconfig)
}

/// Starts a cluster with a node, says so in `file`, and runs until it is killed.
pub fn hold_node(file: &Path) -> Result<Infallible> {
    let cluster = NodeCluster::start()?;
    let holder = Holder {
        process: ProcessId::of(getpid())?,
        kubeconfig: cluster.cluster().admin_kubeconfig(),
    };
    // Under its own name only once complete.
    let partial = file.with_extension("partial");
    fs::write(&partial, serde_json::to_vec(&holder)?)?;
    fs::rename(&partial, file)?;
    loop {
        thread::park();
    }
}

/// Its lifeline ends the cluster.
fn end_node(folder: &Path) -> Result<bool> {
    let Some(holder) = read_holder(folder)? else {
        return Ok(false);
    };
    let ran = holder.process.is_running();
    holder.process.kill()?;
    fs::remove_file(holder_file(folder))?;
    let deadline = Instant::now() + Duration::from_secs(30);
    while holder.kubeconfig.exists() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(50));
    }
    Ok(ran)
}

fn read_holder(folder: &Path) -> Result<Option<Holder>> {
    let file = holder_file(folder);
    if !file.exists() {
        return Ok(None);
    }
    let holder = serde_json::from_slice(&fs::read(&file)?);
    holder
        .with_context(|| format!("reading {}", file.display()))
        .map(Some)
}

fn holder_file(folder: &Path) -> PathBuf {
    folder.join("node.json")
}

/// The cluster that runs in `folder`, if one does.
pub fn running(folder: &Path) -> Result<Option<Detached>> {
    Ok(is_running(folder)?.then(|| files(folder)))
}

/// Ends the cluster in `folder` and removes its data. Returns whether one ran.
pub fn stop(folder: &Path) -> Result<bool> {
    if !folder.exists() {
        return Ok(false);
    }
    let _lock = cache::lock(&folder.join("lock"), "the detached cluster")?;
    let ran = is_running(folder)?;
    end(folder)?;
    let node_ran = end_node(folder)?;
    Ok(ran || node_ran)
}

fn is_running(folder: &Path) -> Result<bool> {
    let state = read_state(folder)?;
    Ok(state.is_some_and(|state| state.etcd.is_running() && state.kube_apiserver.is_running()))
}

/// Ends what is left of a cluster, be it all, a part or nothing.
fn end(folder: &Path) -> Result<()> {
    if let Some(state) = read_state(folder)? {
        state.kube_apiserver.kill()?;
        state.etcd.kill()?;
        fs::remove_file(state_file(folder)).context("removing the state file")?;
    }
    let servers = servers_folder(folder);
    if servers.exists() {
        fs::remove_dir_all(&servers).with_context(|| format!("removing {}", servers.display()))?;
    }
    Ok(())
}

fn read_state(folder: &Path) -> Result<Option<State>> {
    let path = state_file(folder);
    if !path.exists() {
        return Ok(None);
    }
    let state = fs::read(&path).map_err(anyhow::Error::from);
    let state = state.and_then(|state| Ok(serde_json::from_slice(&state)?));
    state
        .with_context(|| format!("reading {}", path.display()))
        .map(Some)
}

fn files(folder: &Path) -> Detached {
    let servers = servers_folder(folder);
    Detached {
        kubeconfig: servers.join("admin.kubeconfig"),
        candidate_kubeconfig: servers.join("candidate.kubeconfig"),
    }
}

fn servers_folder(folder: &Path) -> PathBuf {
    folder.join("cluster")
}

fn state_file(folder: &Path) -> PathBuf {
    folder.join("state.json")
}
