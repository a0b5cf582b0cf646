//! What several tests need.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long something that must happen is waited for.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// The collection of Leases that tests use.
pub(crate) const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases";

/// A Lease with this name and nothing else.
pub(crate) fn lease(name: &str) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": { "name": name },
        "spec": {},
    })
}

/// The processes that a cluster's folder names.
pub(crate) fn pids(folder: &Path) -> Vec<String> {
    ["etcd.pid", "kube-apiserver.pid"]
        .map(|name| fs::read_to_string(folder.join(name)).expect("the server has a pid file"))
        .to_vec()
}

/// Fails if a process has not ended within `limit`.
pub(crate) fn expect_ended(pids: &[String], limit: Duration) {
    for pid in pids {
        wait_until(limit, || {
            match fs::read_to_string(format!("/proc/{pid}/stat")) {
                // One whose new parent has not yet waited for it.
                Ok(stat) => stat.contains(") Z "),
                Err(_) => true,
            }
        });
    }
}

/// Fails if `condition` does not hold within `limit`.
pub(crate) fn wait_until(limit: Duration, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + limit;
    while !condition() {
        assert!(
            Instant::now() < deadline,
            "it did not happen within {limit:?}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}
