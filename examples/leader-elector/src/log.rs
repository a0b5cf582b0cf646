//! Lines on stderr, written by a thread of their own: a log that nobody reads must hold up neither
//! the election nor the server.

use std::io::Write;
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// How long the end of the process waits for a log that nobody reads.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

static WRITER: LazyLock<Sender<Entry>> = LazyLock::new(|| {
    let (sender, entries) = channel();
    thread::spawn(move || write(&entries));
    sender
});

enum Entry {
    Line(String),
    /// Answered when all lines before it are written.
    Flush(Sender<()>),
}

/// Writes one line, soon.
pub(crate) fn line(text: impl Into<String>) {
    // The writer outlives all others.
    let _ = WRITER.send(Entry::Line(text.into()));
}

/// Waits until all lines are written.
pub(crate) fn flush() {
    let (done, written) = channel();
    let _ = WRITER.send(Entry::Flush(done));
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
