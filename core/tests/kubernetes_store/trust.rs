//! What is said where there is no API server, or not the right one.

use leasehold::ErrorKind;
use leasehold::lease_store::LeaseStore;
use serde_json::{Value, json};

use crate::cluster::{admin, cluster};
use crate::fake_api_server::FakeApiServer;
use crate::kubeconfig::Kubeconfig;

/// An authority that has signed nothing here.
pub(crate) const ANOTHER_AUTHORITY: &str = "-----BEGIN CERTIFICATE-----
MIIBgDCCASWgAwIBAgIUVrQf5d//S01a0fbXxYRIx9wc0VQwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJdGVzdC1jYS0xMCAXDTI2MDMwNDEzMDk1MFoYDzIxMjYwMjA4
MTMwOTUwWjAUMRIwEAYDVQQDDAl0ZXN0LWNhLTEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARg57mWJPDsAIEQAgXqMOOfjMQP+PE9HqcZobycO8z94r/uRuV0wKx/
0SvMsKFtnreut0bjgFtmZaWY+6d87Is9o1MwUTAdBgNVHQ4EFgQUjtGuhkM7LtHB
gMPCJIxMwbY69OQwHwYDVR0jBBgwFoAUjtGuhkM7LtHBgMPCJIxMwbY69OQwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAj/WzNVJDg/cBtLqQVM77
tkB+QyIXLG3Vi9Xj1YfW9QECIQDDFW8yFtgLeCg2Zhr4xQNq3/24r/01kI2rjFPO
xBkDMw==
-----END CERTIFICATE-----
";

/// What a read says about a cluster that cannot be reached.
async fn unreachable(kubeconfig: &Kubeconfig) -> String {
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "unreachable").unwrap();
    let error = lease.read().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    error.to_string()
}

fn server(cluster: &Value) -> &str {
    cluster["server"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_authority_is_said_with_the_file_it_was_held_against() {
    let mut cluster = cluster();
    let server = server(&cluster).to_owned();
    cluster
        .as_object_mut()
        .unwrap()
        .remove("certificate-authority-data");
    cluster["certificate-authority"] = json!("ca.crt");
    let mut kubeconfig = Kubeconfig::new(&cluster, &admin());
    let file = kubeconfig.folder().join("ca.crt");
    std::fs::write(&file, ANOTHER_AUTHORITY).unwrap();
    kubeconfig.set_user(&admin());

    assert_eq!(
        unreachable(&kubeconfig).await,
        format!(
            "cannot reach the API server at {server}/: its certificate is not signed by any \
             authority in certificate-authority {}; is that the right cluster?",
            file.display()
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_name_is_said_with_both_names() {
    let mut cluster = cluster();
    cluster["tls-server-name"] = json!("elsewhere.example");

    let message = unreachable(&Kubeconfig::new(&cluster, &admin())).await;

    assert!(
        message.contains("its certificate is for another name"),
        "{message}"
    );
    assert!(message.contains("elsewhere.example"), "{message}");
    assert!(message.contains("127.0.0.1"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_on_which_nobody_listens_is_said() {
    let mut cluster = cluster();
    // Reserved for a service that nobody has run for decades.
    let nobody = "127.0.0.1:1";
    cluster["server"] = json!(format!("https://{nobody}"));

    let message = unreachable(&Kubeconfig::new(&cluster, &admin())).await;

    let expected = format!("cannot reach the API server at https://{nobody}/: tcp connect error");
    assert!(message.starts_with(&expected), "{message}");
    assert!(message.contains("Connection refused"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_does_not_exist_is_said() {
    let mut cluster = cluster();
    cluster["server"] = json!("https://api.cluster.invalid:6443");

    let message = unreachable(&Kubeconfig::new(&cluster, &admin())).await;

    assert!(message.contains("dns error"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_speaks_no_tls_is_said() {
    let plain = FakeApiServer::start(|_| unreachable!("it never gets so far")).await;
    let mut cluster = cluster();
    cluster["server"] = json!(plain.url().replace("http:", "https:"));

    let message = unreachable(&Kubeconfig::new(&cluster, &admin())).await;

    assert!(message.contains("it does not speak TLS"), "{message}");
}
