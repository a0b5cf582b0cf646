//! Mistakes in a configuration, each with the setting, its value and the fix.

use std::path::Path;

use leasehold::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::kubeconfig::{Kubeconfig, connect};

fn cluster() -> Value {
    json!({ "server": "https://127.0.0.1:6443" })
}

fn checked(error: Option<Error>) -> String {
    let error = error.expect("a mistake");
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    error.message().to_owned()
}

/// What is said about a kubeconfig, with `FILE` for its path.
async fn mistake_in(kubeconfig: &Kubeconfig) -> String {
    let message = checked(kubeconfig.connect().await.err());
    message.replace(kubeconfig.path().to_str().unwrap(), "FILE")
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let message = checked(connect(Path::new("/nowhere/config"), None).await.err());
    assert_eq!(
        message,
        "kubeconfig = /nowhere/config: no such file; name one that exists, or set KUBECONFIG"
    );
}

#[tokio::test]
async fn a_file_that_is_no_kubeconfig_is_named() {
    let message = mistake_in(&Kubeconfig::with_content(json!({ "clusters": 7 }))).await;
    assert!(
        message.starts_with("kubeconfig = FILE: FILE is not a kubeconfig: line 1, column "),
        "{message}"
    );
}

#[tokio::test]
async fn an_unknown_context_is_answered_with_those_there_are() {
    let mut content = Kubeconfig::new(&cluster(), &json!({})).content;
    content["contexts"] = json!([
        { "name": "staging", "context": { "cluster": "test", "user": "test" } },
        { "name": "production", "context": { "cluster": "test", "user": "test" } },
    ]);
    let kubeconfig = Kubeconfig::with_content(content);

    let message = checked(kubeconfig.connect_in("prod").await.err());

    assert_eq!(
        message.replace(kubeconfig.path().to_str().unwrap(), "FILE"),
        "context = prod: no such context in FILE; choose one of staging, production"
    );
}

#[tokio::test]
async fn a_file_without_a_current_context_needs_one() {
    let mut content = Kubeconfig::new(&cluster(), &json!({})).content;
    content["current-context"] = Value::Null;

    assert_eq!(
        mistake_in(&Kubeconfig::with_content(content)).await,
        "kubeconfig = FILE: no current-context; set `context` to test, the only one there is"
    );
}

#[tokio::test]
async fn an_empty_file_is_not_asked_for_a_context() {
    assert_eq!(
        mistake_in(&Kubeconfig::with_content(json!({}))).await,
        "kubeconfig = FILE: it has no contexts; name another file"
    );
}

#[tokio::test]
async fn a_context_must_refer_to_what_is_there() {
    for (what, list) in [("cluster", "clusters"), ("user", "users")] {
        let mut content = Kubeconfig::new(&cluster(), &json!({})).content;
        content[list] = json!([]);
        assert_eq!(
            mistake_in(&Kubeconfig::with_content(content)).await,
            format!(
                "kubeconfig = FILE: context test refers to the {what} test, which is not in the \
                 file; add it, or choose another context"
            )
        );
    }
}

#[tokio::test]
async fn each_unusable_part_of_a_cluster_is_named() {
    let missing = "kubeconfig = FILE: cluster test: certificate-authority /nowhere/ca.crt cannot \
                   be read (No such file or directory (os error 2))";
    let cases = [
        (
            json!({ "certificate-authority": "/nowhere/ca.crt" }),
            missing,
        ),
        (
            json!({ "certificate-authority-data": "*" }),
            "kubeconfig = FILE: cluster test: certificate-authority-data is not base64",
        ),
        (
            json!({ "server": null }),
            "kubeconfig = FILE: cluster test: `server` is missing",
        ),
        (
            json!({ "server": "https://a b" }),
            "kubeconfig = FILE: cluster test: `server` is not",
        ),
        (
            json!({ "proxy-url": "gopher://127.0.0.1" }),
            "kubeconfig = FILE: its proxy-url is not the address of a proxy",
        ),
        (
            json!({ "proxy-url": "socks4://127.0.0.1:1080" }),
            "kubeconfig = FILE: the proxy socks4://127.0.0.1:1080/ is not supported",
        ),
        (
            json!({ "tls-server-name": "a b" }),
            "kubeconfig = FILE: tls-server-name a b is not the name of a server",
        ),
    ];
    for (change, expected) in cases {
        let mut cluster = cluster();
        for (field, value) in change.as_object().unwrap() {
            cluster[field] = value.clone();
        }
        let message = mistake_in(&Kubeconfig::new(&cluster, &json!({}))).await;
        assert!(message.starts_with(expected), "{message}");
    }
}

#[tokio::test]
async fn each_unusable_part_of_a_user_is_named() {
    let cases = [
        (
            json!({ "tokenFile": "/nowhere/token" }),
            "kubeconfig = FILE: tokenFile /nowhere/token cannot be used (No such file",
        ),
        (
            json!({ "client-certificate-data": "*", "client-key-data": "*" }),
            "kubeconfig = FILE: client-certificate-data is not base64",
        ),
        (
            json!({ "client-certificate": "/nowhere/tls.crt", "client-key": "/nowhere/tls.key" }),
            "kubeconfig = FILE: client-certificate /nowhere/tls.crt cannot be read (No such file",
        ),
        (
            json!({ "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": "no-such-plugin",
            }}),
            "kubeconfig = FILE: its credential plugin no-such-plugin cannot be run (No such file",
        ),
    ];
    for (user, expected) in cases {
        let message = mistake_in(&Kubeconfig::new(&cluster(), &user)).await;
        assert!(message.starts_with(expected), "{message}");
    }
}

#[tokio::test]
async fn the_namespace_is_that_of_the_context() {
    let connections = Kubeconfig::new(&cluster(), &json!({}))
        .connect()
        .await
        .unwrap();
    assert_eq!(connections.default_namespace().unwrap(), "shop");
}

#[tokio::test]
async fn a_name_that_no_lease_can_have_is_refused() {
    let connections = Kubeconfig::new(&cluster(), &json!({}))
        .connect()
        .await
        .unwrap();
    let refused = |namespace, name| checked(connections.lease(namespace, name).err());

    for name in ["", "Jobs", "jobs/..", "-jobs", "jobs.", "a b"] {
        assert!(refused("default", name).starts_with(&format!("lease = `{name}`: ")));
    }
    for namespace in ["", "a.b", "../kube-system"] {
        let message = refused(namespace, "jobs");
        assert!(
            message.starts_with(&format!("namespace = `{namespace}`: ")),
            "{message}"
        );
    }
}
