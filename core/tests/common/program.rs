//! Programs that a test writes, and runs.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes a program by another process: what is started meanwhile on another thread of this one would
/// have it open for writing until it is a program of its own, and nobody can execute it that long.
pub(crate) fn write_program(path: &Path, content: &[u8]) {
    let mut writer = Command::new("sh");
    writer
        .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
        .arg(path);
    let mut writer = writer.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = writer.stdin.take().unwrap();
    input.write_all(content).unwrap();
    drop(input);
    assert!(writer.wait().unwrap().success());
}
