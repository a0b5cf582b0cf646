//! Files that are their owner's alone, and that outlast a loss of power.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use self::unix::{FileId, private, replace};
#[cfg(windows)]
pub(crate) use self::windows::{FileId, private, replace};
