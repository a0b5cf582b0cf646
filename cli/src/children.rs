//! The processes whose parent this one is, by the thread that has started them.
//!
//! The main thread starts a command and its watchdog, and is given what this process adopts. All others
//! are the library's, which starts credential plugins.
//! (When a thread ends before its children, the kernel gives them to the main thread: so a plugin that
//! runs for long may be reaped here. The library then judges it by its output.)

use std::fs;
use std::path::Path;

use rustix::process::{Pid, Signal, getpid, kill_process};

const THREADS: &str = "/proc/self/task";

/// What the library, as client-go, asks a credential plugin by.
const ASKS_PLUGIN: &[u8] = b"KUBERNETES_EXEC_INFO=";

/// Those of the main thread. Nobody, where the kernel does not tell.
pub(crate) fn of_the_main_thread() -> Vec<Pid> {
    let main = getpid().as_raw_pid().to_string();
    of(&Path::new(THREADS).join(main))
}

/// Asks credential plugins to end, since nobody waits for their answer any longer.
pub(crate) fn end_plugins() {
    let threads = fs::read_dir(THREADS).into_iter().flatten().flatten();
    let children = threads.flat_map(|thread| of(&thread.path()));
    let is_plugin = |child: &Pid| has_variable(*child, |it| it.starts_with(ASKS_PLUGIN));
    for plugin in children.filter(is_plugin) {
        // It may just have ended.
        let _ = kill_process(plugin, Signal::TERM);
    }
}

/// Whether the environment of `process` has such a `NAME=value`. False also of what has ended, or is
/// another user's.
pub(crate) fn has_variable(process: Pid, is_such: impl Fn(&[u8]) -> bool) -> bool {
    let environment = fs::read(format!("/proc/{}/environ", process.as_raw_pid()));
    environment.is_ok_and(|it| it.split(|byte| *byte == 0).any(is_such))
}

fn of(thread: &Path) -> Vec<Pid> {
    let own = fs::read_link("/proc/self").unwrap_or_default();
    if own.to_str() != Some(&getpid().as_raw_pid().to_string()) {
        // It tells of processes by the numbers that they have in another namespace.
        return Vec::new();
    }
    let children = fs::read_to_string(thread.join("children")).unwrap_or_default();
    let numbers = children.split_whitespace().filter_map(|it| it.parse().ok());
    numbers.filter_map(Pid::from_raw).collect()
}
