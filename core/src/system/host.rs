//! The machine that this process runs on.

#[cfg(any(target_os = "linux", target_os = "android"))]
use std::path::Path;
use std::path::PathBuf;

/// Its name.
#[cfg(unix)]
pub(crate) fn name() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}

/// Its name.
#[cfg(windows)]
pub(crate) fn name() -> String {
    use winapi_util::sysinfo::{ComputerNameKind, get_computer_name};
    // It has one; if it cannot be read, the rest of an identity is still unique.
    get_computer_name(ComputerNameKind::DnsHostname).map_or_else(
        |_| "windows".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// A folder in memory that all processes of this machine have in common, or all containers of this pod:
/// writable under a read-only root too, and gone with the machine or the pod. `None` if that is not
/// certain.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn shared_memory() -> Option<PathBuf> {
    /// Of the file system in memory, as in the kernel's sources.
    const TMPFS: i128 = 0x0102_1994;
    let folder = Path::new("/dev/shm");
    // A word whose width and sign differ among architectures.
    let kind = i128::from(rustix::fs::statfs(folder).ok()?.f_type) & 0xffff_ffff;
    (kind == TMPFS).then(|| folder.to_owned())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn shared_memory() -> Option<PathBuf> {
    None
}

/// What kind of operating system it has, as far as rules differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Linux,
    /// macOS, or another Unix.
    OtherUnix,
    Windows,
}

impl Kind {
    pub(crate) const HERE: Self = if cfg!(target_os = "linux") {
        Self::Linux
    } else if cfg!(windows) {
        Self::Windows
    } else {
        Self::OtherUnix
    };
}
