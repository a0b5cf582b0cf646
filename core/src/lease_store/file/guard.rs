//! Which folders can hold an election: local ones that nobody else may write to.

use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::process::geteuid;

use super::filesystem;
use crate::error::{Error, Result};

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
    let refuse = |reason: &str| Error::config("directory", directory.display(), reason);
    if !directory.is_absolute() {
        return Err(refuse(
            "use an absolute path: a relative one is another folder in each process",
        ));
    }
    let failed = |error: io::Error| {
        refuse(&format!(
            "cannot be used ({error}): choose a folder that this user may write to"
        ))
        .with_source(error)
    };

    make(directory).map_err(failed)?;
    let mut folder = directory.canonicalize().map_err(failed)?;
    for path in directory.ancestors().chain(folder.ancestors()) {
        check_ancestor(path, &fs::symlink_metadata(path).map_err(failed)?)?;
    }
    check_own(&folder, &fs::symlink_metadata(&folder).map_err(failed)?)?;
    for name in below {
        folder.push(name);
        make(&folder).map_err(failed)?;
        check_own(&folder, &fs::symlink_metadata(&folder).map_err(failed)?)?;
    }
    access(&folder, Access::WRITE_OK).map_err(|errno| failed(errno.into()))?;
    match filesystem::unfit(&folder).map_err(failed)? {
        Some(name) => Err(refuse(&format!(
            "is on a {name} file system, where locks and changes do not reach every process: \
             choose a folder on a local disk"
        ))),
        None => Ok(folder),
    }
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
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
    use crate::error::ErrorKind;

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
