//! Which folders can hold an election: local ones that nobody else may write to.

use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::process::geteuid;

use super::filesystem;
use crate::error::{Error, ErrorKind, Result};

const WRITABLE_BY_OTHERS: u32 = 0o022;
const WRITABLE_FIX: &str = "others may write to it: take that away with chmod go-w, or choose a \
                            folder of one's own";
/// In a sticky folder such as `/tmp` nobody can move away what belongs to somebody else.
const STICKY: u32 = 0o1000;

const ROOT: u32 = 0;
/// Whom the kernel names inside of a user namespace as the owner of what belongs to root outside.
const OVERFLOW: u32 = 65534;

/// Makes `directory`, an absolute path, and the folders `below` it, as far as they are missing,
/// and returns the path of the last one without symbolic links. Fails with
/// [`Config`](crate::ErrorKind::Config) when it is no place for an election.
pub(super) fn prepare(directory: &Path, below: [&str; 2]) -> Result<PathBuf> {
    walk(directory, below, make)?.ok_or_else(|| {
        let message = format!("{} is being deleted", directory.display());
        Error::new(ErrorKind::Unavailable, message)
    })
}

/// The same, but makes nothing.
pub(super) fn check(directory: &Path, below: [&str; 2]) -> Result<()> {
    walk(directory, below, |_| Ok(())).map(drop)
}

/// The path of the last folder for somebody who only looks, and who may look into folders that he
/// could not elect in: `None` where one is missing.
pub(super) fn find(directory: &Path, below: [&str; 2]) -> Result<Option<PathBuf>> {
    check_absolute(directory)?;
    let folder = directory.join(below[0]).join(below[1]);
    match folder.canonicalize() {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let fix =
                format!("cannot be looked into ({error}): choose a folder that this user may read");
            Err(Error::config("directory", directory.display(), fix))
        }
    }
}

/// Visits each folder, and checks it before anything is made in it.
fn walk(
    directory: &Path,
    below: [&str; 2],
    visit: fn(&Path) -> io::Result<()>,
) -> Result<Option<PathBuf>> {
    check_absolute(directory)?;
    let failed = |error| unusable(directory, &error);

    visit(directory).map_err(failed)?;
    let there = directory.ancestors().find(|path| path.exists());
    let there = there.unwrap_or(Path::new("/"));
    let mut folder = there.canonicalize().map_err(failed)?;
    for path in there.ancestors().chain(folder.ancestors()) {
        check_ancestor(path, &fs::symlink_metadata(path).map_err(failed)?)?;
    }
    if there != directory {
        check_place(directory, &folder)?;
        return Ok(None);
    }
    check_own(&folder, &fs::symlink_metadata(&folder).map_err(failed)?)?;
    for name in below {
        let parent = folder.clone();
        folder.push(name);
        visit(&folder).map_err(failed)?;
        match fs::symlink_metadata(&folder) {
            Ok(metadata) => check_own(&folder, &metadata)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                check_place(directory, &parent)?;
                return Ok(None);
            }
            Err(error) => return Err(failed(error)),
        }
    }
    check_place(directory, &folder)?;
    Ok(Some(folder))
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn check_absolute(directory: &Path) -> Result<()> {
    if directory.is_absolute() {
        return Ok(());
    }
    let fix = "use an absolute path: a relative one is another folder in each process";
    Err(Error::config("directory", directory.display(), fix))
}

/// It says all that `error` does, which is therefore not its source.
fn unusable(directory: &Path, error: &io::Error) -> Error {
    let fix = format!("cannot be used ({error}): choose a folder that this user may write to");
    Error::config("directory", directory.display(), fix)
}

/// What is made in `folder` is made by this user, for all processes of this host.
fn check_place(directory: &Path, folder: &Path) -> Result<()> {
    let failed = |error| unusable(directory, &error);
    // The dot, since in a file nothing can be made, however writable it is.
    access(folder.join("."), Access::WRITE_OK).map_err(|errno| failed(errno.into()))?;
    match filesystem::unfit(folder).map_err(failed)? {
        Some(name) => {
            let fix = format!(
                "is on a {name} file system, where locks and changes do not reach every process: \
                 choose a folder on a local disk"
            );
            Err(Error::config("directory", directory.display(), fix))
        }
        None => Ok(()),
    }
}

/// Nobody else may put another folder, or a link to one, in place of the way to the election.
fn check_ancestor(path: &Path, metadata: &Metadata) -> Result<()> {
    let owner = metadata.uid();
    if ![geteuid().as_raw(), ROOT, OVERFLOW].contains(&owner) {
        return refuse(
            path,
            &format!("belongs to user {owner}: choose a folder of one's own"),
        );
    }
    let guarded = metadata.is_symlink() || metadata.mode() & STICKY != 0;
    if !guarded && metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        return refuse(path, WRITABLE_FIX);
    }
    Ok(())
}

/// Nobody else may touch the election itself.
fn check_own(path: &Path, metadata: &Metadata) -> Result<()> {
    let owner = metadata.uid();
    if !metadata.is_dir() {
        return refuse(path, "is no folder, or a link to one: remove it");
    }
    if owner != geteuid().as_raw() {
        return refuse(
            path,
            &format!("belongs to user {owner}: run as that user, or choose a folder of one's own"),
        );
    }
    if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        return refuse(path, WRITABLE_FIX);
    }
    Ok(())
}

fn refuse(path: &Path, reason: &str) -> Result<()> {
    Err(Error::config("directory", path.display(), reason))
}

#[cfg(test)]
mod tests;
