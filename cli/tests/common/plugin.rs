//! A credential plugin that never answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use serde_json::json;
use tempfile::TempDir;

use crate::common::{LIMIT, POLL_INTERVAL};

/// Writes a kubeconfig whose credentials this script of the shell has.
pub(crate) fn kubeconfig(folder: &Path, server: &str, script: &str) -> PathBuf {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }],
        "clusters": [{ "name": "c", "cluster": { "server": server } }],
        "users": [{ "name": "u", "user": { "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "sh",
            "args": ["-c", script],
            "interactiveMode": "Never",
        }}}],
    });
    let kubeconfig = folder.join("kubeconfig");
    fs::write(&kubeconfig, config.to_string()).expect("a file");
    kubeconfig
}

/// It ends when this is dropped.
pub(crate) struct Plugin(TempDir);

impl Plugin {
    pub(crate) fn that_hangs() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let script = format!(
            "touch {0}; while test -e {0}; do sleep 0.05; done",
            running(&folder).display()
        );
        // Nobody listens there, and nobody asks.
        kubeconfig(folder.path(), "https://127.0.0.1:1", &script);
        Self(folder)
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.0.path().join("kubeconfig")
    }

    pub(crate) fn wait_until_it_runs(&self) {
        let deadline = Instant::now() + LIMIT;
        while !running(&self.0).exists() {
            assert!(Instant::now() < deadline, "the plugin never runs");
            thread::sleep(POLL_INTERVAL);
        }
    }
}

fn running(folder: &TempDir) -> PathBuf {
    folder.path().join("running")
}
