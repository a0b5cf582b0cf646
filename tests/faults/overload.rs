//! The API server answers each request with an error of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::Result;
use leasehold_test_cluster::{Api, User};
use serde_json::json;

use super::faults;
use crate::candidates::Trial;

faults! {
    Servers a_storm_of_429_too_many_requests:
        "429 while greedy clients take the only seat";
    Candidates a_storm_of_500_internal_server_error_for_each_write:
        "each write refused with 500";
}

const FLOW_CONTROL: &str = "/apis/flowcontrol.apiserver.k8s.io/v1";
const WEBHOOKS: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
const ONE_SEAT: &str = "one-seat";

/// As many as keep the one seat of the priority level taken.
const GREEDY_CLIENTS: usize = 6;

fn a_storm_of_429_too_many_requests(trial: &mut Trial<'_>) -> Result<()> {
    let cluster = trial.cluster();
    leave_one_seat(cluster.api())?;
    let leader = trial.begin_followed()?;
    let kubeconfig = cluster.kubeconfig_for(User::Candidate, None)?;
    let over = AtomicBool::new(false);
    thread::scope(|scope| -> Result<()> {
        for _ in 0..GREEDY_CLIENTS {
            let greedy = Api::from_kubeconfig(&kubeconfig)?;
            let (over, path) = (&over, trial.lease_path());
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    // Most are refused, too.
                    let _ = greedy.get(&path);
                }
            });
        }
        let said = trial.says(&leader, "the API server said 429 Too Many Requests");
        trial.let_time_pass();
        over.store(true, Ordering::Relaxed);
        said
    })?;
    trial.recovers()?;
    make_room(cluster.api())
}

/// A priority level that serves one request at a time, for the Leases of candidates.
fn leave_one_seat(api: &Api) -> Result<()> {
    let name = json!({ "name": ONE_SEAT });
    api.post(
        &format!("{FLOW_CONTROL}/prioritylevelconfigurations"),
        &json!({
            "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
            "kind": "PriorityLevelConfiguration",
            "metadata": name,
            "spec": { "type": "Limited", "limited": {
                // Zero shares still let one request in at a time.
                "nominalConcurrencyShares": 0,
                "lendablePercent": 0,
                "borrowingLimitPercent": 0,
                "limitResponse": { "type": "Reject" },
            }},
        }),
    )?;
    api.post(
        &format!("{FLOW_CONTROL}/flowschemas"),
        &json!({
            "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
            "kind": "FlowSchema",
            "metadata": name,
            "spec": {
                "priorityLevelConfiguration": name,
                "matchingPrecedence": 2,
                "rules": [{
                    "subjects": [{ "kind": "User", "user": { "name": "candidate" } }],
                    "resourceRules": [{
                        "verbs": ["*"],
                        "apiGroups": ["coordination.k8s.io"],
                        "resources": ["leases"],
                        "namespaces": ["*"],
                    }],
                }],
            },
        }),
    )?;
    Ok(())
}

fn make_room(api: &Api) -> Result<()> {
    for kind in ["flowschemas", "prioritylevelconfigurations"] {
        api.delete(&format!("{FLOW_CONTROL}/{kind}/{ONE_SEAT}"))?;
    }
    Ok(())
}

/// Reads succeed meanwhile.
fn a_storm_of_500_internal_server_error_for_each_write(trial: &mut Trial<'_>) -> Result<()> {
    let leader = trial.begin()?;
    let api = trial.cluster().api();
    ask_nobody_about(trial.lease_name(), api)?;
    trial.says(&leader, "reason=expired")?;
    trial.everyone_says("the API server said 500 Internal Server Error")?;
    trial.nobody_leads()?;
    trial.everyone_said_once("error=cannot update the Lease")?;
    trial.let_time_pass();
    api.delete(&format!("{WEBHOOKS}/{}", trial.lease_name()))?;
    trial.recovers()?;
    Ok(())
}

/// An admission webhook that must be asked and cannot be.
fn ask_nobody_about(lease: &str, api: &Api) -> Result<()> {
    api.post(
        WEBHOOKS,
        &json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": { "name": lease },
            "webhooks": [{
                "name": "nobody.leasehold.test",
                "clientConfig": { "url": "https://127.0.0.1:1/" },
                "rules": [{
                    "operations": ["CREATE", "UPDATE"],
                    "apiGroups": ["coordination.k8s.io"],
                    "apiVersions": ["v1"],
                    "resources": ["leases"],
                }],
                "matchConditions": [{
                    "name": "this-lease",
                    "expression": format!("request.name == '{lease}'"),
                }],
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }],
        }),
    )?;
    Ok(())
}
