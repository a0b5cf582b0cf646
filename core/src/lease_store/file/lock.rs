//! One process at a time: an advisory lock on a file, waited for no longer than is sensible.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::errors::unavailable;
use crate::error::{Error, ErrorKind, Result};
use crate::system::files::{self, FileId};

/// A write takes milliseconds. A process that holds the lock for this long has been stopped.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
const NAP: Duration = Duration::from_millis(1);

/// The lock, held until it is dropped; the kernel releases it when the process dies.
pub(super) struct Lock(File);

impl Lock {
    /// Takes the lock at `path`. Fails with [`Unavailable`](ErrorKind::Unavailable) when somebody
    /// else keeps it.
    pub(super) fn acquire(path: &Path) -> Result<Self> {
        let started = Instant::now();
        while started.elapsed() < LONGEST_WAIT {
            let attempt = open(path).and_then(|file| Self::take(file, path));
            match attempt.map_err(|error| unavailable("lock", path, error))? {
                Some(lock) => return Ok(lock),
                None => thread::sleep(NAP),
            }
        }
        Err(busy(path))
    }

    /// `None` when somebody else holds the lock, or `file` is no longer the one at `path`: somebody
    /// has deleted it since it was opened, others lock a new one, and this one keeps nobody out.
    fn take(file: File, path: &Path) -> io::Result<Option<Self>> {
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let lock = Self(file);
        if !lock.is_at(path)? {
            return Ok(None);
        }
        lock.sign()?;
        Ok(Some(lock))
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        let held = FileId::of(&self.0)?;
        match FileId::at(path) {
            Ok(there) => Ok(held == there),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Names this process in the file, for those who wait in vain.
    fn sign(&self) -> io::Result<()> {
        self.0.set_len(0)?;
        (&self.0).write_all(format!("{}\n", std::process::id()).as_bytes())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file would not do: a forked child may have inherited it, and the lock with it.
        // It cannot fail on a file that is open and locked.
        let _ = self.0.unlock();
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = files::private();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path)
}

fn busy(path: &Path) -> Error {
    let holder = match fs::read_to_string(path) {
        Ok(process) if !process.trim().is_empty() => format!("process {}", process.trim()),
        _ => "some process".to_owned(),
    };
    let message = format!(
        "{} has been locked by {holder} for {LONGEST_WAIT:?}: if it is stopped or hangs, continue or \
         end it",
        path.display()
    );
    Error::new(ErrorKind::Unavailable, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_keeps_others_out_for_a_bounded_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        fs::write(&path, "a process with a long number\n").unwrap();
        let held = Lock::acquire(&path).unwrap();

        let error = Lock::acquire(&path).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().contains(path.to_str().unwrap()), "{error}");
        let holder = format!("by process {} for", std::process::id());
        // Windows lets nobody read a locked file.
        assert!(
            error.message().contains(&holder) || cfg!(windows),
            "{error}"
        );

        drop(held);
        assert!(Lock::acquire(&path).is_ok());
    }

    #[test]
    fn a_lock_is_released_though_a_copy_of_its_file_stays_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = Lock::acquire(&path).unwrap();
        let _inherited = held.0.try_clone().unwrap();
        drop(held);
        assert!(Lock::acquire(&path).is_ok());
    }

    #[test]
    fn a_lock_on_a_file_that_was_deleted_or_replaced_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let deleted = open(&path).unwrap();
        // Windows may keep a deleted file in its place until it is closed.
        if cfg!(windows) {
            fs::rename(&path, folder.path().join("away")).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        assert!(
            Lock::take(deleted.try_clone().unwrap(), &path)
                .unwrap()
                .is_none()
        );

        let _again = Lock::acquire(&path).unwrap();
        assert!(Lock::take(deleted, &path).unwrap().is_none());
    }
}
