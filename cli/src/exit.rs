//! What `leasehold` exits with, as `env`, `timeout` and shells do.

use std::process::ExitCode;

use crate::signals::Signal;

/// The answer is no: `status` found a Lease that nobody holds, `check` a right that is missing.
pub(crate) const NO: u8 = 1;
/// Leasehold itself failed: a wrong flag or setting, or no answer from the API server.
pub(crate) const FAILURE: u8 = 2;
/// The command of `once` was begun as often as it may be.
#[cfg(unix)]
pub(crate) const GIVEN_UP: u8 = 125;
/// The command was found but could not be run.
#[cfg(unix)]
pub(crate) const CANNOT_RUN: u8 = 126;
/// There is no such command.
#[cfg(unix)]
pub(crate) const NOT_FOUND: u8 = 127;
/// What a signal ended: this and the signal's number.
const SIGNAL: u8 = 128;

/// A signal has ended this process before its work was done.
pub(crate) fn by(signal: Signal) -> ExitCode {
    let number = u8::try_from(signal.as_raw()).unwrap_or_default();
    ExitCode::from(SIGNAL.saturating_add(number))
}

/// The command's own exit code, or 128 + the signal that ended it.
#[cfg(unix)]
pub(crate) fn of(status: std::process::ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt;

    let code = status.code().and_then(|code| u8::try_from(code).ok());
    let signal = status.signal().and_then(|signal| u8::try_from(signal).ok());
    ExitCode::from(match (code, signal) {
        (Some(code), _) => code,
        (None, Some(signal)) => SIGNAL.saturating_add(signal),
        (None, None) => FAILURE,
    })
}
