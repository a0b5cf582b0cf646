//! A cluster that runs pods.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{LIMIT, wait_until};
use leasehold_test_cluster::{Api, NodeCluster, Result, detached, left_out};
use serde_json::{Value, json};

const PODS: &str = "/api/v1/namespaces/default/pods";

#[test]
fn a_pod_runs_with_an_address_and_a_token_and_nothing_of_it_is_left() -> Result<()> {
    if let Some(why) = left_out()? {
        eprintln!("{why}");
        return Ok(());
    }
    let node = NodeCluster::start()?;
    let api = node.cluster().api();
    // The controller makes the service account before long.
    wait_until(LIMIT, || api.post(PODS, &pod("first")).is_ok());
    wait_until(LIMIT, || is_running(api, "first"));
    let pod = api.get(&format!("{PODS}/first"))?;
    assert!(
        pod["status"]["podIP"]
            .as_str()
            .is_some_and(|it| it.starts_with("10.88.1.")),
        "{pod}"
    );
    assert_eq!(
        pod["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]["path"],
        "token"
    );
    node.kubectl(["delete", "pod", "first"])?;

    let folder = node.cluster().admin_kubeconfig();
    let folder = folder.parent().expect("a file has a folder").to_owned();
    let groups = fs::read_to_string(folder.join("cgroups"))?;
    assert!(
        groups.lines().all(|group| Path::new(group).exists()),
        "{groups}"
    );
    drop(node);
    assert!(
        !groups.lines().any(|group| Path::new(group).exists()),
        "{groups}"
    );
    assert!(!folder.exists());
    Ok(())
}

#[test]
fn all_of_a_node_ends_with_the_process_that_holds_it_and_without_its_help() -> Result<()> {
    if let Some(why) = left_out()? {
        eprintln!("{why}");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let program = Path::new(env!("CARGO_BIN_EXE_test-cluster"));
    let kubeconfig = detached::start_with_node(folder.path(), program)?;
    let api = Api::from_kubeconfig(&kubeconfig)?;
    wait_until(LIMIT, || api.post(PODS, &pod("kept")).is_ok());
    wait_until(LIMIT, || is_running(&api, "kept"));

    let cluster = kubeconfig.parent().expect("a file has a folder");
    let groups = fs::read_to_string(cluster.join("cgroups"))?;
    let within = cluster
        .file_name()
        .expect("a folder has a name")
        .to_string_lossy();
    // The servers, and the two processes of a pod.
    assert!(processes_of(&within)?.len() > 6);
    assert!(detached::stop(folder.path())?);
    wait_until(LIMIT, || !cluster.exists());
    assert!(
        !groups.lines().any(|group| Path::new(group).exists()),
        "{groups}"
    );
    // The last to end take down the namespaces.
    wait_until(LIMIT, || {
        processes_of(&within).is_ok_and(|left| left.is_empty())
    });
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    assert!(!mounts.contains(&*cluster.to_string_lossy()));
    Ok(())
}

/// The processes in the control groups of a cluster.
fn processes_of(cluster: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        let groups = fs::read_to_string(path.join("cgroup"));
        let status = fs::read_to_string(path.join("stat"));
        // One whose new parent has not yet waited for it has ended.
        let has_ended = status.is_ok_and(|status| status.contains(") Z "));
        if groups.is_ok_and(|groups| groups.contains(cluster)) && !has_ended {
            found.push(path);
        }
    }
    Ok(found)
}

fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name },
        "spec": {
            "containers": [{ "name": "app", "image": "pause:1", "imagePullPolicy": "Never" }],
            "terminationGracePeriodSeconds": 1,
        },
    })
}

fn is_running(api: &Api, pod: &str) -> bool {
    api.get(&format!("{PODS}/{pod}"))
        .is_ok_and(|pod| pod["status"]["phase"] == "Running")
}
