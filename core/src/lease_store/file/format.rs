//! The Lease's file: JSON in the shape of a Kubernetes Lease, for people to read.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::WallTime;
use crate::error::{Error, Result};
use crate::lease_record::{LeaseRecord, ResourceVersion, StoredLease};

/// Raised when an older Leasehold could no longer understand the file.
const FORMAT: u64 = 1;

/// What candidates agree on. The file may hold more, which every write keeps.
#[derive(Deserialize)]
struct LeaseFile {
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    uid: String,
    resource_version: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    holder_identity: String,
    lease_duration_seconds: Option<i32>,
    acquire_time: Option<Timestamp>,
    renew_time: Option<Timestamp>,
    lease_transitions: i32,
}

/// Reads the file's contents; the error is what a sentence about the file ends with.
pub(super) fn decode(contents: &[u8]) -> Result<StoredLease, String> {
    let object = serde_json::from_slice(contents).map_err(|error| damaged(&error))?;
    understand(object)
}

/// The object in the file's shape; `base` is the present one, whose other fields are kept.
pub(super) fn encode(
    base: Option<&Value>,
    uid: &str,
    version: ResourceVersion,
    record: &LeaseRecord,
) -> Result<Value> {
    let mut object = base.cloned().unwrap_or_default();
    object["format"] = json!(FORMAT);
    object["metadata"]["uid"] = json!(uid);
    object["metadata"]["resourceVersion"] = json!(version.0);
    let spec = &mut object["spec"];
    spec["holderIdentity"] = json!(record.holder);
    spec["leaseDurationSeconds"] = json!(record.lease_duration_seconds);
    spec["acquireTime"] = json!(timestamp("acquire time", record.acquire_time)?);
    spec["renewTime"] = json!(timestamp("renew time", record.renew_time)?);
    spec["leaseTransitions"] = json!(record.transitions);
    record.annotate(&mut object);
    Ok(object)
}

/// The Lease that the object describes; the error is what a sentence about the file ends with.
pub(super) fn understand(object: Value) -> Result<StoredLease, String> {
    match object["format"].as_u64() {
        Some(FORMAT) => {}
        Some(newer) if newer > FORMAT => {
            return Err(format!(
                "has format {newer}, and this Leasehold knows formats up to {FORMAT}: update it"
            ));
        }
        _ => return Err(damaged(&"its format number is missing or wrong")),
    }
    LeaseRecord::check_shape(&object).map_err(|why| damaged(&why))?;
    let LeaseFile { metadata, spec } =
        LeaseFile::deserialize(&object).map_err(|error| damaged(&error))?;
    let record = LeaseRecord {
        holder: spec.holder_identity,
        lease_duration_seconds: spec.lease_duration_seconds,
        acquire_time: spec.acquire_time.map(wall_time),
        renew_time: spec.renew_time.map(wall_time),
        transitions: spec.lease_transitions,
        ..LeaseRecord::default()
    };
    Ok(StoredLease {
        record: record.with_annotations_of(&object),
        version: ResourceVersion(metadata.resource_version),
        uid: metadata.uid,
        object: Some(Arc::new(object)),
    })
}

/// A deletion while candidates run could let two of them lead for a moment.
fn damaged(reason: &dyn fmt::Display) -> String {
    format!("is damaged ({reason}): stop all candidates of this Lease, then delete the file")
}

fn timestamp(field: &str, time: Option<WallTime>) -> Result<Option<Timestamp>> {
    let convert = |time: WallTime| {
        let micros = time.as_micros();
        Timestamp::from_microsecond(micros)
            .map_err(|_| Error::config(field, format!("{micros} µs"), "set the machine's clock"))
    };
    time.map(convert).transpose()
}

fn wall_time(time: Timestamp) -> WallTime {
    WallTime::from_micros(time.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn file() -> Value {
        json!({
            "format": 1,
            "metadata": { "uid": "u", "resourceVersion": 7 },
            "spec": {
                "holderIdentity": "a",
                "leaseDurationSeconds": 15,
                "acquireTime": "2026-09-21T14:13:20.123456Z",
                "renewTime": null,
                "leaseTransitions": 3
            }
        })
    }

    #[test]
    fn a_file_reads_as_a_lease() {
        let lease = understand(file()).unwrap();
        assert_eq!(lease.version, ResourceVersion(7));
        assert_eq!(lease.uid, "u");
        let record = LeaseRecord {
            holder: "a".to_owned(),
            lease_duration_seconds: Some(15),
            acquire_time: Some(WallTime::from_micros(1_790_000_000_123_456)),
            renew_time: None,
            transitions: 3,
            ..LeaseRecord::default()
        };
        assert_eq!(lease.record, record);
    }

    #[test]
    fn a_write_changes_the_known_fields_only() {
        let mut base = file();
        base["owner"] = json!("platform team");
        base["spec"]["strategy"] = json!("OldestEmulationVersion");
        let record = LeaseRecord {
            holder: "b".to_owned(),
            ..LeaseRecord::default()
        };
        let object = encode(Some(&base), "u", ResourceVersion(8), &record).unwrap();

        assert_eq!(object["owner"], "platform team");
        assert_eq!(object["spec"]["strategy"], "OldestEmulationVersion");
        assert_eq!(object["metadata"]["resourceVersion"], 8);
        assert_eq!(understand(object).unwrap().record, record);
    }

    #[test]
    fn a_newer_format_asks_for_an_update() {
        let mut newer = file();
        newer["format"] = json!(2);
        assert_eq!(
            understand(newer).unwrap_err(),
            "has format 2, and this Leasehold knows formats up to 1: update it"
        );
    }

    #[test]
    fn a_damaged_file_is_never_taken_for_a_free_lease() {
        for contents in [
            "",
            "{",
            "null",
            "[]",
            "0",
            "{}",
            r#"{"format":1}"#,
            "\u{0}\u{0}",
        ] {
            let reason = decode(contents.as_bytes()).unwrap_err();
            assert!(reason.starts_with("is damaged ("), "{contents:?} {reason}");
        }
        assert!(decode(b"\xff\xfe").is_err(), "not text");
        for field in ["holderIdentity", "leaseTransitions"] {
            let mut without = file();
            without["spec"].as_object_mut().unwrap().remove(field);
            assert!(understand(without).unwrap_err().contains(field));
        }
        for (field, value) in [
            ("holderIdentity", json!(null)),
            ("leaseDurationSeconds", json!("15")),
            ("renewTime", json!("yesterday")),
            ("leaseTransitions", json!(1.5)),
        ] {
            let mut wrong = file();
            wrong["spec"][field] = value;
            assert!(understand(wrong).is_err(), "{field}");
        }
    }

    #[test]
    fn a_time_that_no_calendar_holds_is_a_fault_of_the_clock() {
        let record = LeaseRecord {
            renew_time: Some(WallTime::from_micros(i64::MAX)),
            ..LeaseRecord::default()
        };
        let error = encode(None, "u", ResourceVersion(1), &record).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error
                .message()
                .contains("renew time = 9223372036854775807 µs"),
            "{error}"
        );
    }
}
