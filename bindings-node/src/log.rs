//! The core's log. It belongs to the process, of which there may be several environments: the oldest
//! one that lives is woken, and takes it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use leasehold::bindings::{LogLevel, LogRecord, set_log_sink};
use napi_derive::napi;

use crate::waker::Waker;

/// As many records are kept for a blocked event loop; what is logged after them is lost.
const ROOM: usize = 1_000;

static LOG: Mutex<Log> = Mutex::new(Log {
    records: VecDeque::new(),
    wakers: Vec::new(),
});

struct Log {
    records: VecDeque<LogRecord>,
    /// One for each environment, in the order in which they came.
    wakers: Vec<Waker>,
}

/// A line of the log.
#[napi(object, object_from_js = false)]
pub(crate) struct NativeLogRecord {
    pub level: &'static str,
    pub target: &'static str,
    pub message: String,
}

impl From<LogRecord> for NativeLogRecord {
    fn from(record: LogRecord) -> Self {
        let level = match record.level {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            _ => "error",
        };
        Self {
            level,
            target: record.target,
            message: record.message,
        }
    }
}

/// From now on `waker` is woken for the log, unless there is an older one.
#[napi]
pub(crate) fn open_log(waker: &Waker) {
    log().wakers.push(waker.clone());
    // Refused where an environment before this one has done it already.
    let _ = set_log_sink(LogLevel::Info, put);
}

/// What was logged since this was last called, in any environment.
#[napi]
pub(crate) fn take_log() -> Vec<NativeLogRecord> {
    let records = std::mem::take(&mut log().records);
    records.into_iter().map(NativeLogRecord::from).collect()
}

/// Called by the core's thread, which must not be kept.
fn put(record: LogRecord) {
    let mut log = log();
    if log.records.len() < ROOM {
        log.records.push_back(record);
    }
    log.wakers.retain(Waker::is_alive);
    if let Some(oldest) = log.wakers.first() {
        oldest.wake();
    }
}

fn log() -> MutexGuard<'static, Log> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}
