//! What becomes this process's child because its own parent has ended: all that a command leaves
//! behind, and in a container of which this is the first process, everything.

use anyhow::Result;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::children;

/// From now on, what this process has started is left to it, rather than to the first process. Only
/// Linux can do that: elsewhere what leaves the command's process group is out of reach. Where Linux
/// refuses, no command is started: nobody could end all of it.
pub(super) fn adopt() -> Result<()> {
    #[cfg(target_os = "linux")]
    {
        use anyhow::Context;
        use rustix::process::{getpid, set_child_subreaper};
        let process = getpid();
        // The first process of a container need not ask, and is emulated by qemu-user, which does not
        // know the question.
        if !process.is_init() {
            set_child_subreaper(Some(process)).context(
                "cannot adopt what the command leaves behind, since this system refuses \
                 prctl(PR_SET_CHILD_SUBREAPER), as emulation by qemu-user does: let `leasehold` be the \
                 first process of a container",
            )?;
        }
    }
    Ok(())
}

/// Forgets all that has ended, but for those that somebody else waits for.
pub(super) fn reap(except: &[Pid]) -> Result<()> {
    let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    let mut children = children::of_the_main_thread();
    children.retain(|child| !except.contains(child));
    for child in children {
        match waitid(WaitId::Pid(child), ended) {
            Ok(_) | Err(Errno::CHILD | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Kills those whose environment has `entry`, such as `NAME=value`. Returns whether there were any.
pub(super) fn kill_those_with(entry: &str) -> bool {
    let mut found = children::of_the_main_thread();
    found.retain(|child| children::has_variable(*child, |it| it == entry.as_bytes()));
    for child in &found {
        // Not waited for yet, so that its number cannot be another's.
        let _ = kill_process(*child, Signal::KILL);
    }
    !found.is_empty()
}
