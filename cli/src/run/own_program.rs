//! This very program, which `leasehold run` starts again for what must happen in another process.

use std::io;
use std::process::Command;

/// Where there is `/proc`, also where its file has been replaced since it was started.
#[cfg(target_os = "linux")]
#[expect(clippy::unnecessary_wraps, reason = "other systems ask for the path")]
pub(super) fn own_program() -> io::Result<Command> {
    Ok(Command::new("/proc/self/exe"))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn own_program() -> io::Result<Command> {
    std::env::current_exe().map(Command::new)
}

/// Ties this process's life to its parent's. Elsewhere only the watchdog does that.
#[cfg(target_os = "linux")]
pub(super) fn die_with_parent() -> io::Result<()> {
    use rustix::process::{Signal, set_parent_process_death_signal};
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "Linux may refuse")]
pub(super) fn die_with_parent() -> io::Result<()> {
    Ok(())
}
