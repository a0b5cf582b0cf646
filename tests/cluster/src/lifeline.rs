//! Ends what a process has started when that ended without doing so itself.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// A shell that waits for its standard input to end, which happens when this
/// process ends, in any way. Then it kills what it is for.
///
/// Dropped in the ordinary course, it does nothing. (The kernel's own means,
/// `PR_SET_PDEATHSIG`, takes unsafe code and follows a thread, not a process.)
#[derive(Debug)]
pub struct Lifeline(Child);

/// Also removes the folder and the cluster's control groups.
const OF_FOLDER: &str = r#"
read -r _
for file in "$1"/*.pid; do kill -KILL "$(cat "$file")"; done
sh "$2" "$1"
tries=60
until rm -rf "$1" || [ $((tries -= 1)) = 0 ]; do sleep 1; done
"#;

const OF_GROUP: &str = r#"
read -r _
kill -s KILL -- "-$1"
"#;

/// Does nothing in the folder of a cluster without nodes.
pub(crate) const REMOVE_CONTROL_GROUPS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/node/remove-groups.sh");

impl Lifeline {
    /// Of the processes that are named by pid files in `folder`.
    pub(crate) fn of_folder(folder: &Path) -> Result<Self> {
        Self::hold(
            OF_FOLDER,
            &[folder.as_os_str(), REMOVE_CONTROL_GROUPS.as_ref()],
        )
    }

    /// Of a child that was started as the first of a process group of its own, and of all in that
    /// group.
    pub fn of_group(first: &Child) -> Result<Self> {
        Self::hold(OF_GROUP, &[first.id().to_string().as_ref()])
    }

    fn hold(script: &str, arguments: &[&OsStr]) -> Result<Self> {
        Command::new("sh")
            .args(["-c", script, "lifeline"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            // A terminal's Ctrl-C goes to each process of its group: not to this one.
            .process_group(0)
            .spawn()
            .map(Self)
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
