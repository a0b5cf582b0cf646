//! The machine that this process runs on.

/// Its name.
pub(crate) fn name() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
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
