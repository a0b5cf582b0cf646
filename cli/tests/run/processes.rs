//! Processes that a test looks for.

use std::fs;
use std::thread;
use std::time::Instant;

use rustix::process::Pid;

use crate::common::{LIMIT, POLL_INTERVAL};

/// The processes that `parent` has started or adopted, of this name or of any.
pub(crate) fn children(parent: Pid, name: Option<&str>) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").expect("processes");
    let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers
        .filter_map(Pid::from_raw)
        .filter(|pid| {
            stat(*pid).is_some_and(|stat| {
                stat.parent == parent.as_raw_pid() && name.is_none_or(|name| stat.name == name)
            })
        })
        .collect()
}

/// Waits until there is something to be found.
pub(crate) fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {LIMIT:?}: {what}");
        thread::sleep(POLL_INTERVAL);
    }
}

struct Stat {
    name: String,
    parent: i32,
}

/// What the kernel says of a process: `1 (name) S 0 …`.
fn stat(pid: Pid) -> Option<Stat> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).ok()?;
    let (head, rest) = stat.rsplit_once(") ")?;
    let (_, name) = head.split_once('(')?;
    let mut rest = rest.split(' ');
    Some(Stat {
        name: name.to_owned(),
        parent: rest.nth(1)?.parse().ok()?,
    })
}
