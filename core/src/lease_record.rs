//! The spec of a `coordination.k8s.io/v1` Lease as plain data, with what its holder notes beside it, and
//! what it remembers.

mod firings;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod memory;
mod note;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::clock::WallTime;

pub use self::firings::{FIRINGS, Firings, MOST_JOBS};
pub(crate) use self::memory::MemoryChange;
pub use self::memory::{ATTEMPTS, Begun, DONE, MOST_DONE, Memory};
pub use self::note::{Acquisition, Container, HolderNote, HolderProcess, NOTE, ProcessLock, Proof};

/// The duration that a release writes, as client-go does. With an empty holder it tells everybody
/// that the last holder has stopped and that nobody need wait.
pub const RELEASED_DURATION_SECONDS: i32 = 1;

/// What a candidate writes into the Lease and reads from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseRecord {
    /// The identity of the holder; empty when nobody holds the Lease.
    pub holder: String,
    /// How long other candidates wait after the record last changed. Whole seconds.
    pub lease_duration_seconds: Option<i32>,
    /// When the present holder acquired the Lease, by its own wall clock. For display.
    pub acquire_time: Option<WallTime>,
    /// When the present holder last renewed, by its own wall clock. For display and comparison.
    pub renew_time: Option<WallTime>,
    /// How often the Lease has been acquired.
    pub transitions: i32,
    /// What the holder has noted of itself, which is no part of the spec: an annotation that holders
    /// of other clients neither write nor read.
    pub note: Option<Box<HolderNote>>,
    /// What the Lease remembers from term to term, which is no part of the spec either: annotations that
    /// holders of other clients keep as they find them.
    pub memory: Box<Memory>,
}

impl LeaseRecord {
    /// Whether some candidate is named as the holder.
    pub fn is_held(&self) -> bool {
        !self.holder.is_empty()
    }

    /// How long others wait, where the record says so. Zero and negative durations say nothing.
    pub fn lease_duration(&self) -> Option<Duration> {
        let seconds = u64::try_from(self.lease_duration_seconds?).ok()?;
        (seconds > 0).then(|| Duration::from_secs(seconds))
    }

    /// Whether this is the same write as `other`: same holder, same acquisition, same renewal.
    /// The other fields may have been edited since without changing whose write it is.
    pub fn is_same_write(&self, other: &Self) -> bool {
        self.holder == other.holder
            && self.acquire_time == other.acquire_time
            && self.renew_time == other.renew_time
    }

    /// Whether `other` is of the same acquisition: of one holder, that has renewed it since or not.
    pub fn is_same_acquisition(&self, other: &Self) -> bool {
        self.holder == other.holder && self.acquire_time == other.acquire_time
    }

    /// Whether `later` says the same, annotations aside.
    pub(crate) fn is_unchanged_by(&self, later: &Self) -> bool {
        self.is_same_write(later)
            && self.lease_duration_seconds == later.lease_duration_seconds
            && self.transitions == later.transitions
    }

    /// Refuses an object that is not in the shape of a Kubernetes Lease, as far as writes touch it; the
    /// error says where.
    pub(crate) fn check_shape(object: &Value) -> Result<(), String> {
        let parts = [
            "/metadata",
            "/metadata/labels",
            "/metadata/annotations",
            "/spec",
        ];
        let is_wrong = |part: &&str| {
            let value = object.pointer(part);
            value.is_some_and(|value| !value.is_object() && !value.is_null())
        };
        match parts.into_iter().find(is_wrong) {
            Some(part) => Err(format!("{} is not an object", part[1..].replace('/', "."))),
            None => Ok(()),
        }
    }

    /// Reads what belongs to this record among the annotations of an object in the shape of a Kubernetes
    /// Lease: the note, if it is of this very write, and what the Lease remembers.
    pub(crate) fn with_annotations_of(mut self, object: &Value) -> Self {
        let note = object["metadata"]["annotations"][NOTE].as_str();
        let note = note.and_then(|text| HolderNote::from_text(text, &self));
        self.note = note.map(Box::new);
        self.memory = Box::new(Memory::of(object));
        self
    }

    /// Puts that among the annotations of such an object, or removes what an earlier holder has left
    /// there. Those of others stay.
    pub(crate) fn annotate(&self, object: &mut Value) {
        if let Some(note) = self.note.as_ref().and_then(|note| note.to_text(self)) {
            object["metadata"]["annotations"][NOTE] = note.into();
        } else if let Some(Value::Object(annotations)) = object.pointer_mut("/metadata/annotations")
        {
            annotations.remove(NOTE);
        }
        self.memory.write_to(object);
    }
}

/// The version of a stored Lease. Versions of one Lease only grow, also across its deletion
/// and later creation (KEP-5504), which is what makes them fencing tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceVersion(pub u64);

impl std::fmt::Display for ResourceVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A Lease as the store holds it.
#[derive(Clone, Debug)]
pub struct StoredLease {
    /// What candidates agree on.
    pub record: LeaseRecord,
    /// Grows with each change of the stored object.
    pub version: ResourceVersion,
    /// Tells this object from one that was created later under the same name.
    pub uid: String,
    /// The whole object as the store knows it, in the shape of a Kubernetes Lease, so that a write
    /// keeps the fields of others. But for labels, only the store that made it looks inside.
    pub object: Option<Arc<serde_json::Value>>,
}

impl StoredLease {
    /// Whether it is this very object, with nothing changed.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.uid == other.uid && self.version == other.version && self.object == other.object
    }

    /// The labels that the Lease carries.
    pub fn labels(&self) -> BTreeMap<&str, &str> {
        let object = self.object.as_deref();
        let labels = object.and_then(|object| object["metadata"]["labels"].as_object());
        let pairs = labels.into_iter().flatten();
        pairs
            .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
            .collect()
    }
}
