//! Credential plugins: what runs, how often, for how long, and what is said about it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use futures_util::future::join_all;
use leasehold::ErrorKind;
use leasehold::lease_store::LeaseStore;
use leasehold::lease_store::kubernetes::{ClusterConnections, ClusterOptions, ClusterSource};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::cluster::cluster;
use crate::credentials::admin_token;
use crate::kubeconfig::Kubeconfig;
use crate::program::write_program;
use crate::wire::Wire;

/// A credential plugin which gives what is in the file `token`, and writes a line for each run. If
/// there is a pipe called `gate`, it waits for somebody to open that.
fn install_plugin(folder: &Path) -> Value {
    write_program(
        &folder.join("plugin"),
        br#"#!/bin/sh
cd "$(dirname "$0")"
cat > stdin
echo run >> runs
if [ -p gate ]; then cat gate; fi
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",'
printf '"status":{"token":"%s","expirationTimestamp":"2999-01-01T00:00:00Z"}}' "$(cat token)"
"#,
    );
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
    write_program(
        &folder.join("plugin"),
        b"#!/bin/sh\necho 'please log in' >&2\nexit 3\n",
    );

    let error = kubeconfig.connect().await.expect_err("no credentials");

    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(
        error.message().ends_with("exit status: 3: please log in"),
        "{error}"
    );
}

/// A plugin that is this script.
fn install_script(folder: &Path, script: &str) -> Value {
    let user = install_plugin(folder);
    let script = format!("#!/bin/sh\n{script}\n");
    write_program(&folder.join("plugin"), script.as_bytes());
    user
}

fn options(kubeconfig: &Kubeconfig, plugin_limit: Duration) -> ClusterOptions {
    ClusterOptions {
        source: ClusterSource::Kubeconfig {
            path: Some(kubeconfig.path()),
            context: None,
        },
        silence_limit: Duration::from_secs(60),
        plugin_limit,
    }
}

fn is_alive(pid: &str) -> bool {
    // A dead process that nobody has waited for yet is no longer one that does anything.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_plugin_that_never_ends_is_quoted_and_killed_with_all_it_started() {
    let mut kubeconfig = Kubeconfig::new(&cluster(), &json!({}));
    let folder = kubeconfig.folder().to_owned();
    let script = "cd \"$(dirname \"$0\")\"; echo a-secret-of-0123456789; \
                  echo 'waiting for your browser' >&2; \
                  sleep 1000 & echo $! > child; echo $$ > pid; wait";
    kubeconfig.set_user(&install_script(&folder, script));

    let connecting = ClusterConnections::connect(options(&kubeconfig, Duration::from_secs(12)));
    let error = connecting.await.expect_err("no credentials");

    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(
        error.message().replace(folder.to_str().unwrap(), "FOLDER"),
        "the credential plugin FOLDER/./plugin of FOLDER/config did not end within 12s and was \
         killed: waiting for your browser"
    );
    for file in ["pid", "child"] {
        let pid = fs::read_to_string(folder.join(file)).unwrap();
        let ends = async {
            while is_alive(pid.trim()) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let ended = timeout(Duration::from_secs(60), ends).await;
        assert!(ended.is_ok(), "the {file} still runs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_for_a_plugin_says_so_in_time() {
    let mut kubeconfig = Kubeconfig::new(&cluster(), &json!({}));
    let folder = kubeconfig.folder().to_owned();
    kubeconfig.set_user(&install_plugin(&folder));
    fs::write(folder.join("token"), "expired").unwrap();
    let mut options = options(&kubeconfig, Duration::from_secs(60));
    options.silence_limit = Duration::from_secs(10);
    let connections = ClusterConnections::connect(options).await.unwrap();
    let lease = connections.lease("default", "waiting").unwrap();

    write_program(
        &folder.join("plugin"),
        b"#!/bin/sh\necho 'log in at https://login.example' >&2\nsleep 1000\n",
    );
    let error = lease.read().await.expect_err("it still runs");

    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(
        error
            .to_string()
            .contains("has not ended: log in at https://login.example"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_prints_is_in_no_error() {
    for printed in [
        "echo a-bare-token",
        "echo '{\"status\":{\"token\":\"a-bare-token'",
        "echo '{\"status\":{\"expirationTimestamp\":\"a-bare-token\",\"token\":\"x\"}}'",
        "echo '{\"status\":{\"clientCertificateData\":\"a-bare-token\",\"clientKeyData\":\"a-bare-token\"}}'",
        "printf %s '{\"status\":{\"token\":\"a-bare-token\\u0001\"}}'",
    ] {
        let mut kubeconfig = Kubeconfig::new(&cluster(), &json!({}));
        let folder = kubeconfig.folder().to_owned();
        kubeconfig.set_user(&install_script(&folder, printed));

        let error = kubeconfig.connect().await.expect_err("no credentials");

        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{printed}");
        let said = format!("{error} {error:?}");
        assert!(!said.contains("bare"), "{said}");
        assert!(said.contains("plugin"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_cost_a_process_one_run_and_one_request_at_a_time() {
    let wire = Wire::to_the_api_server().await;
    let mut kubeconfig = wire.kubeconfig();
    let folder = kubeconfig.folder().to_owned();
    kubeconfig.set_user(&install_plugin(&folder));
    fs::write(folder.join("token"), "expired").unwrap();
    let connections = kubeconfig.connect().await.unwrap();

    let leases: Vec<_> = (0..30)
        .map(|number| {
            connections
                .lease("default", &format!("refused-{number}"))
                .unwrap()
        })
        .collect();
    for lease in &leases {
        let error = lease.read().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert!(
            error
                .to_string()
                .contains("does not accept these credentials"),
            "{error}"
        );
    }

    // What was given at the start, and what was given instead.
    assert_eq!(runs(&folder), 2);
    // The API server closes each connection on which it has refused somebody.
    assert!(wire.connections() <= 2, "{}", wire.connections());
}
