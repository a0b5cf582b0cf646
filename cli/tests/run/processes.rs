//! Processes that a test looks for.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Pid;

use crate::common::LIMIT;

const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The processes of this name that `parent` has started.
pub(crate) fn children(parent: Pid, name: &str) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").expect("processes");
    let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers
        .filter_map(Pid::from_raw)
        .filter(|pid| {
            stat(*pid).is_some_and(|stat| stat.name == name && stat.parent == parent.as_raw_pid())
        })
        .collect()
}

pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !condition() {
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
