//! The API server of another version of Kubernetes than the one that is pinned here, built of the
//! modules that are published of it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::binaries;
use crate::cache;
use crate::go_build::{self, Program};

const MODULE: &str = "k8s.io/kubernetes";
/// Modules of which a release of Kubernetes has the sources, and which are also published apart.
const STAGING: &str = "./staging/";
/// As of 1.31 there are no cloud providers in it; before, theirs are modules that are gone.
const FLAGS: [&str; 4] = ["-mod=mod", "-tags", "providerless", "-buildvcs=false"];

/// A folder with `etcd` and the `kube-apiserver` of `version`, such as `v1.29.6`, for
/// `KUBEBUILDER_ASSETS`. They are built first if need be.
pub fn servers_of(version: &str) -> Result<PathBuf> {
    let folder = cache::folder()?.join(format!("kubernetes-{version}"));
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let server = folder.join("kube-apiserver");
    if !server.exists() {
        binaries::built_once(&server, |partial| build(version, &folder, partial))?;
    }
    let etcd = folder.join("etcd");
    if !etcd.exists() {
        symlink(binaries::control_plane()?.etcd, etcd)?;
    }
    Ok(folder)
}

fn build(version: &str, folder: &Path, output: &Path) -> Result<()> {
    let download = ["mod", "download", "-json", &format!("{MODULE}@{version}")];
    let found: Value = serde_json::from_str(&go(folder, &download)?)?;
    let pins = found["GoMod"].as_str().context("it has a go.mod")?;
    fs::write(folder.join("go.mod"), fs::read(pins)?)?;
    edit(version, folder)?;
    let module = folder.to_str().context("a path in UTF-8")?;
    let program = Program::api_server_in(module);
    let flags = go_build::linker_flags(version);
    go_build::build_with(&program, &flags, &FLAGS, output)
}

/// Makes its `go.mod` that of a module which depends on it, and on what is published of its parts.
fn edit(version: &str, folder: &Path) -> Result<()> {
    let pins: Value = serde_json::from_str(&go(folder, &["mod", "edit", "-json"])?)?;
    let parts = pins["Replace"].as_array().into_iter().flatten();
    let parts = parts.filter(|it| {
        it["New"]["Path"]
            .as_str()
            .is_some_and(|it| it.starts_with(STAGING))
    });
    // Kubernetes 1.29.6 is of v0.29.6 of each.
    let published = version.replacen("v1.", "v0.", 1);
    let mut words = vec![
        "mod".to_owned(),
        "edit".to_owned(),
        "-module=other-version".to_owned(),
    ];
    for part in parts {
        let part = part["Old"]["Path"].as_str().context("a path")?;
        words.push(format!("-replace={part}={part}@{published}"));
    }
    words.push(format!("-require={MODULE}@{version}"));
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    go(folder, &words).map(drop)
}

fn go(folder: &Path, words: &[&str]) -> Result<String> {
    let ran = Command::new("go")
        .current_dir(folder)
        .args(words)
        .env_remove("GOFLAGS")
        .env("GOWORK", "off")
        .output()
        .context("running `go`")?;
    ensure!(
        ran.status.success(),
        "`go {}` failed ({}):\n{}",
        words.join(" "),
        ran.status,
        String::from_utf8_lossy(&ran.stderr)
    );
    Ok(String::from_utf8(ran.stdout)?)
}
