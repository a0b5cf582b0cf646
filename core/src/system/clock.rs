//! The clock that counts the time in which a machine is suspended, and the boot that it counts from.

#[cfg(unix)]
pub(crate) use self::unix::nanos;
#[cfg(windows)]
pub(crate) use self::windows::nanos;

/// Which boot of the machine this is. `None` if nobody can look, as when the process has no file
/// descriptor left or `/proc` is hidden; and outside of Linux, where no process is restored from a
/// checkpoint.
pub(crate) fn boot_id() -> Option<String> {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()
}

#[cfg(unix)]
mod unix {
    use rustix::time::{ClockId, clock_gettime};

    /// `CLOCK_MONOTONIC`, which is that of `std::time::Instant`, stands still while Linux is
    /// suspended.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const COUNTS_SUSPEND: ClockId = ClockId::Boottime;
    /// On macOS it "will continue to increment while the system is asleep" (clock_gettime(3)).
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const COUNTS_SUSPEND: ClockId = ClockId::Monotonic;

    /// Nanoseconds since a zero that stays the same as long as the process lives. Lock-free and
    /// allocation-free; safe in a forked child.
    #[inline(always)]
    pub(crate) fn nanos() -> u64 {
        let time = clock_gettime(COUNTS_SUSPEND);
        // Time since boot is never negative.
        time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
    }
}

#[cfg(windows)]
mod windows {
    use winsafe::{QueryPerformanceCounter, QueryPerformanceFrequency};

    const NANOS_PER_SECOND: u64 = 1_000_000_000;

    /// Nanoseconds since a zero that stays the same as long as the process lives. Lock-free and
    /// allocation-free.
    ///
    /// The performance counter counts "the total number of ticks that have occurred since the Windows
    /// operating system was started, including the time when the machine was in a sleep state such as
    /// standby, hibernate, or connected standby" (Microsoft, "Acquiring high-resolution time stamps").
    /// `std::time::Instant` has it too, but does not promise to.
    #[inline(always)]
    pub(crate) fn nanos() -> u64 {
        let (Ok(ticks), Ok(per_second @ 1..)) =
            (QueryPerformanceCounter(), QueryPerformanceFrequency())
        else {
            // "Will always succeed." If not, every term is over.
            return u64::MAX;
        };
        let (ticks, per_second) = (ticks.cast_unsigned(), per_second.cast_unsigned());
        let (seconds, rest) = (ticks / per_second, ticks % per_second);
        seconds * NANOS_PER_SECOND + rest * NANOS_PER_SECOND / per_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In a namespace whose clock that counts suspend is a day ahead, as after a day of sleep.
    #[cfg(target_os = "linux")]
    #[test]
    fn suspend_counts() {
        use std::env;
        use std::process::Command;

        const DAY: u64 = 86_400;
        const ASKED: &str = "LEASEHOLD_TEST_SECONDS_SINCE_BOOT";
        let seconds = nanos() / 1_000_000_000;
        if env::var_os(ASKED).is_some() {
            println!("\n{ASKED}={seconds}");
            return;
        }
        let name = "system::clock::tests::suspend_counts";
        let asleep = Command::new("unshare")
            .args(["--user", "--time", "--boottime", &DAY.to_string(), "--fork"])
            .arg(env::current_exe().expect("this program"))
            .args(["--exact", name, "--nocapture"])
            .env(ASKED, "")
            .output()
            .expect("util-linux's unshare");
        let output = String::from_utf8_lossy(&asleep.stdout);
        let after = output
            .lines()
            .find_map(|line| line.strip_prefix(ASKED)?.strip_prefix('=')?.parse().ok());
        let after: u64 = after.unwrap_or_else(|| panic!("no time: {asleep:?}"));
        let slept = after - seconds;
        assert!((DAY..DAY + 3600).contains(&slept), "{slept} s");
    }

    /// The count of milliseconds "includes time the system spends in sleep or hibernation", from the
    /// same beginning on.
    #[cfg(windows)]
    #[test]
    fn suspend_counts() {
        let before = winsafe::GetTickCount64() / 1000;
        let seconds = nanos() / 1_000_000_000;
        let after = winsafe::GetTickCount64() / 1000;
        assert!(
            (before.saturating_sub(60)..after + 60).contains(&seconds),
            "{seconds} s, and {after} s since the system was started"
        );
    }
}
