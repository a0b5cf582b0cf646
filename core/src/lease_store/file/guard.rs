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

/// The same, but makes nothing: `None` where a folder is missing that could be made.
pub(super) fn find(directory: &Path, below: [&str; 2]) -> Result<Option<PathBuf>> {
    walk(directory, below, |_| Ok(()))
}

/// Visits each folder, and checks it before anything is made in it.
fn walk(
    directory: &Path,
    below: [&str; 2],
    visit: fn(&Path) -> io::Result<()>,
) -> Result<Option<PathBuf>> {
    if !directory.is_absolute() {
        let fix = "use an absolute path: a relative one is another folder in each process";
        return Err(Error::config("directory", directory.display(), fix));
    }
    let failed = |error| unusable(directory, error);

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

fn unusable(directory: &Path, error: io::Error) -> Error {
    let fix = format!("cannot be used ({error}): choose a folder that this user may write to");
    Error::config("directory", directory.display(), fix).with_source(error)
}

/// What is made in `folder` is made by this user, for all processes of this host.
fn check_place(directory: &Path, folder: &Path) -> Result<()> {
    let failed = |error| unusable(directory, error);
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
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};

    use super::*;

    const BELOW: [&str; 2] = ["default", "job"];

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    /// The message, which must be that of a faulty setting.
    fn refusal(directory: &Path) -> String {
        let error = prepare(directory, BELOW).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().starts_with("directory = "), "{error}");
        error.message().to_owned()
    }

    #[test]
    fn missing_folders_are_made_for_the_owner_only() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("deep/.leasehold");
        let folder = prepare(&directory, BELOW).unwrap();
        assert_eq!(
            folder,
            directory.canonicalize().unwrap().join("default/job")
        );
        for made in folder.ancestors().take(4) {
            assert_eq!(mode(made), 0o700, "{}", made.display());
        }
        assert_eq!(prepare(&directory, BELOW).unwrap(), folder, "a second time");
    }

    #[test]
    fn who_only_looks_makes_nothing() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("deep/.leasehold");
        assert_eq!(find(&directory, BELOW).unwrap(), None);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);

        fs::create_dir_all(&directory).unwrap();
        assert_eq!(find(&directory, BELOW).unwrap(), None);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);

        let made = prepare(&directory, BELOW).unwrap();
        assert_eq!(find(&directory, BELOW).unwrap(), Some(made));
    }

    #[test]
    fn who_only_looks_is_told_where_a_folder_could_not_be_made() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let error = find(&file.join("below"), BELOW).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);

        set_mode(home.path(), 0o777);
        let error = find(&home.path().join("ours"), BELOW).unwrap_err();
        assert!(error.message().contains("chmod go-w"), "{error}");
    }

    #[test]
    fn folders_that_others_may_write_to_are_refused() {
        for shared in ["", "default", "default/job"] {
            for mode in [0o770, 0o702, 0o1777] {
                let home = tempfile::tempdir().unwrap();
                prepare(home.path(), BELOW).unwrap();
                set_mode(&home.path().join(shared), mode);
                assert!(
                    refusal(home.path()).contains("chmod go-w"),
                    "{shared} {mode:o}"
                );
            }
        }
    }

    #[test]
    fn folders_that_others_may_read_are_fine() {
        let home = tempfile::tempdir().unwrap();
        set_mode(home.path(), 0o755);
        assert!(prepare(home.path(), BELOW).is_ok());
    }

    #[test]
    fn a_folder_that_others_may_put_another_in_place_of_is_refused_unless_it_is_sticky() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("ours");
        prepare(&directory, BELOW).unwrap();
        set_mode(home.path(), 0o1777);
        assert!(prepare(&directory, BELOW).is_ok());
        set_mode(home.path(), 0o777);
        assert!(refusal(&directory).contains(home.path().to_str().unwrap()));
    }

    #[test]
    fn a_link_of_ones_own_is_followed_to_a_folder_that_is_checked() {
        let home = tempfile::tempdir().unwrap();
        let shared = home.path().join("shared");
        fs::create_dir(&shared).unwrap();
        let link = home.path().join("link");
        symlink(&shared, &link).unwrap();
        let folder = prepare(&link, BELOW).unwrap();
        assert!(folder.starts_with(shared.canonicalize().unwrap()));

        set_mode(&shared, 0o777);
        refusal(&link);
        refusal(&link.join("below"));
    }

    #[test]
    fn a_link_inside_of_the_folder_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        symlink(elsewhere.path(), home.path().join("default")).unwrap();
        assert!(refusal(home.path()).contains("is no folder, or a link to one"));
    }

    #[test]
    fn what_belongs_to_somebody_else_is_refused() {
        // Only root can give a file away.
        if !geteuid().is_root() {
            return;
        }
        let somebody = Some(4242);
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("ours");
        prepare(&directory, BELOW).unwrap();
        chown(&directory, somebody, None).unwrap();
        assert!(refusal(&directory).contains("belongs to user 4242"));

        let target = home.path().join("target");
        fs::create_dir(&target).unwrap();
        let link = home.path().join("link");
        symlink(&target, &link).unwrap();
        lchown(&link, somebody, None).unwrap();
        assert!(refusal(&link).contains("belongs to user 4242"));
    }

    #[test]
    fn a_path_that_is_no_folder_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(refusal(&file).contains("choose a folder"));
        assert!(refusal(Path::new("elections")).contains("absolute"));
        assert!(refusal(Path::new("")).contains("absolute"));
    }
}
