//! On Linux.

#![expect(
    unsafe_code,
    reason = "locks of open files, and a mapping that keeps one open"
)]

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::ptr;

use rustix::fs::{Mode, OFlags, open};
use rustix::mm::{MapFlags, ProtFlags, mmap};
use rustix::process::geteuid;

use super::FileNumbers;

/// Standard input, output and error, of which children have their own.
const FIRST_OTHER: RawFd = 3;

/// Locks a byte of a file in `folder`, which is made if it is missing, for as long as this process or
/// anything that it starts from now on is alive. Returns the file's name. There is no way to let go.
///
/// Fails if another process has that byte, and if the file is not this user's own.
pub(crate) fn hold_until_death(folder: &Path, byte: u64) -> io::Result<(String, FileNumbers)> {
    // Each user has a file of his own, since only its owner may lock it.
    let name = format!("leasehold.{}", geteuid().as_raw());
    let path = &folder.join(&name);
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    // Other users look on: they lock nothing, since that takes the right to write.
    let file = File::from(open(path, flags, Mode::from_raw_mode(0o644))?);
    let held = file.metadata()?;
    if !held.is_file() || held.uid() != geteuid().as_raw() || held.nlink() != 1 {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let held = (held.dev(), held.ino());
    lock(&file, libc::F_OFD_SETLK, libc::F_WRLCK, byte)?;
    let there = fs::symlink_metadata(path)?;
    if (there.dev(), there.ino()) != held {
        return Err(io::ErrorKind::NotFound.into());
    }
    let inherited = inherited(&file)?;
    // SAFETY: a new mapping, at an address that the kernel chooses, which nobody reads or writes.
    unsafe {
        mmap(
            ptr::null_mut(),
            1,
            ProtFlags::empty(),
            MapFlags::SHARED,
            &inherited,
            0,
        )?;
    }
    let _never_closed = inherited.into_raw_fd();
    Ok((name, held))
}

/// Waits until no process holds this byte of the file at `path`: blocks the calling thread, for as long as
/// one does. Fails if that is not the very file which is meant; makes nothing.
pub(crate) fn wait_until_free(path: &Path, meant: FileNumbers, byte: u64) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(open(path, flags, Mode::empty())?);
    let there = file.metadata()?;
    if !there.is_file() || (there.dev(), there.ino()) != meant {
        return Err(io::ErrorKind::NotFound.into());
    }
    // Shared, so that all who wait learn of it at once.
    loop {
        match lock(&file, libc::F_OFD_SETLKW, libc::F_RDLCK, byte) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// Another descriptor of the same open file, which programs that are started inherit.
fn inherited(file: &File) -> io::Result<OwnedFd> {
    // SAFETY: `file` is open.
    match unsafe { libc::fcntl(file.as_raw_fd(), libc::F_DUPFD, FIRST_OTHER) } {
        -1 => Err(io::Error::last_os_error()),
        // SAFETY: just made, and nobody else's.
        descriptor => Ok(unsafe { OwnedFd::from_raw_fd(descriptor) }),
    }
}

fn lock(file: &File, command: i32, kind: i32, byte: u64) -> io::Result<()> {
    let out_of_range = |_| io::Error::from(io::ErrorKind::InvalidInput);
    // SAFETY: all bits zero are a valid `flock`, whose process must be zero.
    let mut wanted: libc::flock = unsafe { std::mem::zeroed() };
    wanted.l_type = kind.try_into().map_err(out_of_range)?;
    wanted.l_whence = libc::SEEK_SET.try_into().map_err(out_of_range)?;
    wanted.l_start = byte.try_into().map_err(out_of_range)?;
    wanted.l_len = 1;
    // SAFETY: `file` is open, and the call only reads `wanted`.
    match unsafe { libc::fcntl(file.as_raw_fd(), command, &raw const wanted) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
