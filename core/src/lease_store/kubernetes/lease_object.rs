//! The Lease as JSON: read into a record, and written back with every field of others kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::coordination::v1::LeaseSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use k8s_openapi::serde::Deserialize;
use serde_json::{Value, json};

use super::LeaseName;
use crate::clock::WallTime;
use crate::error::{Error, ErrorKind, Result};
use crate::lease_record::{LeaseRecord, ResourceVersion, StoredLease};

const MANAGED_FIELDS: &str = "managedFields";

/// What a Lease is to carry beside its record, because its users want it so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Labels by their keys.
    pub labels: BTreeMap<String, String>,
    /// Annotations by their keys.
    pub annotations: BTreeMap<String, String>,
}

impl Metadata {
    /// Puts right what is missing or different, and keeps what others have set.
    fn write_to(&self, object: &mut Value) {
        for (field, wanted) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            for (key, value) in wanted {
                object["metadata"][field][key] = json!(value);
            }
        }
    }
}

/// A Lease to create.
pub(super) fn new_object(lease: &LeaseName, metadata: &Metadata, record: &LeaseRecord) -> Value {
    let mut object = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": { "namespace": lease.namespace, "name": lease.name },
    });
    metadata.write_to(&mut object);
    write_record(&mut object, record);
    object
}

/// `seen` with another record. It names its version and its UID, so that the API server refuses it
/// when the Lease has changed since, and does not create a deleted one again.
pub(super) fn replacement(
    seen: &StoredLease,
    metadata: &Metadata,
    record: &LeaseRecord,
) -> Result<Value> {
    let Some(object) = &seen.object else {
        let message = "a Lease that was not read from the API server cannot be written to it";
        return Err(Error::new(ErrorKind::Internal, message));
    };
    let mut object = Value::clone(object);
    object["metadata"]["resourceVersion"] = json!(seen.version.to_string());
    object["metadata"]["uid"] = json!(seen.uid);
    metadata.write_to(&mut object);
    write_record(&mut object, record);
    Ok(object)
}

/// What the API server has sent.
pub(super) fn stored_lease(mut object: Value) -> Result<StoredLease> {
    LeaseRecord::check_shape(&object).map_err(|why| corrupt(&why))?;
    forget_managed_fields(&mut object);
    let record = read_record(&object)?;
    let version = version(&object)?;
    let uid = match object["metadata"]["uid"].as_str() {
        Some(uid) => uid.to_owned(),
        None => return Err(corrupt("metadata.uid is missing")),
    };
    Ok(StoredLease {
        record,
        version,
        uid,
        object: Some(Arc::new(object)),
    })
}

/// Who has set which field is most of a Lease, and a write without it leaves it as it is: the API server
/// then takes what it has itself, and adds us (`FieldManager.Update` of its structured-merge-diff).
fn forget_managed_fields(object: &mut Value) {
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
    metadata.and_then(|metadata| metadata.remove(MANAGED_FIELDS));
}

/// The version of an object in an answer or an event.
pub(super) fn version(object: &Value) -> Result<ResourceVersion> {
    match object["metadata"]["resourceVersion"].as_str() {
        Some(version) => parse_version(version),
        None => Err(corrupt("metadata.resourceVersion is missing")),
    }
}

/// Fencing tokens are versions, and so numbers. The Kubernetes API promises decimal ones (KEP-5504).
pub(super) fn parse_version(version: &str) -> Result<ResourceVersion> {
    match version.parse() {
        Ok(number) => Ok(ResourceVersion(number)),
        Err(_) => Err(corrupt(&format!(
            "metadata.resourceVersion is {version:?}, which is not a decimal number"
        ))),
    }
}

fn read_record(object: &Value) -> Result<LeaseRecord> {
    let spec = match &object["spec"] {
        Value::Null => LeaseSpec::default(),
        spec => LeaseSpec::deserialize(spec)
            .map_err(|error| corrupt(&format!("spec {}: {error}", start_of(spec))))?,
    };
    let wall_time = |MicroTime(time)| WallTime::from_micros(time.as_microsecond());
    let record = LeaseRecord {
        holder: spec.holder_identity.unwrap_or_default(),
        lease_duration_seconds: spec.lease_duration_seconds,
        acquire_time: spec.acquire_time.map(wall_time),
        renew_time: spec.renew_time.map(wall_time),
        transitions: spec.lease_transitions.unwrap_or_default(),
        ..LeaseRecord::default()
    };
    Ok(record.with_annotations_of(object))
}

fn write_record(object: &mut Value, record: &LeaseRecord) {
    let spec = &mut object["spec"];
    spec["holderIdentity"] = json!(record.holder);
    spec["leaseDurationSeconds"] = json!(record.lease_duration_seconds);
    spec["acquireTime"] = json!(record.acquire_time.map(micro_time));
    spec["renewTime"] = json!(record.renew_time.map(micro_time));
    spec["leaseTransitions"] = json!(record.transitions);
    record.annotate(object);
}

/// RFC 3339 with six digits, as the API server itself writes it.
pub(super) fn micro_time(time: WallTime) -> MicroTime {
    // Only times after the year 9999 do not fit.
    MicroTime(Timestamp::from_microsecond(time.as_micros()).unwrap_or(Timestamp::MAX))
}

/// Enough to recognise what somebody has put there.
fn start_of(value: &Value) -> String {
    const LONGEST: usize = 1000;
    value.to_string().chars().take(LONGEST).collect()
}

fn corrupt(what: &str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("the Lease cannot be understood: {what}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_the_server() -> Value {
        json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "namespace": "shop",
                "name": "monolith-jobs",
                "uid": "3c2f",
                "resourceVersion": "4711",
                "labels": { "team": "payments" },
                "finalizers": ["example.com/audit"],
            },
            "spec": {
                "holderIdentity": "pod-1_ab12",
                "leaseDurationSeconds": 15,
                "acquireTime": "2026-09-21T14:13:20.000000Z",
                "renewTime": "2026-09-21T14:13:20.123456Z",
                "leaseTransitions": 3,
                "preferredHolder": "pod-7",
                "somethingNew": { "of": "next year" },
            },
        })
    }

    fn record() -> LeaseRecord {
        LeaseRecord {
            holder: "pod-1_ab12".into(),
            lease_duration_seconds: Some(15),
            acquire_time: Some(WallTime::from_micros(1_790_000_000_000_000)),
            renew_time: Some(WallTime::from_micros(1_790_000_000_123_456)),
            transitions: 3,
            ..LeaseRecord::default()
        }
    }

    fn metadata() -> Metadata {
        let pairs = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
        Metadata {
            labels: pairs("team", "shipping"),
            annotations: pairs("note", "a, b"),
        }
    }

    #[test]
    fn a_write_puts_our_metadata_right_and_keeps_that_of_others() {
        let mut object = on_the_server();
        object["metadata"]["labels"]["owner"] = json!("somebody");
        let lease = stored_lease(object).expect("a Lease");
        let written = replacement(&lease, &metadata(), &record()).expect("a Lease");
        assert_eq!(
            written["metadata"]["labels"],
            json!({ "team": "shipping", "owner": "somebody" })
        );
        assert_eq!(
            written["metadata"]["annotations"],
            json!({ "note": "a, b" })
        );
        assert_eq!(
            written["metadata"]["finalizers"],
            on_the_server()["metadata"]["finalizers"]
        );
    }

    fn corruption(object: Value) -> String {
        let error = stored_lease(object).expect_err("not a Lease");
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        error.message().to_owned()
    }

    #[test]
    fn a_lease_is_read_with_its_record_version_and_uid() {
        let lease = stored_lease(on_the_server()).expect("a Lease");
        assert_eq!(lease.record, record());
        assert_eq!(lease.version, ResourceVersion(4711));
        assert_eq!(lease.uid, "3c2f");
    }

    #[test]
    fn a_lease_without_a_spec_has_no_holder() {
        let mut object = on_the_server();
        object.as_object_mut().expect("an object").remove("spec");
        assert_eq!(
            stored_lease(object).expect("a Lease").record,
            LeaseRecord::default()
        );
    }

    #[test]
    fn writing_back_what_was_read_changes_nothing() {
        let lease = stored_lease(on_the_server()).expect("a Lease");
        let written = replacement(&lease, &Metadata::default(), &lease.record).expect("a Lease");
        assert_eq!(written, on_the_server());
    }

    #[test]
    fn who_has_set_what_is_left_to_the_api_server() {
        let mut object = on_the_server();
        let of_others = json!([{ "manager": "somebody", "fieldsV1": { "f:spec": {} } }]);
        object["metadata"][MANAGED_FIELDS] = of_others;
        let lease = stored_lease(object).expect("a Lease");
        assert_eq!(lease.object.as_deref(), Some(&on_the_server()));
        let written = replacement(&lease, &Metadata::default(), &lease.record).expect("a Lease");
        assert_eq!(written, on_the_server());
    }

    #[test]
    fn a_release_empties_the_holder_and_keeps_what_others_have_set() {
        let lease = stored_lease(on_the_server()).expect("a Lease");
        let released = LeaseRecord {
            holder: String::new(),
            ..record()
        };
        let written = replacement(&lease, &Metadata::default(), &released).expect("a Lease");
        assert_eq!(written["spec"]["holderIdentity"], json!(""));
        assert_eq!(written["spec"]["preferredHolder"], json!("pod-7"));
        assert_eq!(
            written["spec"]["somethingNew"],
            json!({ "of": "next year" })
        );
        assert_eq!(written["metadata"], on_the_server()["metadata"]);
    }

    #[test]
    fn a_new_lease_carries_its_name_and_its_record() {
        let lease = LeaseName {
            namespace: "shop".into(),
            name: "monolith-jobs".into(),
        };
        let object = new_object(&lease, &metadata(), &record());
        assert_eq!(object["metadata"]["name"], json!("monolith-jobs"));
        assert_eq!(object["metadata"]["labels"], json!({ "team": "shipping" }));
        assert_eq!(object["metadata"]["annotations"], json!({ "note": "a, b" }));
        assert_eq!(
            object["spec"]["renewTime"],
            json!("2026-09-21T14:13:20.123456Z")
        );
        assert_eq!(read_record(&object).expect("a record"), record());
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        let mut object = on_the_server();
        object["metadata"]["resourceVersion"] = json!("v17");
        assert!(corruption(object).contains("metadata.resourceVersion is \"v17\""));

        let mut object = on_the_server();
        object["spec"]["renewTime"] = json!("yesterday");
        assert!(corruption(object).contains("yesterday"));
    }

    #[test]
    fn a_lease_of_another_store_cannot_be_written() {
        let mut lease = stored_lease(on_the_server()).expect("a Lease");
        lease.object = None;
        let error =
            replacement(&lease, &Metadata::default(), &record()).expect_err("nothing to keep");
        assert_eq!(error.kind(), ErrorKind::Internal);
    }
}
