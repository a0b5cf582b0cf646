//! By owner and mode.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use rustix::fs::{Access, access};
use rustix::process::geteuid;

const WRITABLE_BY_OTHERS: u32 = 0o022;
/// In a sticky folder such as `/tmp` nobody can move away what belongs to somebody else.
const STICKY: u32 = 0o1000;

const ROOT: u32 = 0;
/// Whom the kernel names inside of a user namespace as the owner of what belongs to root outside.
const OVERFLOW: u32 = 65534;

/// Makes `folder`, and those above it that are missing, for this user only.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Fails if this user may not make files in `folder`.
pub(crate) fn check_writable(folder: &Path) -> io::Result<()> {
    // The dot, since in a file nothing can be made, however writable it is.
    Ok(access(folder.join("."), Access::WRITE_OK)?)
}

/// How somebody else can put another directory, or a link to one, in place of what is below `path`,
/// and what to do about it: the end of a sentence that begins with `path`.
pub(crate) fn threat_on_the_way(path: &Path) -> io::Result<Option<String>> {
    let metadata = fs::symlink_metadata(path)?;
    let owner = metadata.uid();
    if ![geteuid().as_raw(), ROOT, OVERFLOW].contains(&owner) {
        let threat = format!("belongs to user {owner}: choose a directory that belongs to you");
        return Ok(Some(threat));
    }
    let guarded = metadata.is_symlink() || metadata.mode() & STICKY != 0;
    let is_writable = !guarded && metadata.mode() & WRITABLE_BY_OTHERS != 0;
    Ok(is_writable.then(|| writable(path)))
}

/// How somebody else can change what is in the directory `path`, and what to do about it, likewise.
pub(crate) fn threat_within(path: &Path) -> io::Result<Option<String>> {
    let metadata = fs::symlink_metadata(path)?;
    let owner = metadata.uid();
    Ok(if !metadata.is_dir() {
        Some("is not a directory, or is a link to one: remove it".to_owned())
    } else if owner != geteuid().as_raw() {
        Some(format!(
            "belongs to user {owner}: run as that user, or choose a directory that belongs to you"
        ))
    } else {
        (metadata.mode() & WRITABLE_BY_OTHERS != 0).then(|| writable(path))
    })
}

fn writable(path: &Path) -> String {
    let path = path.display();
    format!(
        "is writable by group or others: run `chmod go-w {path}`, or choose a directory that only \
         you can write to"
    )
}
