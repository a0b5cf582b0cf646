//! The core's log, on its way to Java's.

#![expect(unsafe_code, reason = "the names by which a JVM finds native methods")]
// SAFETY, of each function: its name is that of one native method with these parameters.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jni::EnvUnowned;
use jni::sys::{jboolean, jlong};
use leasehold::{LogLevel, LogRecord, set_log_sink};

use crate::ffi::{Class, Texts, cross, texts};
use crate::text::duration;

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
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_openLog<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
) {
    cross(env, |_| {
        let _ = set_log_sink(LogLevel::Info, |line| LOG.add(line));
        Ok(())
    });
}

/// The next line: its level and message. Null when there is none within the limit.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_nextLogLine<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    limit: jlong,
) -> Texts<'local> {
    cross(env, |env| {
        let Some(line) = LOG.next(duration(limit)) else {
            return Ok(Texts::null());
        };
        let level = match line.level {
            LogLevel::Debug => "DEBUG",
            LogLevel::Info => "INFO",
            LogLevel::Warn => "WARNING",
            _ => "ERROR",
        };
        let fields = [level, &line.message].map(|it| Some(it.to_owned()));
        texts(env, &fields)
    })
}

/// Waits until all lines of until now have been passed on. Returns whether they were within the
/// limit.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_awaitLog<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    limit: jlong,
) -> jboolean {
    cross(env, |_| Ok(LOG.passes_on_all(duration(limit))))
}
