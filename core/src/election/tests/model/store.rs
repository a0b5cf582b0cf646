//! The Lease as the API server keeps it, as a value: a state holds its own.

use crate::clock::WallTime;
use crate::election::{Observation, Operation, Reply};
use crate::lease_record::{
    Acquisition, HolderNote, HolderProcess, LeaseRecord, RELEASED_DURATION_SECONDS,
    ResourceVersion, StoredLease,
};

/// Who takes the Lease by hand, and is dead at once.
pub(super) const INTRUDER: &str = "intruder";

/// One Lease, what has happened to it, and the wall clock.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    pub(super) lease: Option<StoredLease>,
    version: ResourceVersion,
    created: u32,
    /// What watches may still have to tell.
    history: Vec<(ResourceVersion, Observation)>,
    wall: WallTime,
}

impl Store {
    /// The time for one more record: no two are of one time.
    pub(super) fn wall(&mut self) -> WallTime {
        self.wall = WallTime::from_micros(self.wall.as_micros() + 10);
        self.wall
    }

    pub(super) fn execute(&mut self, operation: &Operation) -> Reply {
        match operation {
            Operation::Read => Reply::Read(Ok(self.lease.clone())),
            Operation::Create(record) => match &self.lease {
                Some(_) => Reply::Conflict(String::new()),
                None => Reply::Written(Ok(self.create(record.clone()))),
            },
            Operation::Replace { seen, record } => match &self.lease {
                Some(present) if present.uid == seen.uid && present.version == seen.version => {
                    Reply::Written(Ok(self.put(record.clone())))
                }
                _ => Reply::Conflict(String::new()),
            },
        }
    }

    /// Whether `operation` may still have an effect when it arrives, if the Lease is no longer deleted
    /// (`deletable`: if it may be).
    pub(super) fn may_matter(&self, operation: &Operation, deletable: bool) -> bool {
        match (operation, &self.lease) {
            (Operation::Read, _) | (Operation::Replace { .. }, None) => false,
            (Operation::Create(_), lease) => deletable || lease.is_none(),
            (Operation::Replace { seen, .. }, Some(present)) => {
                present.uid == seen.uid && present.version == seen.version
            }
        }
    }

    fn create(&mut self, record: LeaseRecord) -> StoredLease {
        self.created += 1;
        self.lease = Some(StoredLease {
            record: record.clone(),
            version: self.version,
            uid: format!("object {}", self.created),
            object: None,
        });
        self.put(record)
    }

    fn put(&mut self, record: LeaseRecord) -> StoredLease {
        self.version.0 += 1;
        let lease = self.lease.as_mut().expect("a Lease");
        lease.record = record;
        lease.version = self.version;
        let lease = lease.clone();
        let told = Observation::Changed {
            lease: lease.clone(),
            complete: true,
        };
        self.history.push((self.version, told));
        lease
    }

    // ---- by hand -------------------------------------------------------------------------------

    pub(super) fn delete(&mut self) {
        self.lease = None;
        self.version.0 += 1;
        let told = Observation::Deleted {
            version: self.version,
            complete: true,
        };
        self.history.push((self.version, told));
    }

    /// The holder is emptied; so is the note, which is bound to it.
    pub(super) fn empty(&mut self, duration: Option<i32>) {
        let record = self.lease.as_ref().map(|lease| lease.record.clone());
        let record = record.expect("a Lease");
        self.put(LeaseRecord {
            holder: String::new(),
            lease_duration_seconds: duration.or(record.lease_duration_seconds),
            note: None,
            ..record
        });
    }

    pub(super) fn break_in(&mut self, duration: i32) {
        let wall = self.wall();
        let transitions = self.lease.as_ref().map_or(0, |it| it.record.transitions);
        self.put(LeaseRecord {
            holder: INTRUDER.to_owned(),
            lease_duration_seconds: Some(duration),
            acquire_time: Some(wall),
            renew_time: Some(wall),
            transitions: transitions + 1,
            note: Some(note(INTRUDER)),
            ..LeaseRecord::default()
        });
    }

    pub(super) fn intruder_releases(&mut self) {
        self.empty(Some(RELEASED_DURATION_SECONDS));
    }

    pub(super) fn is_intruders(&self) -> bool {
        self.holder() == Some(INTRUDER)
    }

    pub(super) fn holder(&self) -> Option<&str> {
        let record = &self.lease.as_ref()?.record;
        record.is_held().then_some(&*record.holder)
    }

    // ---- watches -------------------------------------------------------------------------------

    /// The first thing that has happened after `version`.
    pub(super) fn next_after(
        &self,
        version: ResourceVersion,
    ) -> Option<&(ResourceVersion, Observation)> {
        self.history.iter().find(|(at, _)| *at > version)
    }

    pub(super) fn history(&self) -> &[(ResourceVersion, Observation)] {
        &self.history
    }

    /// Nobody will ask again for what has happened until `version`.
    pub(super) fn forget_until(&mut self, version: ResourceVersion) {
        self.history.retain(|(at, _)| *at > version);
    }
}

/// What a process of this name notes of itself.
pub(super) fn note(process: &str) -> Box<HolderNote> {
    Box::new(HolderNote {
        acquisition: Acquisition::Regained,
        process: HolderProcess {
            boot: process.to_owned(),
            ..HolderProcess::default()
        },
    })
}
