//! The namespaces that a cluster with nodes has to itself: processes, mounts, control groups, network.

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rustix::process::geteuid;

use super::relay::Relay;
use crate::lifeline::REMOVE_CONTROL_GROUPS;
use crate::server::{Recipe, Server};

/// Where scripts are; each says what it is for.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node");
const NAME: &str = "space";

/// The namespaces. They end, and with them all processes within, when this is dropped.
pub(crate) struct Space {
    server: Server,
    entrance: Entrance,
}

/// How to run something within.
#[derive(Clone, Debug)]
pub(crate) struct Entrance {
    folder: PathBuf,
}

/// Why this machine cannot have such namespaces, if it cannot.
pub(crate) fn what_is_missing() -> Option<String> {
    if cfg!(not(target_os = "linux")) {
        return Some("it needs Linux".to_owned());
    }
    if !geteuid().is_root() {
        return Some("it needs root, for namespaces and mounts".to_owned());
    }
    let on_path = |program: &str| {
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path).any(|folder| folder.join(program).is_file())
    };
    [
        ("unshare", "util-linux"),
        ("nsenter", "util-linux"),
        ("ip", "iproute2"),
        ("runc", "runc"),
    ]
    .into_iter()
    .find(|(program, _)| !on_path(program))
    .map(|(program, package)| format!("it needs `{program}`: apt-get install {package}"))
}

impl Space {
    /// Keeps its files in `folder`.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let own = folder.to_owned();
        let command = move |_| {
            let mut command = Command::new("sh");
            command
                .arg(format!("{SCRIPTS}/space.sh"))
                .arg(&own)
                .arg(format!("{SCRIPTS}/first.sh"));
            command
        };
        let ready = folder.join("ready");
        let check = move |_| {
            ensure!(ready.exists(), "its first process is not ready");
            Ok(())
        };
        let recipe = Recipe {
            name: NAME,
            is_parent: false,
            command: Box::new(command),
            check: Box::new(check),
        };
        Ok(Self {
            server: Server::start_at(folder, recipe, 0)?,
            entrance: Entrance {
                folder: folder.to_owned(),
            },
        })
    }

    pub(crate) fn entrance(&self) -> &Entrance {
        &self.entrance
    }

    /// A way to an address within, for as long as the value lives.
    pub(crate) fn relay(&self, target: SocketAddr) -> Result<Relay> {
        let first = self.server.child_pid()?;
        let network = format!("/proc/{}/ns/net", first.as_raw_nonzero());
        Relay::start(File::open(&network).context(network)?, target)
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        // With its outermost process, all others end.
        let _ = self.server.kill();
        if let Err(error) = remove_control_groups(&self.entrance.folder) {
            eprintln!("test-cluster: {error:#}");
        }
    }
}

impl Entrance {
    /// A command within. What it starts is the child of the process that is spawned.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("sh");
        command
            .arg(format!("{SCRIPTS}/enter.sh"))
            .arg(&self.folder)
            .arg(program);
        command
    }
}

/// Removes the control groups of a space whose processes have been killed.
pub(crate) fn remove_control_groups(folder: &Path) -> Result<()> {
    let removed = Command::new("sh")
        .arg(REMOVE_CONTROL_GROUPS)
        .arg(folder)
        .status()?;
    ensure!(removed.success(), "a control group of the cluster is left");
    Ok(())
}
