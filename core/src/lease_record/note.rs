//! What a holder notes beside its record, in the annotation [`NOTE`]: how it came to hold the Lease,
//! and by what others can tell that its process is dead.
//!
//! Invariant: a note is of one write. It names holder, acquire time and renew time, and counts only beside
//! a record that has the same. So what an earlier holder has left says nothing of the present one; nor does
//! it of another process under the same name that goes on with the record, as client-go does, which keeps
//! the annotations that it finds.

use serde_json::{Value, json};

use super::LeaseRecord;
use crate::clock::WallTime;
use crate::named::named;

/// The annotation's name.
pub const NOTE: &str = "leasehold.io/holder-process";

/// Raised when an older Leasehold would take a note for something else. A newer one counts for nothing.
const FORMAT: u64 = 1;

named! {
    /// How a leader came to lead.
    pub enum Acquisition {
        /// Nobody held the Lease, or there was none.
        Free = "free",
        /// Its last holder released it.
        Released = "released",
        /// Its last holder had not renewed it for its lease duration.
        Expired = "expired",
        /// It was still this candidate's own; or, with `reclaim`, that of its identity.
        Regained = "regained",
        /// Its holder was proven dead: the container that it ran in has been started again.
        ContainerRestarted = "container_restarted",
        /// Its holder was proven dead: the status of its pod says that the container that it ran in has
        /// ended.
        ContainerTerminated = "container_terminated",
        /// Its holder was proven dead: the kernel has let go of the lock that its process, and all that
        /// it has started, held.
        LockReleased = "lock_released",
    }
}

/// How it is known that a process is dead, and all that it has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Proof {
    /// See [`Acquisition::ContainerRestarted`].
    ContainerRestarted,
    /// See [`Acquisition::ContainerTerminated`].
    ContainerTerminated,
    /// See [`Acquisition::LockReleased`].
    LockReleased,
}

impl From<Proof> for Acquisition {
    fn from(proof: Proof) -> Self {
        match proof {
            Proof::ContainerRestarted => Self::ContainerRestarted,
            Proof::ContainerTerminated => Self::ContainerTerminated,
            Proof::LockReleased => Self::LockReleased,
        }
    }
}

/// What the holder of a Lease has noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderNote {
    /// How it came to hold the Lease.
    pub acquisition: Acquisition,
    /// The process that holds it.
    pub process: HolderProcess,
}

/// By what others can tell that a process is dead. What is missing proves nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HolderProcess {
    /// The boot of the machine that it runs on.
    pub boot: String,
    /// The container that it runs in.
    pub container: Option<Container>,
    /// What it locks for as long as it lives.
    pub lock: Option<ProcessLock>,
}

/// A container of a pod, all of whose processes die with its first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The pod's UID.
    pub pod_uid: String,
    /// The pod's name, as far as it is known: another pod of that name has another UID.
    pub pod_name: String,
    /// The container's name within the pod.
    pub name: String,
    /// When its first process has started, in the kernel's ticks since the boot: each instance of a
    /// container has its own.
    pub started: u64,
    /// What the container runtime calls this instance, if that is known.
    pub id: Option<String>,
}

/// One byte of a file, locked by a process and all that it has started, until the last of them is dead.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProcessLock {
    /// The file's name in its folder.
    pub file: String,
    /// The device that the file is on.
    pub device: u64,
    /// The file's number there.
    pub inode: u64,
    /// Which byte.
    pub byte: u64,
}

impl HolderNote {
    /// The annotation of a holder beside `record`; `None` if that has no times, to which a note is
    /// bound.
    pub(crate) fn to_text(&self, record: &LeaseRecord) -> Option<String> {
        let HolderProcess {
            boot,
            container,
            lock,
        } = &self.process;
        let container = container.as_ref().map(|container| {
            json!({
                "podUid": container.pod_uid,
                "podName": container.pod_name,
                "name": container.name,
                "started": container.started,
                "id": container.id,
            })
        });
        let lock = lock.as_ref().map(|lock| {
            json!({
                "file": lock.file,
                "device": lock.device,
                "inode": lock.inode,
                "byte": lock.byte,
            })
        });
        let mut note = json!({
            "format": FORMAT,
            "holder": record.holder,
            "acquireTime": record.acquire_time?.as_micros(),
            "renewTime": record.renew_time?.as_micros(),
            "acquired": self.acquisition.name(),
            "boot": boot,
            "container": container,
            "lock": lock,
        });
        remove_nulls(&mut note);
        Some(note.to_string())
    }

    /// What `text` notes of the writer of `record`; `None` if it is about another write, or where
    /// anything in it cannot be understood.
    pub(crate) fn from_text(text: &str, record: &LeaseRecord) -> Option<Self> {
        let note: Value = serde_json::from_str(text).ok()?;
        let time = |name: &str| note[name].as_i64().map(WallTime::from_micros);
        let is_of_this = note["format"] == FORMAT
            && record.is_held()
            && note["holder"] == record.holder
            && record.acquire_time == Some(time("acquireTime")?)
            && record.renew_time == Some(time("renewTime")?);
        if !is_of_this {
            return None;
        }
        let acquired = text_of(&note["acquired"])?;
        let acquisition = Acquisition::ALL.iter().find(|it| it.name() == acquired)?;
        Some(Self {
            acquisition: *acquisition,
            process: HolderProcess {
                boot: text_of(&note["boot"])?,
                container: optional(&note["container"], container)?,
                lock: optional(&note["lock"], lock)?,
            },
        })
    }
}

fn container(value: &Value) -> Option<Container> {
    Some(Container {
        pod_uid: text_of(&value["podUid"])?,
        pod_name: text_of(&value["podName"])?,
        name: text_of(&value["name"])?,
        started: value["started"].as_u64()?,
        id: optional(&value["id"], text_of)?,
    })
}

fn lock(value: &Value) -> Option<ProcessLock> {
    Some(ProcessLock {
        file: text_of(&value["file"])?,
        device: value["device"].as_u64()?,
        inode: value["inode"].as_u64()?,
        byte: value["byte"].as_u64()?,
    })
}

/// Nothing if there is nothing; `None` if there is something else than is expected.
#[expect(clippy::option_option, reason = "absent is not the same as wrong")]
fn optional<T>(value: &Value, read: impl FnOnce(&Value) -> Option<T>) -> Option<Option<T>> {
    match value {
        Value::Null => Some(None),
        value => read(value).map(Some),
    }
}

/// A text that says something.
fn text_of(value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| !text.is_empty());
    text.map(str::to_owned)
}

fn remove_nulls(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.retain(|_, field| !field.is_null());
        fields.values_mut().for_each(remove_nulls);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> LeaseRecord {
        LeaseRecord {
            holder: "pod-1_ab12".to_owned(),
            acquire_time: Some(WallTime::from_micros(1_790_000_000_000_001)),
            renew_time: Some(WallTime::from_micros(1_790_000_000_000_009)),
            ..LeaseRecord::default()
        }
    }

    fn note() -> HolderNote {
        HolderNote {
            acquisition: Acquisition::LockReleased,
            process: HolderProcess {
                boot: "e78a4f34".to_owned(),
                container: Some(Container {
                    pod_uid: "3c2f".to_owned(),
                    pod_name: "pod-1".to_owned(),
                    name: "app".to_owned(),
                    started: 4711,
                    id: Some("9ae1".to_owned()),
                }),
                lock: Some(ProcessLock {
                    file: "leasehold.0".to_owned(),
                    device: u64::MAX,
                    inode: 12,
                    byte: 1 << 61,
                }),
            },
        }
    }

    #[test]
    fn a_note_reads_as_it_was_written() {
        let mut nameless = note();
        nameless.process.container.as_mut().unwrap().id = None;
        let mut bare = note();
        bare.process.container = None;
        bare.process.lock = None;
        for note in [note(), nameless, bare] {
            let text = note.to_text(&record()).unwrap();
            assert_eq!(
                HolderNote::from_text(&text, &record()),
                Some(note),
                "{text}"
            );
        }
    }

    #[test]
    fn what_another_writer_has_left_says_nothing_of_the_present_one() {
        let text = note().to_text(&record()).unwrap();
        let others = [
            LeaseRecord {
                holder: "pod-2".to_owned(),
                ..record()
            },
            LeaseRecord {
                acquire_time: Some(WallTime::from_micros(1_790_000_000_000_002)),
                ..record()
            },
            LeaseRecord {
                acquire_time: None,
                ..record()
            },
            // Somebody else under the same name goes on with the record.
            LeaseRecord {
                renew_time: Some(WallTime::from_micros(1_790_000_002_000_009)),
                ..record()
            },
            LeaseRecord {
                renew_time: None,
                ..record()
            },
            LeaseRecord {
                holder: String::new(),
                ..record()
            },
        ];
        for other in others {
            assert_eq!(HolderNote::from_text(&text, &other), None, "{other:?}");
        }
    }

    #[test]
    fn what_cannot_be_understood_counts_for_nothing() {
        let text = note().to_text(&record()).unwrap();
        let good: Value = serde_json::from_str(&text).unwrap();
        let wrong = [
            ("format", json!(2)),
            ("format", json!("1")),
            ("boot", json!("")),
            ("boot", Value::Null),
            ("acquired", json!("by magic")),
            ("container", json!("app")),
            ("container", json!({ "name": "app" })),
            (
                "lock",
                json!({ "file": "leasehold.0", "device": -1, "inode": 12, "byte": 1 }),
            ),
        ];
        for (field, value) in wrong {
            let mut note = good.clone();
            note[field] = value;
            let text = note.to_string();
            assert_eq!(HolderNote::from_text(&text, &record()), None, "{text}");
        }
        for text in ["", "null", "[]", "{"] {
            assert_eq!(HolderNote::from_text(text, &record()), None, "{text}");
        }
    }

    #[test]
    fn a_note_that_could_be_bound_to_nothing_is_not_written() {
        let without_times = [
            LeaseRecord {
                acquire_time: None,
                ..record()
            },
            LeaseRecord {
                renew_time: None,
                ..record()
            },
        ];
        for record in without_times {
            assert_eq!(note().to_text(&record), None, "{record:?}");
        }
    }
}
