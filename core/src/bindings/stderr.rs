//! Lines on stderr, written by a thread of their own: a log that nobody reads must hold up neither
//! the election nor what it guards.
//!
//! For programs that have no `tracing` subscriber. In a forked child nothing is written.
//!
//! ```
//! use leasehold::bindings::{LogLevel, set_log_sink, stderr};
//!
//! set_log_sink(LogLevel::Warn, |record| stderr::line(record.message))?;
//! # Ok::<_, leasehold::Error>(())
//! ```

use std::io::Write;
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use crate::runtime;

/// How many lines wait for a reader that is slow; those beyond are dropped.
const BACKLOG: usize = 1_000;

/// How long [`flush`] waits for a log that nobody reads.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

static WRITER: LazyLock<SyncSender<Entry>> = LazyLock::new(|| {
    let (sender, entries) = sync_channel(BACKLOG);
    // Without the thread nothing is written, which is no reason not to lead.
    let _ = runtime::spawn_thread("leasehold-stderr", move || write(&entries));
    sender
});

enum Entry {
    Line(String),
    /// Answered when all lines before it are written.
    Flush(Sender<()>),
}

/// Writes one line, soon. Never blocks and never fails.
pub fn line(text: impl Into<String>) {
    // There may be nobody to tell.
    let _ = WRITER.try_send(Entry::Line(text.into()));
}

/// Waits until all lines are written, for at most a second. For the end of a program.
pub fn flush() {
    runtime::flush_log(FLUSH_TIMEOUT);
    let (done, written) = channel();
    let _ = WRITER.try_send(Entry::Flush(done));
    let _ = written.recv_timeout(FLUSH_TIMEOUT);
}

fn write(entries: &Receiver<Entry>) {
    for entry in entries {
        // A closed stderr is no reason to stop: there is nobody left to tell.
        match entry {
            Entry::Line(text) => drop(writeln!(std::io::stderr(), "{text}")),
            Entry::Flush(done) => drop(done.send(())),
        }
    }
}
