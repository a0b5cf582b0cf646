//! Which verbs are needed, and what is said about a missing one.

use futures_util::StreamExt;
use leasehold::ErrorKind;
use leasehold::lease_store::kubernetes::KubernetesStore;
use leasehold::lease_store::{LeaseStore, Result, StoreError, WatchEvent};
use serde_json::{Value, json};

use crate::cluster::{self, admin, allowed, apply, bind, cluster, held_by, user};
use crate::kubeconfig::Kubeconfig;

const VERBS: [&str; 4] = ["get", "create", "update", "watch"];

async fn store(user: Value, lease: &str) -> KubernetesStore {
    let connections = Kubeconfig::new(&cluster(), &user).connect().await.unwrap();
    connections.lease("default", lease).unwrap()
}

/// Uses each verb once; `create` on a Lease of its own.
async fn use_each_verb(user: &str, lease: &str) -> [(&'static str, Result<()>); 4] {
    let by_admin = store(admin(), lease).await;
    let seen = match by_admin.read().await.unwrap() {
        Some(seen) => seen,
        None => by_admin.create(held_by("a")).await.unwrap(),
    };
    let by_user = store(cluster::user(user), lease).await;
    let another = store(cluster::user(user), &format!("{lease}-new")).await;
    let watched = match by_user.watch(seen.version).next().await {
        Some(Ok(WatchEvent::Opened)) => Ok(()),
        Some(Ok(event)) => panic!("{event:?} came before the watch was opened"),
        Some(Err(error)) => Err(error),
        None => panic!("the watch ended"),
    };
    [
        ("get", by_user.read().await.map(drop)),
        ("create", another.create(held_by("a")).await.map(drop)),
        (
            "update",
            by_user.replace(seen, held_by("b")).await.map(drop),
        ),
        ("watch", watched),
    ]
}

fn assert_names_the_verb(error: &StoreError, verb: &str, lease: &str) {
    assert_eq!(error.kind(), ErrorKind::Forbidden, "{error}");
    let message = error.to_string();
    assert!(
        message.starts_with(&format!("cannot {verb} the Lease default/{lease}")),
        "{error}"
    );
    assert!(
        message.contains(&format!("\nThe verb {verb} is not granted.")),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_needs_its_own_verb_only_and_names_it_where_it_is_missing() {
    for missing in VERBS {
        let name = format!("without-{missing}");
        let (create, by_name): (Vec<_>, Vec<_>) = VERBS
            .iter()
            .filter(|verb| **verb != missing)
            .partition(|verb| **verb == "create");
        let allow = |verbs: &[&&str], names: &[&str]| {
            json!({
                "apiGroups": ["coordination.k8s.io"],
                "resources": ["leases"],
                "resourceNames": names,
                "verbs": verbs,
            })
        };
        let mut rules = vec![allow(&by_name, &[&name])];
        if !create.is_empty() {
            rules.push(allow(&create, &[]));
        }
        let role = json!({ "metadata": { "name": name }, "rules": rules });
        bind(&role, &name);
        let granted: Vec<_> = VERBS.into_iter().filter(|verb| *verb != missing).collect();
        allowed(&name, &name, &granted).await;

        for (verb, outcome) in use_each_verb(&name, &name).await {
            match outcome {
                Err(error) if verb == missing => {
                    let lease = if verb == "create" {
                        format!("{name}-new")
                    } else {
                        name.clone()
                    };
                    assert_names_the_verb(&error, verb, &lease);
                }
                Err(error) => panic!("without {missing}: {verb}: {error}"),
                Ok(()) => assert_ne!(verb, missing),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_message_prints_suffices() {
    let (lease, name) = ("printed", "reader-of-messages");
    let refused = store(user(name), lease).await.read().await.unwrap_err();
    let message = refused.to_string();
    let said = "Apply this Role and RoleBinding:\n";
    let (_, manifest) = message.split_once(said).expect("a manifest");
    let objects: Vec<Value> = serde_saphyr::from_multiple(manifest).expect("YAML");
    apply(&objects);
    allowed(name, lease, &VERBS).await;

    for (verb, outcome) in use_each_verb(name, lease).await {
        assert!(outcome.is_ok(), "{verb}: {}", outcome.unwrap_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_does_not_exist_is_a_configuration_error_at_creation() {
    let connections = Kubeconfig::new(&cluster(), &admin())
        .connect()
        .await
        .unwrap();
    let lease = connections.lease("nowhere", "jobs").unwrap();

    assert!(lease.read().await.unwrap().is_none());

    let error = lease.create(held_by("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(
        error.to_string(),
        "namespace = nowhere: there is no such namespace; create it, or name another one"
    );
}
