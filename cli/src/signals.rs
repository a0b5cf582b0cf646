//! Signals to this process, in the order in which they come.

use std::fs;
use std::io;
use std::process::ExitCode;
use std::thread;

use anyhow::Result;
use rustix::process::Signal;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use crate::children;
use crate::exit;

/// Those that ask a program to end. The others beside SIGTERM come from a terminal.
pub(crate) const STOP: [Signal; 4] = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT];

pub(crate) struct Signals(UnboundedReceiver<Signal>);

impl Signals {
    /// Receives `wanted` from now on, in place of what they would do. To be called within a runtime.
    pub(crate) fn receive(wanted: &[Signal]) -> io::Result<Self> {
        let (sender, signals) = unbounded_channel();
        for number in wanted.iter().copied().filter(|it| !is_for_nohup(*it)) {
            let mut stream = signal(SignalKind::from_raw(number.as_raw()))?;
            let sender = sender.clone();
            tokio::spawn(async move {
                while stream.recv().await.is_some() && sender.send(number).is_ok() {}
            });
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
                children::end_plugins();
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

/// Does `work` until it ends, or this process is asked to stop: at once, whatever it waits for, and also
/// where this is the first process of a container, which no signal ends by itself.
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
