//! The program under test.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for something that must happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(10);

pub(crate) const LEASEHOLD: &str = env!("CARGO_BIN_EXE_leasehold");

/// `leasehold`, with no settings from the environment of the tests.
pub(crate) fn leasehold() -> Command {
    program(LEASEHOLD.as_ref())
}

/// The same from another file.
pub(crate) fn program(file: &Path) -> Command {
    let mut leasehold = leasehold_tests::command(file);
    leasehold.stdin(Stdio::null());
    leasehold
}

/// Waits until `child` has ended; none where a signal ended it.
pub(crate) fn exit_code(child: &mut Child) -> Option<i32> {
    let deadline = Instant::now() + LIMIT;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return status.code();
        }
        thread::sleep(POLL_INTERVAL);
    }
    panic!("it has not ended after {LIMIT:?}");
}
