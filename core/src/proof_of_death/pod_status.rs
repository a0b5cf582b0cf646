//! What the status of a pod says of one container of it. What is not said in so many words is not so.

use jiff::Timestamp;
use serde_json::Value;

use crate::clock::WallTime;
use crate::lease_record::Container;

/// With which an end counts: those that a container runtime gives when it has seen it. The kubelet and the
/// runtimes have others for a container that they cannot find, such as `ContainerStatusUnknown` and
/// `Unknown`.
const SEEN: [&str; 3] = ["Completed", "Error", "OOMKilled"];

/// The code of a container whose end no runtime has seen. A program that ends with it is waited for.
const UNKNOWN_CODE: i64 = 255;

/// The containers whose first process is the first one of its PID namespace. A container for debugging may be
/// in that of another, and outlived there by what it has started.
const LISTS: [&str; 2] = ["containerStatuses", "initContainerStatuses"];

/// Whether this instance of a container, which was alive at `renewed`, has ended, and all of its processes
/// with it.
pub(super) fn has_ended(pod: &Value, container: &Container, renewed: WallTime) -> bool {
    let Some(id) = &container.id else {
        return false;
    };
    // In state it is what has happened last; in last state, what had before the next instance.
    let ends = statuses(pod, container)
        .flat_map(|status| ["state", "lastState"].map(|state| &status[state]["terminated"]));
    ends.filter(|end| id_of(end) == Some(id))
        .any(|end| was_seen(end) && is_not_before(end, renewed))
}

/// What this container's instance is called that its pod's status has as the running one.
pub(super) fn running_id(pod: &Value, container: &Container) -> Option<String> {
    let mut statuses = statuses(pod, container);
    let status = statuses.find(|status| status["state"]["running"].is_object())?;
    id_of(status).map(str::to_owned)
}

/// What is said of this container, in the very pod. Nothing if it shares its PID namespace: its
/// processes would not die with its first one.
fn statuses<'a>(pod: &'a Value, container: &Container) -> impl Iterator<Item = &'a Value> {
    let of_pod = pod["metadata"]["uid"] == container.pod_uid
        && pod["metadata"]["name"] == container.pod_name
        && pod["spec"]["hostPID"] != true
        && pod["spec"]["shareProcessNamespace"] != true;
    let lists = LISTS.iter().filter(move |_| of_pod);
    let all = lists.flat_map(|list| pod["status"][list].as_array().into_iter().flatten());
    let name = container.name.clone();
    all.filter(move |status| status["name"] == name)
}

/// Without the runtime's name before it.
fn id_of(state: &Value) -> Option<&str> {
    let (_, id) = state["containerID"].as_str()?.split_once("://")?;
    (!id.is_empty()).then_some(id)
}

fn was_seen(end: &Value) -> bool {
    let reason = end["reason"].as_str().unwrap_or_default();
    let code = end["exitCode"].as_i64();
    SEEN.contains(&reason) && code.is_some_and(|code| code != UNKNOWN_CODE)
}

/// What ended before the last write was made has not made it. Both times are of the machine that the
/// container was on; kubelet reports the end in whole seconds.
fn is_not_before(end: &Value, renewed: WallTime) -> bool {
    let finished = end["finishedAt"].as_str();
    let finished = finished.and_then(|text| text.parse::<Timestamp>().ok());
    finished.is_some_and(|at| at.as_second() >= renewed.as_micros().div_euclid(1_000_000))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "9ae1";

    fn container() -> Container {
        Container {
            pod_uid: "4c1f-8a".to_owned(),
            pod_name: "orders-1".to_owned(),
            name: "app".to_owned(),
            started: 48_211,
            id: Some(ID.to_owned()),
        }
    }

    fn renewed() -> WallTime {
        let at: Timestamp = "2026-11-26T09:44:01.999999Z".parse().unwrap();
        WallTime::from_micros(at.as_microsecond())
    }

    fn ended() -> Value {
        json!({ "terminated": {
            "exitCode": 137,
            "reason": "Error",
            "startedAt": "2026-11-26T09:40:00Z",
            "finishedAt": "2026-11-26T09:44:01Z",
            "containerID": format!("containerd://{ID}"),
        }})
    }

    fn running(id: &str) -> Value {
        json!({
            "name": "app",
            "containerID": format!("containerd://{id}"),
            "state": { "running": { "startedAt": "2026-11-26T09:44:03Z" } },
            "lastState": {},
        })
    }

    fn pod(list: &str, status: &Value) -> Value {
        json!({
            "metadata": { "name": "orders-1", "uid": "4c1f-8a" },
            "spec": { "shareProcessNamespace": false },
            "status": { "phase": "Running", list: [running_as("sidecar", "77"), status] },
        })
    }

    fn running_as(name: &str, id: &str) -> Value {
        let mut status = running(id);
        status["name"] = json!(name);
        status
    }

    /// It has ended, and nothing has happened since.
    fn just_ended() -> Value {
        let mut status = running(ID);
        status["state"] = ended();
        pod("containerStatuses", &status)
    }

    fn has_ended(pod: &Value) -> bool {
        super::has_ended(pod, &container(), renewed())
    }

    #[test]
    fn a_container_that_has_ended_is_dead_also_when_it_was_started_again() {
        assert!(has_ended(&just_ended()));
        let mut again = running("b7");
        again["lastState"] = ended();
        assert!(has_ended(&pod("containerStatuses", &again)));
        again["state"] = json!({ "waiting": { "reason": "CrashLoopBackOff" } });
        assert!(has_ended(&pod("containerStatuses", &again)));
        assert!(
            has_ended(&pod("initContainerStatuses", &again)),
            "a sidecar"
        );
        for (reason, code) in [("Completed", 0), ("OOMKilled", 137), ("Error", 1)] {
            let mut pod = just_ended();
            let end = &mut pod["status"]["containerStatuses"][1]["state"]["terminated"];
            end["reason"] = json!(reason);
            end["exitCode"] = json!(code);
            assert!(has_ended(&pod), "{reason}");
        }
    }

    #[test]
    fn nothing_else_that_a_status_says_proves_anything() {
        type Change = (&'static str, fn(&mut Value));
        fn end(pod: &mut Value) -> &mut Value {
            &mut pod["status"]["containerStatuses"][1]["state"]["terminated"]
        }
        let changes: [Change; 21] = [
            ("another instance", |pod| {
                end(pod)["containerID"] = json!("containerd://b7");
            }),
            ("no ID", |pod| end(pod)["containerID"] = json!("")),
            ("an ID without a runtime", |pod| {
                end(pod)["containerID"] = json!(ID);
            }),
            // As the kubelet makes up, which keeps the ID beside it.
            ("no ID of the end", |pod| {
                end(pod)["containerID"] = Value::Null;
            }),
            ("one that could not be found", |pod| {
                end(pod)["reason"] = json!("ContainerStatusUnknown");
            }),
            ("one that a runtime has lost", |pod| {
                end(pod)["reason"] = json!("Unknown");
            }),
            ("no reason", |pod| end(pod)["reason"] = Value::Null),
            ("the code of an unknown end", |pod| {
                end(pod)["exitCode"] = json!(255);
            }),
            ("no code", |pod| end(pod)["exitCode"] = Value::Null),
            ("an end before the last renewal", |pod| {
                end(pod)["finishedAt"] = json!("2026-11-26T09:44:00Z");
            }),
            ("no time", |pod| end(pod)["finishedAt"] = Value::Null),
            ("another pod of that name", |pod| {
                pod["metadata"]["uid"] = json!("4c1f-8b");
            }),
            ("a pod of another name", |pod| {
                pod["metadata"]["name"] = json!("orders-2");
            }),
            ("another container of the pod", |pod| {
                pod["status"]["containerStatuses"][1]["name"] = json!("other");
            }),
            ("the host's PID namespace", |pod| {
                pod["spec"]["hostPID"] = json!(true);
            }),
            ("a shared PID namespace", |pod| {
                pod["spec"]["shareProcessNamespace"] = json!(true);
            }),
            ("a container for debugging", |pod| {
                let list = pod["status"]["containerStatuses"].take();
                pod["status"]["ephemeralContainerStatuses"] = list;
            }),
            ("waiting", |pod| {
                let state = &mut pod["status"]["containerStatuses"][1]["state"];
                *state = json!({ "waiting": { "reason": "ContainerCreating" } });
            }),
            ("deleted", |pod| {
                *pod = pod_that_goes_on();
                pod["metadata"]["deletionTimestamp"] = json!("2026-11-26T09:44:01Z");
            }),
            ("failed, on a node that is gone", |pod| {
                *pod = pod_that_goes_on();
                pod["status"]["phase"] = json!("Failed");
                pod["status"]["reason"] = json!("NodeLost");
                pod["status"]["conditions"] = json!([{ "type": "Ready", "status": "False" }]);
            }),
            ("gone", |pod| *pod = Value::Null),
        ];
        for (what, change) in changes {
            let mut pod = just_ended();
            change(&mut pod);
            assert!(!has_ended(&pod), "{what}: {pod:#}");
        }
        let unknown = Container {
            id: None,
            ..container()
        };
        assert!(!super::has_ended(&just_ended(), &unknown, renewed()));
    }

    fn pod_that_goes_on() -> Value {
        pod("containerStatuses", &running(ID))
    }

    #[test]
    fn a_container_is_called_what_the_status_says_of_the_running_one() {
        let id = |pod: &Value| running_id(pod, &container());
        assert_eq!(id(&pod_that_goes_on()).as_deref(), Some(ID));
        assert_eq!(id(&just_ended()), None);
        let mut shared = pod_that_goes_on();
        shared["spec"]["hostPID"] = json!(true);
        assert_eq!(id(&shared), None);
        let mut another = pod_that_goes_on();
        another["metadata"]["uid"] = json!("4c1f-8b");
        assert_eq!(id(&another), None);
    }
}
