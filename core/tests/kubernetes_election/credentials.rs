//! Configurations and credentials that change, or are waited for, while elections run.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use leasehold::{Config, LeaderElection, Mode};
use serde_json::{Value, json};

use crate::common::eventually;
use crate::program::write_program;
use crate::support::{Scene, await_leadership, kubeconfig_as_json};

fn start(lease: &str, kubeconfig: &Path) -> leasehold::Result<LeaderElection> {
    Config::new(lease)
        .mode(Mode::Kubernetes)
        .namespace("default")
        .kubeconfig(kubeconfig)
        .lease_duration(Duration::from_secs(8))
        .renew_deadline(Duration::from_secs(7))
        .retry_period(Duration::from_millis(200))
        .start()
}

fn write(path: &Path, content: &Value) {
    // As a login command does: never half a file.
    let fresh = path.with_extension("fresh");
    fs::write(&fresh, content.to_string()).unwrap();
    fs::rename(fresh, path).unwrap();
}

#[test]
fn a_plugin_that_does_not_end_holds_up_no_start_but_its_own() {
    let scene = Scene::granted("slow-plugin");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let token = folder.path().join("token");
    let (gate, plugin) = (folder.path().join("gate"), folder.path().join("plugin"));
    let mut content = kubeconfig_as_json();
    let user = &mut content["users"][0]["user"];
    fs::write(&token, user["token"].as_str().unwrap()).unwrap();
    *user = json!({ "exec": {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "./plugin",
        "interactiveMode": "Never",
    } });
    write(&path, &content);
    write_program(
        &plugin,
        b"#!/bin/sh\ncd \"$(dirname \"$0\")\"\n: > has-begun\ncat gate\n\
         printf '{\"status\":{\"token\":\"%s\"}}' \"$(cat token)\"\n",
    );
    assert!(
        Command::new("mkfifo")
            .arg(&gate)
            .status()
            .unwrap()
            .success()
    );

    let waiting = thread::spawn({
        let path = path.clone();
        move || start("slow-plugin", &path)
    });
    eventually("the plugin runs", || {
        folder.path().join("has-begun").exists()
    });
    // It starts, and leads, while the other still waits.
    drop(scene.leader("quick"));
    fs::write(&gate, "").unwrap();

    let election = waiting.join().unwrap().unwrap();
    await_leadership(&election);
}

#[test]
fn a_context_that_means_another_cluster_is_told_until_it_is_put_right() {
    let _scene = Scene::granted("pinned");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let right = kubeconfig_as_json();
    let mut refused = right.clone();
    refused["users"][0]["user"]["token"] = json!("not-a-token-of-this-cluster");
    write(&path, &refused);
    let election = start("pinned", &path).unwrap();
    let told = |what: &str| {
        let why = election.status().why_not_leading;
        why.is_some_and(|why| why.contains(what))
    };
    eventually("its credentials are refused", || {
        told("does not accept these credentials")
    });

    let mut elsewhere = right.clone();
    elsewhere["clusters"][0]["cluster"] = json!({ "server": "https://127.0.0.1:1" });
    write(&path, &elsewhere);
    eventually("it is told", || told("now means another cluster"));

    write(&path, &right);
    await_leadership(&election);
}
