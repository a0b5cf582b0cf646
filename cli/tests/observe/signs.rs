//! What the cluster is shown of who leads beside the Lease.

use leasehold_test_cluster::Api;
use serde_json::{Value, json};

use crate::location::{CLUSTER, Location};

const FLAGS: [&str; 3] = [
    "--leader-service=orders",
    "--kubernetes-events=true",
    "--proof-of-death=pods",
];

fn api() -> &'static Api {
    CLUSTER.api()
}

#[test]
fn what_the_signs_need_is_asked_about_and_printed() {
    let location = Location::namespace("signs-asked");
    location.grant_except("jobs", &[]);
    assert_eq!(location.output(&["check", "jobs"]).code, Some(0));

    let with_flags = |more: &[&str]| {
        let arguments = ["check", "jobs"].iter().chain(more).chain(&FLAGS);
        location.output(&arguments.copied().collect::<Vec<_>>())
    };
    let said = with_flags(&[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for part in [
        "✗ missing  create  to write an Event",
        "endpointslices orders\n  ✗ missing  get     to read where",
        "✗ missing  update  to point it",
        "✗ missing  watch   to see that the container of a leader has ended",
        "resourceNames: [\"orders\"]",
    ] {
        assert!(said.text.contains(part), "no {part:?} in {said:?}");
    }
    let report = with_flags(&["--json"]);
    let report = report.objects().remove(0);
    assert_eq!(report["ready"], false);
    assert_eq!(
        report["beside"],
        json!([
            { "resource": "events", "name": null, "verb": "create", "granted": false },
            { "resource": "pods", "name": null, "verb": "get", "granted": false },
            { "resource": "pods", "name": null, "verb": "watch", "granted": false },
            { "resource": "endpointslices", "name": "orders", "verb": "get", "granted": false },
            { "resource": "endpointslices", "name": "orders", "verb": "update", "granted": false },
        ])
    );
    let manifest = report["manifest"].as_str().expect("a manifest");
    let objects: Vec<Value> = serde_saphyr::from_multiple(manifest).expect("YAML");
    let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/signs-asked";
    for (kind, object) in ["roles", "rolebindings"].iter().zip(objects) {
        let name = object["metadata"]["name"].as_str().expect("a name");
        api()
            .put(&format!("{rbac}/{kind}/{name}"), &object)
            .unwrap();
    }
    // The API server learns of Roles by a watch of its own.
    while with_flags(&[]).code != Some(0) {}
}

#[test]
fn status_shows_labels_and_where_the_service_leads() {
    let location = Location::administered("signs-shown");
    let lease = json!({
        "metadata": { "name": "jobs", "labels": { "team": "payments", "a": "b" } },
        "spec": { "holderIdentity": "pod-1_ab", "leaseDurationSeconds": 15 },
    });
    let leases = "/apis/coordination.k8s.io/v1/namespaces/signs-shown/leases";
    api().post(leases, &lease).unwrap();
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": { "name": "orders", "annotations": {
            "leasehold.io/fencing-token": "7",
            "leasehold.io/holder": "pod-0_cd",
        }},
        "addressType": "IPv4",
        "endpoints": [{
            "addresses": ["10.0.0.9"],
            "targetRef": { "kind": "Pod", "name": "pod-0" },
        }],
    });
    let slices = "/apis/discovery.k8s.io/v1/namespaces/signs-shown/endpointslices";
    api().post(slices, &slice).unwrap();

    let said = location.output(&["status", "jobs", FLAGS[0]]);
    for part in [
        "labels      a=b, team=payments",
        "route       to 10.0.0.9 (pod-0), written by pod-0_cd: not the holder",
    ] {
        assert!(said.text.contains(part), "no {part:?} in {said:?}");
    }
    let report = location.output(&["status", "--json", "jobs", FLAGS[0]]);
    let report = report.objects().remove(0);
    assert_eq!(report["labels"], json!({ "a": "b", "team": "payments" }));
    assert_eq!(
        report["route"],
        json!({ "address": "10.0.0.9", "pod": "pod-0", "holder": "pod-0_cd", "fencing_token": 7 })
    );
    let without = location.output(&["status", "--json", "jobs"]).objects();
    assert_eq!(without[0]["route"], Value::Null);
}
