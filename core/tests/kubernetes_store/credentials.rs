//! Credentials that change while an election runs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use futures_util::future::join_all;
use leasehold::ErrorKind;
use leasehold::lease_store::LeaseStore;
use leasehold_test_cluster::{Credentials, TestCluster};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::cluster::{admin, cluster};
use crate::kubeconfig::{Kubeconfig, connect};

fn refused() -> Value {
    json!({ "token": "not-a-token-of-this-cluster" })
}

fn admin_token() -> String {
    admin()["token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_replaced_in_the_kubeconfig_is_used_as_soon_as_the_old_one_is_refused() {
    let mut kubeconfig = Kubeconfig::new(&cluster(), &refused());
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "new-token").unwrap();

    kubeconfig.set_user(&admin());

    assert!(lease.read().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_stay_refused_are_an_error() {
    let kubeconfig = Kubeconfig::new(&cluster(), &refused());
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "no-token").unwrap();

    let error = lease.read().await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(
        error
            .to_string()
            .contains("does not accept these credentials"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_that_cannot_be_read_again_are_an_error() {
    let kubeconfig = Kubeconfig::new(&cluster(), &refused());
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "no-file").unwrap();

    fs::remove_file(kubeconfig.path()).unwrap();

    let error = lease.read().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().contains("no such file"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_file_is_read_for_each_request_with_or_without_a_line_break_at_its_end() {
    let mut kubeconfig = Kubeconfig::new(&cluster(), &json!({}));
    let file = kubeconfig.folder().join("token");
    fs::write(&file, "expired").unwrap();
    kubeconfig.set_user(&json!({ "tokenFile": "token" }));
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "token-file").unwrap();
    assert!(lease.read().await.is_err());

    fs::write(&file, admin_token() + "\n").unwrap();
    lease.read().await.unwrap();

    // As where a program is given its token at its start only.
    fs::remove_file(&file).unwrap();
    lease.read().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_election_outlives_the_revocation_of_its_token() {
    let cluster = spawn_blocking(TestCluster::start).await.unwrap().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, cluster.candidate_token().unwrap()).unwrap();
    let credentials = Credentials::TokenFile(file.clone());
    let kubeconfig = cluster.write_kubeconfig(credentials, None).unwrap();
    let (cluster, granted) = spawn_blocking(move || {
        let granted = cluster.grant("rotated");
        (cluster, granted)
    })
    .await
    .unwrap();
    granted.unwrap();
    let connections = connect(&kubeconfig, None).await.unwrap();
    let lease = connections.lease("default", "rotated").unwrap();
    lease.read().await.unwrap();

    let rotated = spawn_blocking(move || {
        cluster.set_candidate_token("the-next-token")?;
        cluster.restart_apiserver()?;
        anyhow::Ok(cluster)
    });
    let _cluster = rotated.await.unwrap().unwrap();
    assert_eq!(
        lease.read().await.unwrap_err().kind(),
        ErrorKind::Unauthorized
    );

    fs::write(&file, "the-next-token").unwrap();
    lease.read().await.unwrap();
}

/// A credential plugin which gives what is in the file `token`, and writes a line for each run. If
/// there is a pipe called `gate`, it waits for somebody to open that.
fn install_plugin(folder: &Path) -> Value {
    let plugin = folder.join("plugin");
    fs::write(
        &plugin,
        r#"#!/bin/sh
cd "$(dirname "$0")"
cat > stdin
echo run >> runs
if [ -p gate ]; then cat gate; fi
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",'
printf '"status":{"token":"%s","expirationTimestamp":"2999-01-01T00:00:00Z"}}' "$(cat token)"
"#,
    )
    .unwrap();
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).unwrap();
    json!({
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "./plugin",
            "interactiveMode": "IfAvailable",
        },
    })
}

fn runs(folder: &Path) -> usize {
    fs::read_to_string(folder.join("runs"))
        .unwrap()
        .lines()
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_plugin_runs_once_for_all_requests_and_again_when_its_token_is_refused() {
    let mut kubeconfig = Kubeconfig::new(&cluster(), &json!({}));
    let folder = kubeconfig.folder().to_owned();
    kubeconfig.set_user(&install_plugin(&folder));
    fs::write(folder.join("token"), "expired").unwrap();
    let connections = kubeconfig.connect().await.unwrap();
    assert_eq!(runs(&folder), 1);

    fs::write(folder.join("token"), admin_token()).unwrap();
    let leases: Vec<_> = (0..20)
        .map(|number| {
            connections
                .lease("default", &format!("plugin-{number}"))
                .unwrap()
        })
        .collect();
    for read in join_all(leases.iter().map(LeaseStore::read)).await {
        assert!(read.unwrap().is_none());
    }
    for read in join_all(leases.iter().map(LeaseStore::read)).await {
        assert!(read.unwrap().is_none());
    }

    assert_eq!(runs(&folder), 2);
    let from_our_terminal = fs::read(folder.join("stdin")).unwrap();
    assert!(from_our_terminal.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_plugin_that_outlasts_a_request_serves_the_next_one() {
    let mut kubeconfig = Kubeconfig::new(&cluster(), &json!({}));
    let folder = kubeconfig.folder().to_owned();
    kubeconfig.set_user(&install_plugin(&folder));
    fs::write(folder.join("token"), "expired").unwrap();
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "slow-plugin").unwrap();

    fs::write(folder.join("token"), admin_token()).unwrap();
    let gate = folder.join("gate");
    assert!(
        Command::new("mkfifo")
            .arg(&gate)
            .status()
            .unwrap()
            .success()
    );
    let runs_again = async {
        while runs(&folder) < 2 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        _ = lease.read() => panic!("the plugin still waits"),
        () = runs_again => {}
    }
    spawn_blocking(move || fs::write(gate, ""))
        .await
        .unwrap()
        .unwrap();

    lease.read().await.unwrap();
    assert_eq!(runs(&folder), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_plugin_that_fails_is_quoted() {
    let mut kubeconfig = Kubeconfig::new(&cluster(), &json!({}));
    let folder = kubeconfig.folder().to_owned();
    kubeconfig.set_user(&install_plugin(&folder));
    fs::write(
        folder.join("plugin"),
        "#!/bin/sh\necho 'please log in' >&2\nexit 3\n",
    )
    .unwrap();

    let error = kubeconfig.connect().await.expect_err("no credentials");

    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(
        error.message().ends_with("exit status: 3: please log in"),
        "{error}"
    );
}
