//! Which file systems only this machine's kernel writes to.

use std::io;
use std::path::Path;

#[cfg(unix)]
use rustix::fs::statfs;

/// The kind of the file system that `path` is on, if it is one that other machines may write to or
/// that a process serves, with locks and change notifications of its own making.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn unfit(path: &Path) -> io::Result<Option<&'static str>> {
    // A word whose width and sign differ among architectures.
    Ok(unfit_magic(i128::from(statfs(path)?.f_type) & 0xffff_ffff))
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn unfit_magic(magic: i128) -> Option<&'static str> {
    let unfit = UNFIT.iter().find(|(number, _)| *number == magic);
    unfit.map(|(_, name)| *name)
}

/// Magic numbers as in statfs(2) and the kernel's sources.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNFIT: [(i128, &str); 19] = [
    (0x0000_6969, "NFS"),
    (0x0000_517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    // Also virtiofs, sshfs, and most folders shared with a virtual machine or a container.
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9p"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
    (0x7375_7245, "Coda"),
    (0x0000_564c, "NCP"),
    (0x0116_1970, "GFS2"),
    (0x7461_636f, "OCFS2"),
    (0x2003_0528, "OrangeFS"),
    (0x4750_4653, "GPFS"),
    (0x1983_0326, "BeeGFS"),
    (0x786f_4256, "VirtualBox shared folder"),
    (0xbacb_acbc, "VMware shared folder"),
];

/// The kernel itself says which file systems are local.
#[cfg(target_vendor = "apple")]
pub(crate) fn unfit(path: &Path) -> io::Result<Option<&'static str>> {
    const MNT_LOCAL: u32 = 0x1000;
    let local = statfs(path)?.f_flags & MNT_LOCAL != 0;
    Ok((!local).then_some("network"))
}

/// A drive of another machine is behind a letter, or behind the machine's name.
#[cfg(windows)]
pub(crate) fn unfit(path: &Path) -> io::Result<Option<&'static str>> {
    use std::path::{Component, Prefix};
    use winsafe::co::DRIVE;

    let path = path.canonicalize()?;
    let Some(Component::Prefix(drive)) = path.components().next() else {
        return Ok(Some("nameless"));
    };
    let (Prefix::Disk(letter) | Prefix::VerbatimDisk(letter)) = drive.kind() else {
        return Ok(Some("network"));
    };
    let root = format!("{}:\\", char::from(letter));
    Ok(match winsafe::GetDriveType(Some(&root)) {
        DRIVE::FIXED | DRIVE::REMOVABLE | DRIVE::RAMDISK => None,
        DRIVE::REMOTE => Some("network"),
        _ => Some("unknown"),
    })
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    windows
)))]
compile_error!("it is not known which file systems are local here");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_folder_is_fit() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(unfit(folder.path()).unwrap(), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn file_systems_of_other_machines_and_processes_are_unfit() {
        assert_eq!(unfit_magic(0x6969), Some("NFS"));
        assert_eq!(unfit_magic(0x6573_5546), Some("FUSE"));
        for local in [0xef53, 0x0102_1994, 0x5846_5342, 0x9123_683e, 0x794c_7630] {
            assert_eq!(unfit_magic(local), None, "ext4, tmpfs, XFS, Btrfs, overlay");
        }
    }
}
