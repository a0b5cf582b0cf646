//! Events about who leads, for `kubectl describe` and `kubectl get events`: those that client-go writes,
//! of core/v1, with the reason `LeaderElection`.

use std::sync::Arc;

use kube::core::params::PostParams;
use serde_json::{Value, json};

use super::connection::Connection;
use super::lease_object::micro_time;
use super::{LeaseName, refusal, to_send};
use crate::clock::WallTime;
use crate::error::Result;

/// As long as leaves room for a time below the 253 characters that a name may have.
const LONGEST_START_OF_NAME: usize = 230;

/// Writes Events about one Lease.
pub struct LeaderEvents {
    connection: Arc<Connection>,
    requests: kube::core::Request,
    lease: LeaseName,
}

/// A change of leader.
#[derive(Clone, Debug)]
pub(crate) struct LeaderChange {
    /// Of whose term.
    pub(crate) identity: String,
    /// Whether it began.
    pub(crate) leads: bool,
    /// The UID of the Lease.
    pub(crate) uid: String,
    pub(crate) at: WallTime,
}

impl LeaderEvents {
    pub(super) fn new(connection: Arc<Connection>, lease: LeaseName) -> Self {
        let events = format!("/api/v1/namespaces/{}/events", lease.namespace);
        Self {
            connection,
            requests: kube::core::Request::new(events),
            lease,
        }
    }

    /// Writes one Event.
    pub(crate) async fn write(&self, change: &LeaderChange) -> Result<()> {
        let event = event(&self.lease, change).to_string();
        let request = self.requests.create(&PostParams::default(), event.into());
        let response = self.connection.request(to_send(request)?).await?;
        match refusal::object(&response) {
            Ok(_) => Ok(()),
            Err(refusal) => {
                Err(refusal.to(&format!("write an Event about the Lease {}", self.lease)))
            }
        }
    }
}

fn event(lease: &LeaseName, change: &LeaderChange) -> Value {
    let LeaderChange {
        identity,
        leads,
        uid,
        at,
    } = change;
    let what = if *leads {
        "became leader"
    } else {
        "stopped leading"
    };
    let start: String = lease.name.chars().take(LONGEST_START_OF_NAME).collect();
    let start = start.trim_end_matches(['-', '.']);
    // Seconds, as its type has it; what is finer is in the name.
    let time = at.as_micros() / 1_000_000 * 1_000_000;
    let time = WallTime::from_micros(time);
    let time = json!(micro_time(time).0.strftime("%FT%TZ").to_string());
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "namespace": lease.namespace,
            "name": format!("{start}.{:x}", at.as_micros()),
        },
        "involvedObject": {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "namespace": lease.namespace,
            "name": lease.name,
            "uid": uid,
        },
        "type": "Normal",
        "reason": "LeaderElection",
        "message": format!("{identity} {what}"),
        "source": { "component": "leasehold" },
        "reportingComponent": "leasehold",
        "reportingInstance": identity.chars().take(LONGEST_INSTANCE).collect::<String>(),
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
    })
}

/// What the API server takes.
const LONGEST_INSTANCE: usize = 128;
