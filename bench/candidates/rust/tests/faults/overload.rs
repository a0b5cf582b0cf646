//! The API server answers each request with an error of its own.

use anyhow::Result;
use leasehold_test_cluster::Api;
use serde_json::json;

use crate::endurance::{arena, endure, own_arena};

const FLOW_CONTROL: &str = "/apis/flowcontrol.apiserver.k8s.io/v1";
const WEBHOOKS: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

#[test]
fn a_storm_of_429_too_many_requests() {
    let arena = own_arena();
    let api = arena.cluster().api();
    leave_no_room(api).unwrap();
    endure("each request refused with 429", || {
        let mut trial = arena.trial("overloaded")?;
        let leader = trial.leader()?;
        send_into_no_room(api)?;
        trial.says(&leader, "reason=expired")?;
        trial.everyone_says("the API server said 429 Too Many Requests")?;
        trial.nobody_leads()?;
        api.delete(&format!("{FLOW_CONTROL}/flowschemas/no-room"))?;
        trial.recovers()?;
        trial.verdict()
    });
}

/// A priority level at which nothing is ever served.
fn leave_no_room(api: &Api) -> Result<()> {
    let path = format!("{FLOW_CONTROL}/prioritylevelconfigurations");
    api.post(
        &path,
        &json!({
            "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
            "kind": "PriorityLevelConfiguration",
            "metadata": { "name": "no-room" },
            "spec": { "type": "Limited", "limited": {
                "nominalConcurrencyShares": 0,
                "lendablePercent": 0,
                "borrowingLimitPercent": 0,
                "limitResponse": { "type": "Reject" },
            }},
        }),
    )?;
    Ok(())
}

fn send_into_no_room(api: &Api) -> Result<()> {
    api.post(
        &format!("{FLOW_CONTROL}/flowschemas"),
        &json!({
            "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
            "kind": "FlowSchema",
            "metadata": { "name": "no-room" },
            "spec": {
                "priorityLevelConfiguration": { "name": "no-room" },
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

/// Reads succeed meanwhile.
#[test]
fn a_storm_of_500_internal_server_error_for_each_write() {
    endure("each write refused with 500", || {
        let mut trial = arena().trial("broken-webhook")?;
        let leader = trial.leader()?;
        let api = arena().cluster().api();
        ask_nobody_about(trial.lease_name(), api)?;
        trial.says(&leader, "reason=expired")?;
        trial.everyone_says("the API server said 500 Internal Server Error")?;
        trial.nobody_leads()?;
        trial.everyone_said_once("error=cannot update the Lease")?;
        api.delete(&format!("{WEBHOOKS}/{}", trial.lease_name()))?;
        trial.recovers()?;
        trial.verdict()
    });
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
