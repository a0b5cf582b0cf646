//! What somebody rotates is followed: authorities, certificates, addresses.

use std::fs;
use std::sync::Arc;

use leasehold::ErrorKind;
use leasehold::lease_store::LeaseStore;
use serde_json::{Value, json};

use crate::cluster::{admin, cluster, cluster_at};
use crate::kubeconfig::Kubeconfig;
use crate::tls_server::{Authority, TlsServer};
use crate::trust::ANOTHER_AUTHORITY;

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_was_replaced_in_its_file_is_trusted() {
    let mut cluster = cluster();
    let fields = cluster.as_object_mut().unwrap();
    fields.remove("certificate-authority-data");
    fields.insert("certificate-authority".into(), json!("ca.crt"));
    let kubeconfig = Kubeconfig::new(&cluster, &admin());
    let file = kubeconfig.folder().join("ca.crt");
    fs::write(&file, ANOTHER_AUTHORITY).unwrap();
    kubeconfig.save();
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "new-ca-file").unwrap();
    assert_eq!(
        lease.read().await.unwrap_err().kind(),
        ErrorKind::Unavailable
    );

    fs::write(&file, crate::cluster::started().ca_pem()).unwrap();
    assert!(lease.read().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_was_replaced_in_the_kubeconfig_is_trusted() {
    let right = cluster();
    let mut wrong = right.clone();
    wrong["certificate-authority-data"] = Authority::new().data();
    let mut kubeconfig = Kubeconfig::new(&wrong, &admin());
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "new-ca").unwrap();
    assert!(lease.read().await.is_err());

    kubeconfig.content["clusters"][0]["cluster"] = right;
    kubeconfig.save();
    assert!(lease.read().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_address_moved_is_found_under_its_authority() {
    // Reserved for a service that nobody has run for decades.
    let mut kubeconfig = Kubeconfig::new(&cluster_at("127.0.0.1:1"), &admin());
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "moved").unwrap();
    assert!(lease.read().await.is_err());

    kubeconfig.content["clusters"][0]["cluster"] = cluster();
    kubeconfig.save();
    assert!(lease.read().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unusable_kubeconfig_is_told_while_the_server_is_away_and_followed_when_put_right() {
    let mut kubeconfig = Kubeconfig::new(&cluster_at("127.0.0.1:1"), &admin());
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "half-written").unwrap();

    fs::write(kubeconfig.path(), "{ \"clusters\": [").unwrap();
    let message = lease.read().await.unwrap_err().to_string();
    assert!(message.contains("Connection refused"), "{message}");
    assert!(message.contains("is not a kubeconfig: line 1"), "{message}");

    kubeconfig.content["clusters"][0]["cluster"] = cluster();
    kubeconfig.save();
    assert!(lease.read().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_left_an_address_which_now_swallows_everything_is_found() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let mut kubeconfig = Kubeconfig::new(&cluster_at(&address), &admin());
    let connections = kubeconfig
        .connect_with_limit(std::time::Duration::from_secs(10))
        .await;
    let lease = connections.lease("default", "swallowed").unwrap();
    let message = lease.read().await.unwrap_err().to_string();
    assert!(message.contains("no connection after 8s"), "{message}");

    kubeconfig.content["clusters"][0]["cluster"] = cluster();
    kubeconfig.save();
    assert!(lease.read().await.unwrap().is_none());
}

fn client_of(authority: &Authority, name: &str) -> Value {
    let (certificate, key) = authority.client(name);
    json!({ "certificate": certificate, "key": key })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_replaced_in_its_files_is_shown_once_the_old_one_is_refused() {
    let authority = Authority::new();
    // Takes the second one only, as an API server does when the first has expired.
    let server = TlsServer::start(&authority, |_, certificate| {
        if certificate == Some("second") {
            404
        } else {
            401
        }
    })
    .await;
    let mut kubeconfig = Kubeconfig::new(&server.cluster(&authority), &json!({}));
    let folder = kubeconfig.folder().to_owned();
    let install = |client: &Value| {
        for (file, part) in [("tls.crt", "certificate"), ("tls.key", "key")] {
            fs::write(folder.join(file), client[part].as_str().unwrap()).unwrap();
        }
    };
    install(&client_of(&authority, "first"));
    kubeconfig.set_user(&json!({ "client-certificate": "tls.crt", "client-key": "tls.key" }));
    let connections = kubeconfig.connect().await.unwrap();
    let lease = Arc::new(connections.lease("default", "client").unwrap());
    assert_eq!(
        lease.read().await.unwrap_err().kind(),
        ErrorKind::Unauthorized
    );

    install(&client_of(&authority, "second"));
    assert!(lease.read().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kubeconfig_that_never_ends_is_told_and_an_election_goes_on_as_before() {
    let mut kubeconfig = Kubeconfig::new(&cluster_at("127.0.0.1:1"), &admin());
    let connections = kubeconfig
        .connect_with_limit(std::time::Duration::from_secs(10))
        .await;
    let lease = connections.lease("default", "a-pipe").unwrap();

    // As of a shell's process substitution, which has been read.
    fs::remove_file(kubeconfig.path()).unwrap();
    let mkfifo = std::process::Command::new("mkfifo")
        .arg(kubeconfig.path())
        .status();
    assert!(mkfifo.unwrap().success());
    for _ in 0..2 {
        let message = lease.read().await.unwrap_err().to_string();
        assert!(message.contains("could not be read within 8s"), "{message}");
    }

    // The reader of the pipe gets the rest of it.
    let pipe = kubeconfig.path();
    kubeconfig.content["clusters"][0]["cluster"] = cluster();
    let content = kubeconfig.content.to_string();
    tokio::task::spawn_blocking(move || fs::write(pipe, content))
        .await
        .unwrap()
        .unwrap();
    fs::remove_file(kubeconfig.path()).unwrap();
    kubeconfig.save();
    assert!(lease.read().await.unwrap().is_none());
}
