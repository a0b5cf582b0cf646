//! Labels and annotations of the settings: what we take, the API server takes, and the other way round.

use std::collections::BTreeMap;

use leasehold::lease_store::LeaseStore;
use leasehold::lease_store::kubernetes::{KubernetesStore, Metadata};
use leasehold::{Config, LeaderElection, Mode};

use crate::cluster::{admin, api, cluster, held_by};
use crate::kubeconfig::Kubeconfig;

async fn store(lease: &str, metadata: Metadata) -> KubernetesStore {
    let kubeconfig = Kubeconfig::new(&cluster(), &admin());
    let lease = kubeconfig.connect().await.unwrap().lease("default", lease);
    lease.unwrap().with_metadata(metadata)
}

fn pairs(key: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_owned())])
}

fn is_taken_by_us(labels: BTreeMap<String, String>, annotations: BTreeMap<String, String>) -> bool {
    let config = Config::new("jobs").mode(Mode::Never);
    LeaderElection::new(&config.labels(labels).annotations(annotations)).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn our_rules_for_keys_and_values_are_those_of_the_api_server() {
    let (longest, longer) = ("x".repeat(63), "x".repeat(64));
    let subdomain = [longest.as_str(); 4].join(".")[..253].to_owned();
    let (deep, deeper) = (format!("{subdomain}/a"), format!("{subdomain}x/a"));
    let keys = [
        "team",
        "a/B_c.d-e",
        "Example.COM/a",
        "0",
        "",
        "a b",
        "-a",
        "a-",
        "/a",
        "a/",
        "a/b/c",
        "a_b/c",
        "a..b/c",
        "\u{e4}",
        &longest,
        &longer,
        &deep,
        &deeper,
    ];
    let values = [
        "", "v1.2_3-x", "a b", "-a", "a,b", "a/b", "\u{e4}", &longest, &longer,
    ];
    let nothing = BTreeMap::new;
    let cases = keys
        .iter()
        .flat_map(|key| [(pairs(key, "v"), nothing()), (nothing(), pairs(key, "v"))])
        .chain(values.iter().flat_map(|value| {
            [
                (pairs("a", value), nothing()),
                (nothing(), pairs("a", value)),
            ]
        }));
    for (number, (labels, annotations)) in cases.enumerate() {
        let ours = is_taken_by_us(labels.clone(), annotations.clone());
        let metadata = Metadata {
            labels,
            annotations,
        };
        let lease = store(&format!("metadata-{number}"), metadata.clone()).await;
        let theirs = lease.create(held_by("a")).await;
        assert_eq!(ours, theirs.is_ok(), "{metadata:?}: {theirs:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_write_puts_ours_right_and_keeps_that_of_others() {
    let foreign = Metadata {
        labels: BTreeMap::from([
            ("team".into(), "other".into()),
            ("owner".into(), "somebody".into()),
        ]),
        annotations: pairs("seen", "yes"),
    };
    let created = store("adopted", foreign).await.create(held_by("a")).await;
    let created = created.unwrap();

    let ours = Metadata {
        labels: pairs("team", "payments"),
        annotations: pairs("note", "one, two"),
    };
    let lease = store("adopted", ours).await;
    let written = lease.replace(created, held_by("b")).await.unwrap();
    let labels = BTreeMap::from([("owner", "somebody"), ("team", "payments")]);
    assert_eq!(written.labels(), labels);
    let object = written.object.expect("the whole Lease");
    let annotations = serde_json::json!({ "seen": "yes", "note": "one, two" });
    assert_eq!(object["metadata"]["annotations"], annotations);
}

/// What our writes do not name, the API server keeps.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_leaves_to_others_the_fields_that_they_manage() {
    let lease = store("managed", Metadata::default()).await;
    lease.create(held_by("a")).await.unwrap();
    let path = "/apis/coordination.k8s.io/v1/namespaces/default/leases/managed";
    let label = serde_json::json!({ "metadata": { "labels": { "owner": "somebody" } } });
    api()
        .patch(&format!("{path}?fieldManager=somebody"), &label)
        .unwrap();

    let seen = lease.read().await.unwrap().expect("a Lease");
    lease.replace(seen, held_by("b")).await.unwrap();

    let stored = api().get(path).unwrap();
    let entries = stored["metadata"]["managedFields"].as_array().unwrap();
    let of = |manager: &str| {
        let mut all = entries.iter().map(|entry| (entry, &entry["manager"]));
        let (entry, _) = all.find(|(_, name)| *name == manager).expect(manager);
        entry["fieldsV1"].clone()
    };
    assert!(of("somebody")["f:metadata"]["f:labels"]["f:owner"].is_object());
    assert!(of("leasehold")["f:spec"]["f:holderIdentity"].is_object());
}
