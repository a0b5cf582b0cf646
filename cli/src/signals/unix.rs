//! Signals of Unix, by their numbers.

use std::fs;
use std::io;

pub(crate) use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;

pub(super) use crate::children::end_plugins;

/// Those that ask a program to end. The others beside SIGTERM come from a terminal.
pub(crate) const STOP: [Signal; 4] = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT];

/// From now on, sends `number` when it comes.
pub(super) fn receive(number: Signal, sender: UnboundedSender<Signal>) -> io::Result<()> {
    if is_for_nohup(number) {
        return Ok(());
    }
    let mut stream = signal(SignalKind::from_raw(number.as_raw()))?;
    tokio::spawn(
        async move { while stream.recv().await.is_some() && sender.send(number).is_ok() {} },
    );
    Ok(())
}

/// Whether the signal is SIGHUP and was ignored when this program was started, as `nohup` does.
fn is_for_nohup(signal: Signal) -> bool {
    signal == Signal::HUP && is_ignored(signal).unwrap_or(false)
}

fn is_ignored(signal: Signal) -> Option<bool> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    let ignored = u64::from_str_radix(ignored.trim(), 16).ok()?;
    Some(ignored >> (signal.as_raw() - 1) & 1 == 1)
}
