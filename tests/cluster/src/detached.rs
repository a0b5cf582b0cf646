//! A cluster that outlives the process that started it: `cargo xtask cluster`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::cache;
use crate::control_plane::{CANDIDATE_TOKEN, ControlPlane};
use crate::kubeconfig::{Credentials, Kubeconfig};
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
    Ok(ran)
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
