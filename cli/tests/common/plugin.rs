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
            "trap 'echo ended > {1}; exit' TERM; touch {0}; while test -e {0}; do sleep 0.05; done",
            running(&folder).display(),
            ended(&folder).display()
        );
        // Nobody listens there, and nobody asks.
        kubeconfig(folder.path(), "https://127.0.0.1:1", &script);
        Self(folder)
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.0.path().join("kubeconfig")
    }

    pub(crate) fn wait_until_it_runs(&self) {
        wait_for(&running(&self.0));
    }

    /// Waits until somebody has asked it to end, who no longer waits for its answer.
    pub(crate) fn wait_until_it_is_ended(&self) {
        wait_for(&ended(&self.0));
    }
}

fn wait_for(file: &Path) {
    let deadline = Instant::now() + LIMIT;
    while !file.exists() {
        assert!(
            Instant::now() < deadline,
            "the plugin never writes {}",
            file.display()
        );
        thread::sleep(POLL_INTERVAL);
    }
}

fn ended(folder: &TempDir) -> PathBuf {
    folder.path().join("ended")
}

fn running(folder: &TempDir) -> PathBuf {
    folder.path().join("running")
}
