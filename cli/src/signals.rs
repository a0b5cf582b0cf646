//! Signals that ask this process to stop.

use std::io;
use std::thread;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

pub(crate) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits until this process is asked to stop.
    pub(crate) async fn recv(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Does `work`, which may wait for a credential plugin or a name server. `None` where this process
    /// was asked to stop before that ended: it then goes on, until the process ends.
    pub(crate) async fn unless_stopped<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (sender, done) = oneshot::channel();
        // Not a task of the runtime, which would wait for it before it ends.
        thread::spawn(move || sender.send(work()));
        tokio::select! {
            done = done => Some(done.expect("the work does not panic")),
            () = self.recv() => None,
        }
    }
}
