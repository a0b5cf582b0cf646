//! This very program, which `leasehold run` starts again for what must happen in another process.

use std::process::Command;

/// Also where its file has been replaced since it was started.
const OWN_PROGRAM: &str = "/proc/self/exe";

pub(super) fn own_program() -> Command {
    Command::new(OWN_PROGRAM)
}
