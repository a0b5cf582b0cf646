//! The clock that counts the time in which a machine is suspended, and the boot that it counts from.

use std::fs;

use rustix::time::{ClockId, clock_gettime};

#[cfg(any(target_os = "linux", target_os = "android"))]
const SUSPEND_AWARE: ClockId = ClockId::Boottime;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const SUSPEND_AWARE: ClockId = ClockId::Monotonic;

/// Nanoseconds since a zero that stays the same as long as the process lives. Lock-free and
/// allocation-free; safe in a forked child.
#[inline(always)]
pub(crate) fn nanos() -> u64 {
    let time = clock_gettime(SUSPEND_AWARE);
    // Time since boot is never negative.
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// Which boot of the machine this is; `None` if nobody can look, as when the process has no file
/// descriptor left or `/proc` is hidden.
pub(crate) fn boot_id() -> Option<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()
}
