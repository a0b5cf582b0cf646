//! Signals to this process, in the order in which they come.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::io;
use std::process::ExitCode;
use std::thread;

use anyhow::Result;
use tokio::runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

#[cfg(unix)]
pub(crate) use self::unix::{STOP, Signal};
#[cfg(unix)]
use self::unix::{end_plugins, receive};
#[cfg(windows)]
pub(crate) use self::windows::{STOP, Signal};
#[cfg(windows)]
use self::windows::{end_plugins, receive};
use crate::exit;

pub(crate) struct Signals(UnboundedReceiver<Signal>);

impl Signals {
    /// Receives `wanted` from now on, in place of what they would do. To be called within a runtime.
    pub(crate) fn receive(wanted: &[Signal]) -> io::Result<Self> {
        let (sender, signals) = unbounded_channel();
        for signal in wanted {
            receive(*signal, sender.clone())?;
        }
        Ok(Self(signals))
    }

    pub(crate) async fn next(&mut self) -> Signal {
        let signal = self.0.recv().await;
        signal.expect("the tasks that send live as long as the runtime")
    }

    /// Does `work`, which may wait for a credential plugin or a name server. Fails with the signal that
    /// asked this process to stop before it ended: the work then goes on, until the process ends.
    pub(crate) async fn unless_stopped<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> std::result::Result<T, Signal> {
        let (sender, done) = oneshot::channel();
        // Not a task of the runtime, which would wait for it before it ends.
        thread::spawn(move || sender.send(work()));
        tokio::select! {
            done = done => Ok(done.expect("the work does not panic")),
            signal = self.stop() => {
                end_plugins();
                Err(signal)
            }
        }
    }

    /// Waits until this process is asked to stop.
    async fn stop(&mut self) -> Signal {
        loop {
            let signal = self.next().await;
            if STOP.contains(&signal) {
                return signal;
            }
        }
    }
}

/// Does `work` until it ends, or this process is asked to stop: at once, no matter what it waits
/// for, and also where this is the first process of a container, which no signal ends by itself.
pub(crate) fn interruptible(
    work: impl FnOnce() -> Result<ExitCode> + Send + 'static,
) -> Result<ExitCode> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let worked = Signals::receive(&STOP)?.unless_stopped(work).await;
        worked.unwrap_or_else(|signal| Ok(exit::by(signal)))
    })
}
