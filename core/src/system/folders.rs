//! Folders for what is this user's alone: who else may write to them, and whether their file system
//! is this machine's.

mod file_system;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

pub(crate) use self::file_system::unfit;
#[cfg(unix)]
pub(crate) use self::unix::{check_writable, make, threat_on_the_way, threat_within};
#[cfg(windows)]
pub(crate) use self::windows::{check_writable, make, threat_on_the_way, threat_within};
