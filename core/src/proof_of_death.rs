//! Who else is dead: what is known for certain of the process that holds a Lease.
//!
//! Invariant: any doubt is no proof. What this process knows of itself is in `container` and `locks`, which
//! is also what it compares with what the holder has noted; what follows from a proof is the election's
//! to say.
//!
//! - `container`: the container in which the holder ran has been started again, as this process.
//! - `locks`: the kernel has let go of the lock that the holder, and all that it has started, held.
//! - `pods`: the status of the holder's pod says that its container has ended; what counts as that is in
//!   `pod_status`.

mod container;
mod locks;
mod pod_status;
mod pods;

use std::path::{Path, PathBuf};

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use futures_util::future::{pending, ready};

use crate::lease_record::{HolderProcess, Proof, StoredLease};
use crate::system::clock::boot_id;
use crate::system::host;

pub(crate) use self::pods::{Namespaces, PodProver};

/// Finds out that the holder of a Lease is dead.
pub trait Prover: Send + Sync + 'static {
    /// By what others can tell that this process is dead; `None` if nothing would.
    fn process(&self) -> Option<HolderProcess>;

    /// Returns when it is certain that the writer of this version is dead, and so is all that it
    /// has started: at once, later, or never.
    fn death(&self, lease: &StoredLease) -> BoxFuture<'static, Proof>;
}

/// Proves nothing, and leaves nothing that could prove anything.
#[derive(Clone, Copy, Debug)]
pub struct NoProof;

impl Prover for NoProof {
    fn process(&self) -> Option<HolderProcess> {
        None
    }

    fn death(&self, _: &StoredLease) -> BoxFuture<'static, Proof> {
        pending().boxed()
    }
}

/// The proofs that need nothing but this machine.
#[derive(Debug)]
pub(crate) struct LocalProver {
    process: HolderProcess,
    /// Where the processes of an election have their locks.
    folder: Option<PathBuf>,
}

impl LocalProver {
    /// For candidates that share `folder`; without one, for those that share the memory of this container
    /// or machine. Makes a file there, if it can: blocks the calling thread for as long as that takes.
    pub(crate) fn new(folder: Option<&Path>) -> Option<Self> {
        // A proof is of this boot alone.
        let boot = boot_id()?;
        let folder = match folder {
            Some(folder) => Some(folder.to_owned()),
            None => host::shared_memory(),
        };
        Some(Self {
            process: HolderProcess {
                boot: boot.trim().to_owned(),
                container: container::of_this_process(),
                lock: folder.as_deref().and_then(locks::of_this_process),
            },
            folder,
        })
    }
}

impl Prover for LocalProver {
    fn process(&self) -> Option<HolderProcess> {
        let provable = self.process.container.is_some() || self.process.lock.is_some();
        provable.then(|| self.process.clone())
    }

    fn death(&self, lease: &StoredLease) -> BoxFuture<'static, Proof> {
        let Some(note) = &lease.record.note else {
            return pending().boxed();
        };
        let (ours, theirs) = (&self.process, &note.process);
        // Numbers of devices, files and ticks are those of one boot.
        if ours.boot.is_empty() || theirs.boot != ours.boot {
            return pending().boxed();
        }
        if container::is_restarted(ours.container.as_ref(), theirs.container.as_ref()) {
            return ready(Proof::ContainerRestarted).boxed();
        }
        match (&self.folder, &theirs.lock) {
            // Its own lock every process holds.
            (Some(folder), Some(lock)) if ours.lock != theirs.lock => {
                let released = locks::released(folder, lock);
                released.map(|()| Proof::LockReleased).boxed()
            }
            _ => pending().boxed(),
        }
    }
}
