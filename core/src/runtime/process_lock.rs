//! A lock that the kernel keeps for a process and for all that it starts, until the last of them is dead.
//!
//! It is a lock of an open file (`F_OFD_SETLK`, Linux 3.15), on one byte, so that one file serves any
//! number of processes and nothing is left over when they die. It goes with the open file: a forked child
//! has it, and so does a program that is started with the descriptor, which is therefore not closed on
//! exec. A mapping keeps the file open though somebody closes all descriptors of this process, as
//! programs do that turn into daemons. So it is let go of late rather than early: when no thread of the
//! process and none of its children is left that could do anything.

//!
//! Only Linux has all this; elsewhere there is no such lock.

/// The device and the number of a file.
pub(crate) type FileNumbers = (u64, u64);

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use self::linux::{hold_until_death, wait_until_free};
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use self::nowhere::{hold_until_death, wait_until_free};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod nowhere;
