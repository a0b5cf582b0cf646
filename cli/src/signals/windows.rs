//! What a console tells its programs, with the numbers of the signals that C has for it.

use std::io;

use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
use tokio::sync::mpsc::UnboundedSender;

/// What asks a program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt = 2,
    /// The window is closed.
    Close = 1,
    /// The system is shut down.
    Shutdown = 15,
    /// Ctrl-Break, which programs also send each other.
    Break = 21,
}

impl Signal {
    pub(crate) const fn as_raw(self) -> i32 {
        self as i32
    }
}

pub(crate) const STOP: [Signal; 4] = [
    Signal::Interrupt,
    Signal::Break,
    Signal::Close,
    Signal::Shutdown,
];

/// From now on, sends `signal` when it comes.
pub(super) fn receive(signal: Signal, sender: UnboundedSender<Signal>) -> io::Result<()> {
    macro_rules! send_when_it_comes {
        ($stream:expr) => {{
            let mut stream = $stream?;
            tokio::spawn(async move {
                while stream.recv().await.is_some() && sender.send(signal).is_ok() {}
            });
        }};
    }
    match signal {
        Signal::Interrupt => send_when_it_comes!(ctrl_c()),
        Signal::Break => send_when_it_comes!(ctrl_break()),
        Signal::Close => send_when_it_comes!(ctrl_close()),
        Signal::Shutdown => send_when_it_comes!(ctrl_shutdown()),
    }
    Ok(())
}

/// Credential plugins end by themselves: nobody can be asked to.
pub(super) fn end_plugins() {}
