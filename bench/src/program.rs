//! A program that is run to its end; what it has started ends with it.

use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use leasehold_tests::{Line, Process};

const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The lines that `command` prints. Fails if it does not succeed within `limit`.
pub(crate) fn lines(command: &mut Command, limit: Duration) -> Result<Vec<String>> {
    let program = command.get_program().to_string_lossy().into_owned();
    let (sender, heard) = channel();
    let hear = move |line| sender.send(line).unwrap_or_default();
    let started = Instant::now();
    let mut process = Process::start(command, hear)?;
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    loop {
        match heard.recv_timeout(LOOK_AGAIN) {
            Ok(Line::Output(line)) => output.push(line),
            Ok(Line::Error(line)) => errors.push(line),
            Ok(Line::Ended) => {}
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                // What it has left behind may have its output, and ends now.
                if process.has_ended() {
                    process.wait()?;
                }
            }
        }
        let within = limit.as_secs();
        ensure!(started.elapsed() < limit, "not measured within {within} s");
    }
    let status = process.wait()?;
    if !status.success() {
        let last = errors.last().or(output.last());
        let last = last.map_or("", String::as_str);
        bail!("{program} ended with {status}: {last}");
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::process::Stdio;

    use super::*;

    const LONG: Duration = Duration::from_secs(300);

    fn of_shell(script: &str, limit: Duration) -> Result<Vec<String>> {
        lines(
            Command::new("sh").args(["-c", script]).stdin(Stdio::null()),
            limit,
        )
    }

    #[test]
    fn what_it_prints_is_returned_although_it_leaves_somebody_behind() {
        let lines = of_shell("sleep 1000 & echo one; echo two", LONG).unwrap();
        assert_eq!(lines, ["one", "two"]);
    }

    #[test]
    fn one_that_fails_is_told_with_its_last_words() {
        let error = of_shell("echo said; echo why >&2; exit 3", LONG).unwrap_err();
        assert!(error.to_string().ends_with("3: why"), "{error}");
    }

    /// A pipe has its end when nobody is left who has it.
    #[test]
    fn one_that_takes_too_long_ends_with_all_that_it_has_started() {
        let (mut reading, writing) = std::io::pipe().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec 3<&0; sleep 1000 & wait"]);
        let error = lines(shell.stdin(writing), Duration::from_millis(500)).unwrap_err();
        assert!(error.to_string().starts_with("not measured"), "{error}");
        drop(shell);
        assert_eq!(reading.read(&mut [0]).unwrap(), 0);
    }
}
