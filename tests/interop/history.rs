//! Every record that a Lease has held, in order, from the API server's watch.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use leasehold_test_cluster::Api;
use serde::Deserialize;
use serde_json::Value;

const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const LIMIT: Duration = Duration::from_secs(60);

/// The spec of a Lease as it is in the API, which is what both electors go by.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) holder_identity: String,
    pub(crate) lease_duration_seconds: u64,
    pub(crate) acquire_time: Timestamp,
    pub(crate) renew_time: Timestamp,
    pub(crate) lease_transitions: u64,
}

impl Record {
    pub(crate) fn is_held(&self) -> bool {
        !self.holder_identity.is_empty()
    }

    /// Whether this record begins a term, after `before`.
    pub(crate) fn begins_a_term(&self, before: &Self) -> bool {
        self.is_held()
            && (self.holder_identity != before.holder_identity
                || self.acquire_time != before.acquire_time)
    }

    /// How long after `before` was written this one was. Both wall clocks are this machine's.
    pub(crate) fn written_after(&self, before: &Self) -> Duration {
        let passed = self.renew_time.duration_since(before.renew_time);
        Duration::try_from(passed).unwrap_or_default()
    }
}

pub(crate) struct History(Vec<Record>);

impl History {
    /// The cluster's resource version now.
    pub(crate) fn now(api: &Api) -> Result<u64> {
        version_of(&api.get(LEASES)?)
    }

    /// All records of `lease` since `version`. The API server keeps them for some minutes.
    pub(crate) fn read(api: &Api, lease: &str, version: u64) -> Result<Self> {
        let newest = version_of(&api.get(&format!("{LEASES}/{lease}"))?)?;
        let watch = format!(
            "{LEASES}?watch=true&timeoutSeconds=1&fieldSelector=metadata.name={lease}\
             &resourceVersion={version}"
        );
        let deadline = Instant::now() + LIMIT;
        loop {
            let leases = leases_in(&api.get(&watch)?)?;
            let last = leases.last().context("a Lease that has a history")?;
            if version_of(last)? >= newest {
                let specs = leases.into_iter().map(|mut lease| lease["spec"].take());
                let records = specs.map(serde_json::from_value);
                return Ok(Self(records.collect::<Result<_, _>>()?));
            }
            ensure!(Instant::now() < deadline, "the watch stays behind {newest}");
        }
    }

    pub(crate) fn records(&self) -> &[Record] {
        &self.0
    }

    /// Each record but the first, with the one before it.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (&Record, &Record)> {
        self.0.iter().zip(self.0.iter().skip(1))
    }

    /// The changes by which a holder only renewed.
    pub(crate) fn renewals(&self) -> impl Iterator<Item = (&Record, &Record)> {
        self.changes()
            .filter(|(before, after)| after.is_held() && !after.begins_a_term(before))
    }
}

/// The Leases in the answer to a watch: one event a line.
fn leases_in(answer: &Value) -> Result<Vec<Value>> {
    let events = match answer {
        Value::String(lines) => serde_json::Deserializer::from_str(lines)
            .into_iter::<Value>()
            .collect::<Result<_, _>>()?,
        // A line that was alone has been read as JSON already.
        event => vec![event.clone()],
    };
    let leases = events.into_iter().map(|mut event| {
        ensure!(event["type"] != "ERROR", "the watch failed: {event}");
        Ok(event["object"].take())
    });
    leases.collect()
}

fn version_of(object: &Value) -> Result<u64> {
    let version = object["metadata"]["resourceVersion"].as_str();
    Ok(version.context("an object with a version")?.parse()?)
}
