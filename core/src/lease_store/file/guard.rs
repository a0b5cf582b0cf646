//! Which folders can hold an election: local ones that nobody else may write to.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::system::folders;

/// Makes `directory`, an absolute path, and the folders `below` it, as far as they are missing,
/// and returns the path of the last one without symbolic links. Fails with
/// [`Config`](crate::ErrorKind::Config) when it is no place for an election.
pub(super) fn prepare(directory: &Path, below: [&str; 2]) -> Result<PathBuf> {
    walk(directory, below, folders::make)?.ok_or_else(|| {
        let message = format!("{} is being deleted", directory.display());
        Error::new(ErrorKind::Unavailable, message)
    })
}

/// The same, but makes nothing.
pub(super) fn check(directory: &Path, below: [&str; 2]) -> Result<()> {
    walk(directory, below, |_| Ok(())).map(drop)
}

/// The path of the last folder for somebody who only looks, and who may look into folders that he
/// could not elect in: `None` if one is missing.
pub(super) fn find(directory: &Path, below: [&str; 2]) -> Result<Option<PathBuf>> {
    check_absolute(directory)?;
    let folder = directory.join(below[0]).join(below[1]);
    let failed = |error| {
        let fix = format!("cannot be read ({error}): choose a directory that this user can read");
        Error::config("directory", directory.display(), fix)
    };
    match folder.canonicalize() {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // To Windows, nothing is there below a file.
            match folder.ancestors().find(|path| path.exists()) {
                Some(file) if !file.is_dir() => Err(failed(io::ErrorKind::NotADirectory.into())),
                _ => Ok(None),
            }
        }
        Err(error) => Err(failed(error)),
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
    let there = there.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
    let mut folder = there.canonicalize().map_err(failed)?;
    // Nobody else may put another folder, or a link to one, in place of the way to the election.
    for path in there.ancestors().chain(folder.ancestors()) {
        refuse_if(
            directory,
            path,
            folders::threat_on_the_way(path).map_err(failed)?,
        )?;
    }
    if there != directory {
        check_place(directory, &folder)?;
        return Ok(None);
    }
    // Nor touch the election itself.
    let threat = folders::threat_within(&folder).map_err(failed)?;
    refuse_if(directory, &folder, threat)?;
    for name in below {
        let parent = folder.clone();
        folder.push(name);
        visit(&folder).map_err(failed)?;
        match folders::threat_within(&folder) {
            Ok(threat) => refuse_if(directory, &folder, threat)?,
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

fn check_absolute(directory: &Path) -> Result<()> {
    if directory.is_absolute() {
        return Ok(());
    }
    let fix = "use an absolute path: a relative one is another directory in each process";
    Err(Error::config("directory", directory.display(), fix))
}

/// It says all that `error` does, which is therefore not its source.
fn unusable(directory: &Path, error: &io::Error) -> Error {
    let fix = format!("cannot be used ({error}): choose a directory that this user can write to");
    Error::config("directory", directory.display(), fix)
}

/// What is made in `folder` is made by this user, for all processes of this host.
fn check_place(directory: &Path, folder: &Path) -> Result<()> {
    let failed = |error| unusable(directory, &error);
    folders::check_writable(folder).map_err(failed)?;
    match folders::unfit(folder).map_err(failed)? {
        Some(name) => {
            let fix = format!(
                "is on a {name} file system, where locks and changes do not reach every process: \
                 choose a directory on a local disk"
            );
            Err(Error::config("directory", directory.display(), fix))
        }
        None => Ok(()),
    }
}

/// The threat may be above or below the directory that the setting names.
fn refuse_if(directory: &Path, path: &Path, threat: Option<String>) -> Result<()> {
    match threat {
        Some(threat) => {
            let fix = format!("{} {threat}", path.display());
            Err(Error::config("directory", directory.display(), fix))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
