//! What others write into the annotations of ours.

use serde_json::{Value, json};

use super::{ATTEMPTS, DONE, FIRINGS, LeaseRecord, Memory, MemoryChange, NOTE};
use crate::clock::WallTime;

/// The note of a holder, what was done, what was begun, and firings: texts with NUL between them, beside an
/// annotation of somebody else's.
///
/// What is understood is written as it was read; what is not is never written over, and begins nothing.
pub(crate) fn annotations(input: &[u8]) {
    let Ok(input) = str::from_utf8(input) else {
        return;
    };
    let mut annotations = json!({ "team": "payments" });
    for (name, text) in [NOTE, DONE, ATTEMPTS, FIRINGS]
        .into_iter()
        .zip(input.split('\0'))
    {
        if !text.is_empty() {
            annotations[name] = text.into();
        }
    }
    let object = json!({ "metadata": { "annotations": annotations } });
    let record = LeaseRecord {
        holder: "pod-1_ab12".to_owned(),
        acquire_time: Some(WallTime::from_micros(1_790_000_000_000_001)),
        renew_time: Some(WallTime::from_micros(1_790_000_000_000_009)),
        ..LeaseRecord::default()
    }
    .with_annotations_of(&object);

    let written = |record: &LeaseRecord| {
        let mut object = object.clone();
        record.annotate(&mut object);
        object["metadata"]["annotations"].clone()
    };
    let again = written(&record);
    assert_eq!(again["team"], "payments");
    let read = |annotations: &Value| {
        let object = json!({ "metadata": { "annotations": annotations } });
        LeaseRecord {
            note: None,
            memory: Box::new(Memory::nothing()),
            ..record.clone()
        }
        .with_annotations_of(&object)
    };
    assert_eq!(read(&again), record, "reads as it was written");
    for changed in [
        LeaseRecord {
            holder: "another".to_owned(),
            ..record.clone()
        },
        LeaseRecord {
            renew_time: Some(WallTime::from_micros(1_790_000_000_000_010)),
            ..record.clone()
        },
    ] {
        let found = changed.with_annotations_of(&object);
        let is_of_both = record.note.is_some() && found.note.is_some();
        assert!(!is_of_both, "a note is of one write");
    }

    for change in [
        MemoryChange::Begin {
            key: "1.4.2".to_owned(),
            by: "me".to_owned(),
            most: u32::MAX,
        },
        MemoryChange::Done {
            key: "1.4.2".to_owned(),
        },
        MemoryChange::Fail {
            key: "1.4.2".to_owned(),
            failure: "no".to_owned(),
        },
        MemoryChange::Fire {
            job: "bill".to_owned(),
            due: WallTime::from_micros(1_790_000_000_000_000),
        },
    ] {
        let mut changed = record.clone();
        let was_done = record.memory.is_done("1.4.2");
        let has_changed = changed.memory.make(&change);
        let after = written(&changed);
        let is_firing = matches!(change, MemoryChange::Fire { .. });
        if record.memory.unreadable.is_some() || (was_done && !is_firing) {
            assert!(!has_changed, "{change:?}");
        }
        if is_firing {
            let begun_again = changed.memory.clone().make(&change);
            assert!(!begun_again, "a firing is begun once");
        }
        if record.memory.unreadable.is_some() {
            let before = &object["metadata"]["annotations"];
            for name in [DONE, ATTEMPTS, FIRINGS] {
                assert_eq!(after[name], before[name], "is not written over");
            }
        } else if has_changed {
            assert_eq!(read(&after).memory, changed.memory, "{change:?}");
        }
        if was_done {
            assert!(changed.memory.is_done("1.4.2"));
        }
    }
}
