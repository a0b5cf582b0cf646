//! As in a pod: nothing but a service account's files and the API server's address. Each candidate
//! has a `/run` of its own, in a mount namespace.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result};
use leasehold_test_cluster::TestCluster;
use leasehold_tests::{Answer, CandidateProcess, LIMIT, Timing};
use serde_json::json;
use tempfile::TempDir;

use crate::candidate_command;

/// Puts the folder `$0` where a pod has its service account, then becomes the rest.
const IN_A_POD: &str = "
    set -e
    folder=/run/secrets/kubernetes.io/serviceaccount
    mount -t tmpfs tmpfs /run
    mkdir -p $folder
    mount --bind \"$0\" $folder
    exec env -u KUBECONFIG \"$@\"
";

/// What the kubelet mounts: links into a folder that is replaced as a whole.
struct ServiceAccount(TempDir);

impl ServiceAccount {
    fn new(cluster: &TestCluster, namespace: &str) -> Result<Self> {
        let account = Self(tempfile::tempdir()?);
        for file in ["token", "ca.crt", "namespace"] {
            symlink(Path::new("..data").join(file), account.path().join(file))?;
        }
        account.project(cluster, namespace, cluster.candidate_token()?)?;
        Ok(account)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn project(&self, cluster: &TestCluster, namespace: &str, token: &str) -> Result<()> {
        let files = tempfile::Builder::new()
            .prefix("..")
            .tempdir_in(self.path())?
            .keep();
        fs::write(files.join("token"), token)?;
        fs::write(files.join("ca.crt"), cluster.ca_pem())?;
        fs::write(files.join("namespace"), namespace)?;
        let name = files.file_name().context("a folder with a name")?;
        symlink(name, self.path().join("..data_tmp"))?;
        Ok(fs::rename(
            self.path().join("..data_tmp"),
            self.path().join("..data"),
        )?)
    }
}

fn pod(cluster: &TestCluster, account: &ServiceAccount, name: &str) -> Result<CandidateProcess> {
    let (host, port) = cluster
        .server_address()
        .split_once(':')
        .context("an address with a port")?;
    let around = [
        "unshare",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        IN_A_POD,
    ]
    .map(str::to_owned);
    let account = account.path().to_str().context("a path in UTF-8")?;
    let environment = [
        format!("KUBERNETES_SERVICE_HOST={host}"),
        format!("KUBERNETES_SERVICE_PORT={port}"),
    ];
    let command = [
        &around[..],
        &[account.to_owned()],
        &environment,
        &candidate_command(),
    ]
    .concat();
    let mut candidate = CandidateProcess::start(
        &command,
        Path::new("/nonexistent"),
        "pods",
        name,
        Timing::SHORT,
    )?;
    candidate.wait_for(Answer::Ready, LIMIT)?;
    Ok(candidate)
}

#[test]
fn pods_elect_a_leader_in_their_namespace_also_after_their_token_was_replaced() {
    let cluster = TestCluster::start().unwrap();
    let api = cluster.api();
    let namespace = json!({ "metadata": { "name": "jobs" } });
    api.post("/api/v1/namespaces", &namespace).unwrap();
    cluster.grant_except("jobs", "pods", &[]).unwrap();

    let account = ServiceAccount::new(&cluster, "jobs").unwrap();
    let mut first = pod(&cluster, &account, "pod-1").unwrap();
    first.wait_for(Answer::Leader, LIMIT).unwrap();
    let lease = "/apis/coordination.k8s.io/v1/namespaces/jobs/leases/pods";
    assert_eq!(api.get(lease).unwrap()["spec"]["holderIdentity"], "pod-1");

    cluster.set_candidate_token("replaced").unwrap();
    account.project(&cluster, "jobs", "replaced").unwrap();
    cluster.restart_apiserver().unwrap();
    let mut second = pod(&cluster, &account, "pod-2").unwrap();
    first.terminate().unwrap();
    second.wait_for(Answer::Leader, LIMIT).unwrap();
    second.terminate().unwrap();
    first.finish().unwrap();
    second.finish().unwrap();
}
