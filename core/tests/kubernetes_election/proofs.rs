//! Leaders whose end is seen in the status of their pod. No kubelet runs here: the statuses are those that
//! kubelets write.

use std::time::{SystemTime, UNIX_EPOCH};

use leasehold::{Acquisition, Config, ProofOfDeath, Term};
use serde_json::{Value, json};

use crate::common::{acquired, eventually};
use crate::support::{Scene, cluster, grant_all, patient};

const ID: &str = "9ae1";

/// A Lease that is held by the container `app` of a pod of the same name, on a machine far away.
struct Held {
    namespace: &'static str,
    name: String,
}

impl Held {
    fn new(name: &str) -> Self {
        Self::by_pod("default", name, &json!({}))
    }

    /// The pod's spec has this too.
    fn by_pod(namespace: &'static str, name: &str, spec: &Value) -> Self {
        let mut pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": { "name": name },
            "spec": { "containers": [{ "name": "app", "image": "app:1" }] },
        });
        for (field, value) in spec.as_object().unwrap() {
            pod["spec"][field] = value.clone();
        }
        let held = Self {
            namespace,
            name: name.to_owned(),
        };
        let pod = cluster().api().post(&held.pods(), &pod).unwrap();
        let (micros, time) = now();
        let note = json!({
            "format": 1,
            "holder": "holder",
            "acquireTime": micros,
            "renewTime": micros,
            "acquired": "free",
            "boot": "of a machine far away",
            "container": {
                "podUid": pod["metadata"]["uid"],
                "podName": name,
                "name": "app",
                "started": 48211,
                "id": ID,
            },
        });
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": name,
                "annotations": { "leasehold.io/holder-process": note.to_string() },
            },
            "spec": {
                "holderIdentity": "holder",
                "leaseDurationSeconds": 300,
                "acquireTime": time,
                "renewTime": time,
                "leaseTransitions": 0,
            },
        });
        cluster().api().post(&held.leases(), &lease).unwrap();
        held
    }

    fn pods(&self) -> String {
        format!("/api/v1/namespaces/{}/pods", self.namespace)
    }

    fn pod(&self) -> String {
        format!("{}/{}", self.pods(), self.name)
    }

    fn leases(&self) -> String {
        let namespace = self.namespace;
        format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases")
    }

    /// Nobody waits for it for long.
    fn expiring_soon(self) -> Self {
        let patch = json!({ "spec": { "leaseDurationSeconds": 3 } });
        let lease = format!("{}/{}", self.leases(), self.name);
        cluster().api().patch(&lease, &patch).unwrap();
        self
    }

    fn granted(self) -> Self {
        grant_all(&self.name, &self.standby());
        self
    }

    fn standby(&self) -> Config {
        let config = Scene::new(&self.name)
            .config("standby")
            .namespace(self.namespace)
            .proof_of_death(ProofOfDeath::Pods);
        patient(config)
    }

    /// The kubelet reports this of the container.
    fn report(&self, change: fn(&mut Value)) {
        self.report_in("containerStatuses", change);
    }

    fn report_in(&self, list: &str, change: fn(&mut Value)) {
        let mut status = json!({
            "name": "app", "image": "app:1", "imageID": "", "ready": false, "restartCount": 1,
            "containerID": format!("containerd://{ID}"), "state": ended(), "lastState": {},
        });
        change(&mut status);
        let patch = json!({ "status": { "phase": "Running", list: [status] } });
        let subresource = format!("{}/status", self.pod());
        cluster().api().patch(&subresource, &patch).unwrap();
    }
}

/// As of a container that was killed.
fn ended() -> Value {
    let (_, at) = now();
    // In whole seconds.
    let at = format!("{}Z", at.split('.').next().unwrap());
    json!({ "terminated": {
        "exitCode": 137,
        "reason": "Error",
        "startedAt": at,
        "finishedAt": at,
        "containerID": format!("containerd://{ID}"),
    }})
}

/// In microseconds, and as the API has it.
fn now() -> (i64, String) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let micros = i64::try_from(now.as_micros()).unwrap();
    let time = jiff::Timestamp::from_microsecond(micros).unwrap();
    (micros, format!("{time:.6}"))
}

fn first_term(config: Config) -> Term {
    let election = config.start().unwrap();
    acquired(&mut election.subscribe().unwrap())
}

#[test]
fn a_leader_whose_container_has_ended_is_succeeded_at_once() {
    let held = Held::new("ended").granted();
    held.report(|status| status["state"] = json!({ "running": {} }));
    let standby = held.standby().start().unwrap();
    let mut events = standby.subscribe().unwrap();
    eventually("it knows the holder", || {
        standby.leader().as_deref() == Some("holder")
    });
    held.report(|_| {});
    let term = acquired(&mut events);
    assert_eq!(term.acquisition(), Acquisition::ContainerTerminated);
}

#[test]
fn the_last_end_of_a_container_that_was_started_again_counts_as_well() {
    let held = Held::new("ended-before").granted();
    held.report(|status| {
        status["lastState"] = status["state"].take();
        status["state"] = json!({ "running": {} });
        status["containerID"] = json!("containerd://b7");
    });
    let term = first_term(held.standby());
    assert_eq!(term.acquisition(), Acquisition::ContainerTerminated);
}

#[test]
fn no_matter_what_else_becomes_of_a_pod_its_lease_is_waited_for() {
    type Change = fn(&mut Value);
    let mut waited_for = Vec::new();
    let mut held = |name: &str, spec: &Value| {
        let held = Held::by_pod("default", &format!("not-ended-{name}"), spec).expiring_soon();
        waited_for.push(held.granted());
        waited_for.len() - 1
    };
    let plain = json!({});
    let reported: [(&str, Change); 6] = [
        ("running", |status| {
            status["state"] = json!({ "running": {} });
        }),
        ("another", |status| {
            status["state"]["terminated"]["containerID"] = json!("containerd://b7");
        }),
        ("not-found", |status| {
            status["state"]["terminated"]["reason"] = json!("ContainerStatusUnknown");
        }),
        ("lost", |status| {
            status["state"]["terminated"]["exitCode"] = json!(255);
        }),
        ("earlier", |status| {
            status["state"]["terminated"]["finishedAt"] = json!("2000-01-01T00:00:00Z");
        }),
        ("waiting", |status| {
            status["state"] = json!({ "waiting": { "reason": "CrashLoopBackOff" } });
        }),
    ];
    let numbers = reported.map(|(name, _)| held(name, &plain));
    let shared = held("shared", &json!({ "shareProcessNamespace": true }));
    let host = held("host", &json!({ "hostPID": true }));
    let debugging = held("debugging", &plain);
    let failed = held("failed", &plain);
    let deleted = held("deleted", &plain);
    let replaced = held("replaced", &plain);

    for (number, (_, change)) in numbers.into_iter().zip(reported) {
        waited_for[number].report(change);
    }
    waited_for[shared].report(|_| {});
    waited_for[host].report(|_| {});
    waited_for[debugging].report_in("ephemeralContainerStatuses", |_| {});
    let failure = json!({ "status": { "phase": "Failed", "reason": "NodeLost" } });
    let status = format!("{}/status", waited_for[failed].pod());
    cluster().api().patch(&status, &failure).unwrap();
    for number in [deleted, replaced] {
        let now = format!("{}?gracePeriodSeconds=0", waited_for[number].pod());
        cluster().api().delete(&now).unwrap();
    }
    let another = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": waited_for[replaced].name },
        "spec": { "containers": [{ "name": "app", "image": "app:1" }] },
    });
    let pods = waited_for[replaced].pods();
    cluster().api().post(&pods, &another).unwrap();
    waited_for[replaced].report(|_| {});

    let standbys: Vec<_> = waited_for
        .iter()
        .map(|held| (held.name.clone(), held.standby().start().unwrap()))
        .collect();
    for (name, standby) in standbys {
        let term = acquired(&mut standby.subscribe().unwrap());
        assert_eq!(term.acquisition(), Acquisition::Expired, "{name}");
    }
}

#[test]
fn where_pods_may_not_be_seen_a_lease_is_waited_for() {
    let namespace = json!({ "metadata": { "name": "unseen" } });
    let namespaces = "/api/v1/namespaces";
    cluster().api().post(namespaces, &namespace).unwrap();
    let held = Held::by_pod("unseen", "unseen", &json!({})).expiring_soon();
    cluster().grant_except("unseen", "unseen", &[]).unwrap();
    held.report(|_| {});
    let term = first_term(held.standby());
    assert_eq!(term.acquisition(), Acquisition::Expired);
}
