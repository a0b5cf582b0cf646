//! The kernel's proof: a process locks one byte of a file, and with it all that it starts. Who can lock that
//! byte knows that all of them are dead.
//!
//! The numbers of device and file are those of one file that is there, in one boot: another file can only
//! have them when the one that was meant is gone, and everybody who had it open with it. So a file that was
//! deleted or replaced proves nothing as long as somebody may hold a lock on it.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tracing::debug;

use crate::identity;
use crate::lease_record::ProcessLock;
use crate::runtime::{self, PerProcess};

/// A file has more bytes than any number of processes could take by chance twice.
const BITS: u32 = 62;

/// So many locks that turned out to be free, or not to be here, are remembered.
const MOST_REMEMBERED: usize = 64;

/// In so many folders a process has a lock: each costs it a descriptor until it is dead, and a thread of
/// each process that waits for it.
const MOST_FOLDERS: usize = 64;

static LOCKS: PerProcess<Locks> = PerProcess::new();

#[derive(Default)]
struct Locks {
    /// What this process holds, by folder.
    own: Mutex<HashMap<PathBuf, ProcessLock>>,
    /// Locks of others. One thread waits for each, no matter which elections want to know.
    others: Mutex<HashMap<(PathBuf, ProcessLock), watch::Receiver<Finding>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finding {
    Held,
    Released,
    /// It is not in this folder, or cannot be waited for.
    Elsewhere,
}

/// The lock that this process holds in `folder`, taken if need be, until it is dead.
pub(super) fn of_this_process(folder: &Path) -> Option<ProcessLock> {
    let locks = LOCKS.get().ok()?;
    let mut own = exclusive(&locks.own);
    if let Some(lock) = own.get(folder) {
        return Some(lock.clone());
    }
    if own.len() >= MOST_FOLDERS {
        debug!(folder = %folder.display(), "not locking this folder: this process has enough locks");
        return None;
    }
    match take(folder) {
        Ok(lock) => {
            own.insert(folder.to_owned(), lock.clone());
            Some(lock)
        }
        Err(error) => {
            debug!(
                folder = %folder.display(),
                %error,
                "cannot take the lock by which others could tell that this process is dead"
            );
            None
        }
    }
}

fn take(folder: &Path) -> io::Result<ProcessLock> {
    let random = identity::random().map_err(io::Error::other)?;
    let byte = random >> (u64::BITS - BITS);
    let (file, (device, inode)) = runtime::hold_until_death(folder, byte)?;
    Ok(ProcessLock {
        file,
        device,
        inode,
        byte,
    })
}

/// Returns when nobody holds `lock` in `folder` any more; never, if that is not certain.
pub(super) fn released(
    folder: &Path,
    lock: &ProcessLock,
) -> impl Future<Output = ()> + Send + use<> {
    let finding = is_file_name(&lock.file).then(|| finding(folder, lock));
    async move {
        if let Some(Some(mut finding)) = finding
            && let Ok(end) = finding.wait_for(|it| *it != Finding::Held).await
            && *end == Finding::Released
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// What is found out about a lock, on a thread that waits for it.
fn finding(folder: &Path, lock: &ProcessLock) -> Option<watch::Receiver<Finding>> {
    let locks = LOCKS.get().ok()?;
    let mut others = exclusive(&locks.others);
    if others.len() > MOST_REMEMBERED {
        others.retain(|_, finding| *finding.borrow() == Finding::Held);
    }
    let key = (folder.to_owned(), lock.clone());
    if let Some(finding) = others.get(&key) {
        return Some(finding.clone());
    }
    let (sender, finding) = watch::channel(Finding::Held);
    let (path, lock) = (folder.join(&lock.file), lock.clone());
    let waits = move || {
        let meant = (lock.device, lock.inode);
        let found = match runtime::wait_until_free(&path, meant, lock.byte) {
            Ok(()) => Finding::Released,
            Err(_) => Finding::Elsewhere,
        };
        sender.send_replace(found);
    };
    runtime::spawn_thread("leasehold-lock", waits).ok()?;
    others.insert(key, finding.clone());
    Some(finding)
}

/// What somebody else has written is a name, and no way to anywhere.
fn is_file_name(file: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
    file.starts_with("leasehold.") && file.len() < 64 && file.chars().all(plain)
}

/// A thread that panicked has left nothing half done here.
fn exclusive<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
