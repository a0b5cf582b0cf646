//! What becomes this process's child because its own parent has ended: all that a command leaves
//! behind, and in a container of which this is the first process, everything.

use std::fs;

use anyhow::Result;
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpid, kill_process, set_child_subreaper, waitid,
};

/// Those of the main thread alone: a credential plugin is a child of another, which waits for it.
const CHILDREN: &str = "/proc/thread-self/children";

/// From now on, what this process has started is left to it, rather than to the first process.
pub(super) fn adopt() -> Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// Forgets all that has ended, but for those that somebody else waits for.
pub(super) fn reap(except: &[Pid]) -> Result<()> {
    for child in children().filter(|child| !except.contains(child)) {
        match waitid(
            WaitId::Pid(child),
            WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
        ) {
            Ok(_) | Err(Errno::CHILD | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Kills those whose environment has `entry`, such as `NAME=value`. Returns whether there were any.
pub(super) fn kill_those_with(entry: &str) -> bool {
    let found: Vec<_> = children()
        .filter(|child| has_entry(*child, entry))
        .collect();
    for child in &found {
        // Not waited for yet, so that its number cannot be another's.
        let _ = kill_process(*child, Signal::KILL);
    }
    !found.is_empty()
}

/// Nobody, where the kernel does not tell, or tells of processes by the numbers that they have elsewhere.
fn children() -> impl Iterator<Item = Pid> {
    let own = fs::read_link("/proc/self").unwrap_or_default();
    let is_of_this_namespace = own.to_str() == Some(&getpid().as_raw_pid().to_string());
    let children = fs::read_to_string(CHILDREN).ok();
    let children = children
        .filter(|_| is_of_this_namespace)
        .unwrap_or_default();
    let numbers = children
        .split_whitespace()
        .filter_map(|it| it.parse().ok())
        .collect::<Vec<i32>>();
    numbers.into_iter().filter_map(Pid::from_raw)
}

/// False also of what has ended, or is another user's.
fn has_entry(process: Pid, entry: &str) -> bool {
    let environment = fs::read(format!("/proc/{}/environ", process.as_raw_pid()));
    environment.is_ok_and(|it| it.split(|byte| *byte == 0).any(|it| it == entry.as_bytes()))
}
