//! The core's log, on its way to Java's.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jni::Env;
use jni::sys::{jboolean, jlong};
use leasehold::bindings::{LogLevel, LogRecord, set_log_sink};

use crate::ffi::{Answer, Class, Texts};
use crate::fields::{Fields, duration};

native_methods! {
    fn open_log();
    fn next_log_line(limit: jlong) -> [JString];
    fn await_log(limit: jlong) -> jboolean;
}

/// So many lines wait for Java; what comes while it takes none is dropped, since a renewal must not
/// wait for a log.
const CAPACITY: usize = 1024;

static LOG: Log = Log::new();

struct Log {
    lines: Mutex<Lines>,
    changed: Condvar,
}

struct Lines {
    waiting: VecDeque<LogRecord>,
    /// How many there have been.
    added: u64,
    /// How many of them Java is done with: it has come for the next one.
    passed_on: u64,
}

impl Log {
    const fn new() -> Self {
        Self {
            lines: Mutex::new(Lines {
                waiting: VecDeque::new(),
                added: 0,
                passed_on: 0,
            }),
            changed: Condvar::new(),
        }
    }

    fn add(&self, line: LogRecord) {
        let mut lines = self.lines();
        if lines.waiting.len() < CAPACITY {
            lines.waiting.push_back(line);
            lines.added += 1;
            self.changed.notify_all();
        }
    }

    /// The next line, within `limit`. The one before is done with.
    fn next(&self, limit: Duration) -> Option<LogRecord> {
        let mut lines = self.lines();
        lines.passed_on = lines.added - lines.waiting.len() as u64;
        self.changed.notify_all();
        let waited = self
            .changed
            .wait_timeout_while(lines, limit, |lines| lines.waiting.is_empty());
        let (mut lines, _) = waited.unwrap_or_else(PoisonError::into_inner);
        lines.waiting.pop_front()
    }

    /// Waits until Java is done with all lines of until now. Returns whether it was within `limit`.
    fn passes_on_all(&self, limit: Duration) -> bool {
        let lines = self.lines();
        let added = lines.added;
        let waited = self
            .changed
            .wait_timeout_while(lines, limit, |lines| lines.passed_on < added);
        let (lines, _) = waited.unwrap_or_else(PoisonError::into_inner);
        lines.passed_on >= added
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends the log here from now on. A library that a second class loader finds still in memory does
/// so already.
fn open_log(_: &mut Env<'_>, _: Class<'_>) -> Answer<()> {
    let _ = set_log_sink(LogLevel::Info, |line| LOG.add(line));
    Ok(())
}

/// Null when there is no line within the limit.
fn next_log_line<'local>(
    env: &mut Env<'local>,
    _: Class<'local>,
    limit: jlong,
) -> Answer<Texts<'local>> {
    match LOG.next(duration(limit)) {
        Some(line) => Fields::from(line).into_java(env),
        None => Ok(Texts::null()),
    }
}

/// Waits until all lines of until now have been passed on. Returns whether they were within the
/// limit.
fn await_log(_: &mut Env<'_>, _: Class<'_>, limit: jlong) -> Answer<jboolean> {
    Ok(LOG.passes_on_all(duration(limit)))
}
