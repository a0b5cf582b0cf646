//! Ends the servers of a process that ended without doing so itself.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// A shell that waits for its standard input to end, which happens when this
/// process ends, in any way. Then it kills the processes named by the
/// folder's pid files and removes the folder and the cluster's control groups.
///
/// Dropped in the ordinary course, it does nothing. (The kernel's own means,
/// `PR_SET_PDEATHSIG`, takes unsafe code and follows a thread, not a process.)
pub(crate) struct Lifeline(Child);

const SCRIPT: &str = r#"
read -r _
for file in "$1"/*.pid; do kill -KILL "$(cat "$file")"; done
sh "$2" "$1"
tries=60
until rm -rf "$1" || [ $((tries -= 1)) = 0 ]; do sleep 1; done
"#;

/// Does nothing in the folder of a cluster without nodes.
pub(crate) const REMOVE_CONTROL_GROUPS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/node/remove-groups.sh");

impl Lifeline {
    pub(crate) fn hold(folder: &Path) -> Result<Lifeline> {
        Command::new("sh")
            .args(["-c", SCRIPT, "lifeline"])
            .arg(folder)
            .arg(REMOVE_CONTROL_GROUPS)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            // A terminal's Ctrl-C goes to each process of its group: not to this one.
            .process_group(0)
            .spawn()
            .map(Lifeline)
            .context("starting `sh`")
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        // Killed before `wait` closes its input. Neither fails for a child not yet waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
