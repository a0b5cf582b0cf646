//! What is said of credentials, and of a server that nobody vouches for.

use std::error::Error as _;
use std::fmt::{self, Write};
use std::fs;
use std::sync::{Mutex, Once};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use leasehold::lease_store::LeaseStore;
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::kubeconfig::Kubeconfig;
use crate::program::write_program;
use crate::tls_server::{Authority, TlsServer};

/// Nowhere else in what is said.
const SECRET: &str = "Zk7SecretSecretSecret0123456";

/// All that this process logs, of each level and of libraries too.
struct Everything;

static LOG: Mutex<String> = Mutex::new(String::new());

impl Everything {
    fn is_kept() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| tracing::subscriber::set_global_default(Self).unwrap());
    }

    fn so_far() -> String {
        LOG.lock().unwrap().clone()
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        struct Text(String);
        impl Visit for Text {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                write!(self.0, "{field}={value:?} ").unwrap();
            }
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        let mut log = LOG.lock().unwrap();
        writeln!(log, "{} {}", event.metadata().target(), text.0).unwrap();
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Users, each with the secret in another place; `folder` has a token file and a plugin.
fn users() -> Vec<(&'static str, Value)> {
    let exec = |program: &str| {
        json!({ "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": program,
            "env": [{ "name": "AWS_SECRET_ACCESS_KEY", "value": SECRET }],
            "interactiveMode": "Never",
        }})
    };
    vec![
        ("token", json!({ "token": SECRET })),
        (
            "token that no header takes",
            json!({ "token": format!("{SECRET}\n\n{SECRET}") }),
        ),
        ("token file", json!({ "tokenFile": "token" })),
        (
            "token file of two lines",
            json!({ "tokenFile": "two-lines" }),
        ),
        ("password", json!({ "username": "me", "password": SECRET })),
        (
            "provider",
            json!({ "auth-provider": { "name": "oidc", "config": {
                "id-token": SECRET, "refresh-token": SECRET, "client-secret": SECRET,
            }}}),
        ),
        (
            "unknown provider",
            json!({ "auth-provider": { "name": "gcp", "config": { "access-token": SECRET } } }),
        ),
        (
            "key",
            json!({
                "client-certificate-data": BASE64_STANDARD.encode(SECRET),
                "client-key-data": BASE64_STANDARD.encode(SECRET),
            }),
        ),
        ("plugin", exec("./plugin")),
        ("plugin that fails", exec("./fails")),
        ("plugin that prints no credential", exec("./prints")),
    ]
}

/// All forms of what has failed.
fn forms(error: &leasehold::Error) -> String {
    let mut forms = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(forms, " {error} {error:?}").unwrap();
        cause = error.source();
    }
    forms
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_a_log_an_error_or_a_debug_text() {
    Everything::is_kept();
    let authority = Authority::new();
    let refusing = TlsServer::start(&authority, |_, _| 401).await;
    let failing = TlsServer::start(&authority, |_, _| 503).await;
    let mut by_proxy = failing.cluster(&authority);
    by_proxy["proxy-url"] = json!(format!("http://me:{SECRET}@127.0.0.1:1"));
    let mut by_address = failing.cluster(&authority);
    by_address["server"] = json!(format!("https://me:{SECRET}@127.0.0.1:1"));
    let mut by_nonsense = failing.cluster(&authority);
    by_nonsense["server"] = json!(format!("https://me:{SECRET}@ no host"));
    let servers = [
        refusing.cluster(&authority),
        failing.cluster(&authority),
        by_proxy,
        by_address,
        by_nonsense,
    ];

    let mut failures = 0;
    for (kind, user) in users() {
        for cluster in &servers {
            let kubeconfig = Kubeconfig::new(cluster, &user);
            let folder = kubeconfig.folder();
            fs::write(folder.join("token"), SECRET).unwrap();
            fs::write(folder.join("two-lines"), format!("{SECRET}\nx{SECRET}")).unwrap();
            let credential =
                format!(r#"{{"kind":"ExecCredential","status":{{"token":"{SECRET}"}}}}"#);
            for (name, script) in [
                ("plugin", format!("echo '{credential}'; echo {SECRET} >&2")),
                (
                    "fails",
                    format!("echo token={SECRET} >&2; echo got {SECRET} >&2; exit 1"),
                ),
                ("prints", format!("echo '{{{SECRET}'; echo {SECRET} >&2")),
            ] {
                let script = format!("#!/bin/sh\n{script}\n");
                write_program(&folder.join(name), script.as_bytes());
            }
            let said = match kubeconfig.connect().await {
                Err(error) => forms(&error),
                Ok(connections) => {
                    let lease = connections.lease("default", "jobs").unwrap();
                    let error = lease.read().await.unwrap_err();
                    let error = leasehold::Error::from(error);
                    format!("{} {lease:?} {connections:?}", forms(&error))
                }
            };
            failures += 1;
            assert!(!said.contains(SECRET), "{kind}: {said}");
        }
    }
    assert_eq!(failures, users().len() * servers.len());
    let log = Everything::so_far();
    let with_it: Vec<_> = log.lines().filter(|line| line.contains(SECRET)).collect();
    assert!(with_it.is_empty(), "{with_it:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_nobody_vouches_for_is_said_loudly_and_is_trusted_only_if_the_kubeconfig_says_so()
 {
    Everything::is_kept();
    let authority = Authority::new();
    let server = TlsServer::start(&authority, |_, _| 404).await;
    let mut cluster = server.cluster(&authority);
    let address = cluster["server"].as_str().unwrap().to_owned();
    let user = json!({ "token": "any" });
    let warned = || {
        let log = Everything::so_far();
        let mut lines = log.lines().filter(|line| line.contains("NOT verified"));
        lines.any(|line| line.contains(&address))
    };

    cluster["certificate-authority-data"] = Authority::new().data();
    let kubeconfig = Kubeconfig::new(&cluster, &user);
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "jobs").unwrap();
    let error = lease.read().await.unwrap_err().to_string();
    assert!(error.contains("is not signed by any authority"), "{error}");
    assert!(!warned());

    let fields = cluster.as_object_mut().unwrap();
    fields.remove("certificate-authority-data");
    fields.insert("insecure-skip-tls-verify".to_owned(), json!(true));
    let kubeconfig = Kubeconfig::new(&cluster, &user);
    let connections = kubeconfig.connect().await.unwrap();
    let lease = connections.lease("default", "jobs").unwrap();
    assert!(lease.read().await.unwrap().is_none());
    assert!(warned(), "{}", Everything::so_far());
}
