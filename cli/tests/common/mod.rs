//! The program under test.

use std::process::{Command, Stdio};
use std::time::Duration;

/// How long a test waits for something that must happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// `leasehold`, with no settings from the environment of the tests.
pub(crate) fn leasehold() -> Command {
    let mut leasehold = Command::new(env!("CARGO_BIN_EXE_leasehold"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LEASEHOLD_") {
            leasehold.env_remove(name);
        }
    }
    leasehold.stdin(Stdio::null());
    leasehold
}
