//! The folder of one Lease: what is compared and written under its lock.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use serde_json::Value;
use uuid::Uuid;

use super::errors::unavailable;
use super::format;
use super::guard;
use super::lock::Lock;
use crate::clock::WallTime;
use crate::error::{Error, ErrorKind, Result};
use crate::lease_record::{LeaseRecord, ResourceVersion, StoredLease};
use crate::lease_store::StoreError;
use crate::system::files;
use crate::validation;

pub(super) const LEASE: &str = "lease.json";
const LOCK: &str = "lock";
pub(super) const VERSION: &str = "version";

/// Versions are reserved so many at a time, so that most writes touch the Lease's file only.
const RESERVATION: u64 = 100;

/// What there is to see of a Lease.
pub(super) enum Sight {
    Present(StoredLease),
    /// Above the version of each Lease so far, or of those that were seen, by somebody who only
    /// looks; below that of the next one.
    Absent(ResourceVersion),
}

#[derive(Debug)]
pub(super) struct LeaseFolder {
    directory: PathBuf,
    namespace: String,
    lease: String,
    /// With symbolic links resolved, so that it stays the folder that was found fit.
    path: PathBuf,
    /// Not for somebody who only looks.
    makes_folders: bool,
    /// The highest version of a Lease that was read.
    newest: AtomicU64,
}

impl LeaseFolder {
    /// Makes the folders that are missing.
    pub(super) fn open(directory: &Path, namespace: &str, lease: &str) -> Result<Self> {
        Self::at(directory, namespace, lease, true)
    }

    /// Makes nothing. The folder may not be there yet.
    pub(super) fn find(directory: &Path, namespace: &str, lease: &str) -> Result<Self> {
        Self::at(directory, namespace, lease, false)
    }

    fn at(directory: &Path, namespace: &str, lease: &str, makes_folders: bool) -> Result<Self> {
        validation::check_namespace("namespace", namespace)?;
        validation::check_lease("lease", lease)?;
        let below = [namespace, lease];
        let found = if makes_folders {
            Some(guard::prepare(directory, below)?)
        } else {
            guard::find(directory, below)?
        };
        Ok(Self {
            path: found.unwrap_or_else(|| directory.join(namespace).join(lease)),
            directory: directory.to_owned(),
            namespace: namespace.to_owned(),
            lease: lease.to_owned(),
            makes_folders,
            newest: AtomicU64::default(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder again if somebody has deleted it; one who only looks waits for it.
    pub(super) fn prepare(&self) -> Result<()> {
        let below = [self.namespace.as_str(), &self.lease];
        if !self.makes_folders {
            let found = guard::find(&self.directory, below)?;
            return found.map(drop).ok_or_else(|| {
                let message = format!("the directory {} does not exist yet", self.path.display());
                Error::new(ErrorKind::Unavailable, message)
            });
        }
        if !self.path.is_dir() {
            guard::prepare(&self.directory, below)?;
        }
        Ok(())
    }

    /// Whether this user could elect here. Makes nothing.
    pub(super) fn check(&self) -> Result<()> {
        guard::check(&self.directory, [&self.namespace, &self.lease])
    }

    pub(super) fn read(&self) -> Result<Option<StoredLease>> {
        let Some(contents) = self.read_file(LEASE)? else {
            return Ok(None);
        };
        let lease = format::decode(&contents).map_err(|reason| self.corrupt(LEASE, &reason))?;
        self.newest.fetch_max(lease.version.0, Ordering::Relaxed);
        Ok(Some(lease))
    }

    pub(super) fn look(&self) -> Result<Sight> {
        if let Some(lease) = self.read()? {
            return Ok(Sight::Present(lease));
        }
        if !self.makes_folders {
            // Without the lock, the version reserved may be above that of a Lease which is just
            // being created; one that follows on a Lease leaves out a version after it.
            let newest = self.newest.load(Ordering::Relaxed);
            return Ok(Sight::Absent(ResourceVersion(newest.saturating_add(1))));
        }
        // Nobody may create the Lease between the look at it and the look at the version.
        let _lock = self.lock()?;
        if let Some(lease) = self.read()? {
            return Ok(Sight::Present(lease));
        }
        let reserved = match self.reserved()? {
            Some(reserved) => reserved,
            None => self.reserve(first_version())?,
        };
        Ok(Sight::Absent(ResourceVersion(reserved.saturating_add(1))))
    }

    pub(super) fn create(&self, record: &LeaseRecord) -> Result<StoredLease, StoreError> {
        let _lock = self.lock()?;
        if self.read()?.is_some() {
            return Err(conflict("the Lease already exists"));
        }
        let uid = Uuid::new_v4().to_string();
        let version = self.next_version(None)?;
        Ok(self.write_lease(format::encode(None, &uid, version, record)?)?)
    }

    pub(super) fn replace(
        &self,
        seen: &StoredLease,
        record: &LeaseRecord,
    ) -> Result<StoredLease, StoreError> {
        let _lock = self.lock()?;
        let present = match self.read()? {
            None => return Err(conflict("the Lease is gone")),
            Some(present) if present.uid != seen.uid => {
                return Err(conflict("the Lease was deleted and created again"));
            }
            Some(present) if present.version != seen.version => {
                return Err(conflict("the Lease has changed"));
            }
            // An edit of the file by hand leaves the version as it is.
            Some(present) if seen.object.is_some() && present.object != seen.object => {
                return Err(conflict("the Lease was edited by hand"));
            }
            Some(present) => present,
        };
        // As on the API server, an unchanged write leaves no trace.
        if present.record == *record {
            return Ok(present);
        }
        let version = self.next_version(Some(present.version))?;
        let base = present.object.as_deref();
        Ok(self.write_lease(format::encode(base, &present.uid, version, record)?)?)
    }

    fn lock(&self) -> Result<Lock> {
        self.prepare()?;
        Lock::acquire(&self.path.join(LOCK))
    }

    /// The version of the write that follows `present`. Needs the lock.
    fn next_version(&self, present: Option<ResourceVersion>) -> Result<ResourceVersion> {
        let reserved = self.reserved()?;
        if let (Some(ResourceVersion(version)), Some(reserved)) = (present, reserved)
            && version < reserved
        {
            return Ok(ResourceVersion(version + 1));
        }
        let reserved = reserved.unwrap_or_else(first_version);
        let highest = present.map_or(reserved, |present| present.0.max(reserved));
        let Some(reserved) = highest.checked_add(2 + RESERVATION) else {
            let reason = format!(
                "leaves no version after {highest}: stop all candidates, then delete the folder"
            );
            return Err(self.corrupt(VERSION, &reason));
        };
        self.reserve(reserved)?;
        // One version is left out: the watch reports a deletion of the last Lease at it.
        Ok(ResourceVersion(highest + 2))
    }

    /// The highest version that may have been given out.
    fn reserved(&self) -> Result<Option<u64>> {
        let Some(contents) = self.read_file(VERSION)? else {
            return Ok(None);
        };
        let number = str::from_utf8(&contents)
            .ok()
            .and_then(|text| text.trim().parse().ok());
        number.map(Some).ok_or_else(|| {
            self.corrupt(
                VERSION,
                "is not a whole number: stop all candidates, then delete the file",
            )
        })
    }

    fn reserve(&self, version: u64) -> Result<u64> {
        self.write_file(VERSION, &version.to_string())?;
        Ok(version)
    }

    /// Returns what a reader will read.
    fn write_lease(&self, object: Value) -> Result<StoredLease> {
        self.write_file(LEASE, &format!("{object:#}"))?;
        format::understand(object).map_err(|reason| self.corrupt(LEASE, &reason))
    }

    fn read_file(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.path.join(name);
        match fs::read(&path) {
            Ok(contents) => Ok(Some(contents)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unavailable("read", &path, error)),
        }
    }

    /// Replaces a file as a whole: after a crash, or a loss of power, it is the old or the new one.
    /// Needs the lock, for there is one temporary name, so that crashes leave no litter.
    fn write_file(&self, name: &str, line: &str) -> Result<()> {
        let path = self.path.join(name);
        let temporary = self.path.join(format!("{name}.new"));
        let write = || {
            let mut options = files::private();
            options.write(true).create(true).truncate(true);
            let mut file = options.open(&temporary)?;
            writeln!(file, "{line}")?;
            file.sync_all()?;
            drop(file);
            files::replace(&temporary, &path)
        };
        write().map_err(|error| unavailable("write", &path, error))
    }

    fn corrupt(&self, name: &str, reason: &str) -> Error {
        let path = self.path.join(name);
        Error::new(ErrorKind::Corrupt, format!("{} {reason}", path.display()))
    }
}

/// Where versions begin when none is known. Somebody may have deleted the whole folder, versions
/// included. They grow by far less than a million each second, so the time in microseconds is above
/// them all, unless the clock has been set back too.
fn first_version() -> u64 {
    let micros = WallTime::from(SystemTime::now()).as_micros();
    u64::try_from(micros).unwrap_or(0)
}

fn conflict(reason: &str) -> StoreError {
    StoreError::Conflict(reason.to_owned())
}

#[cfg(test)]
mod tests;
