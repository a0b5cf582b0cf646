//! The core's log, on its way to `System.Logger`.

#![expect(unsafe_code, reason = "the names by which a JVM finds native methods")]
// SAFETY, of each function: its name is that of one native method with these parameters.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{LazyLock, Mutex, PoisonError};

use jni::EnvUnowned;
use jni::sys::jlong;
use leasehold::{LogLevel, LogRecord, set_log_sink};

use crate::border::{Class, Texts, cross, texts};
use crate::text::duration;

/// So many lines wait for Java; what comes while it takes none is dropped, since a renewal must not
/// wait for a log.
const CAPACITY: usize = 1024;

struct Lines {
    sender: SyncSender<LogRecord>,
    receiver: Mutex<Receiver<LogRecord>>,
}

static LINES: LazyLock<Lines> = LazyLock::new(|| {
    let (sender, receiver) = sync_channel(CAPACITY);
    Lines {
        sender,
        receiver: Mutex::new(receiver),
    }
});

/// Sends the log here from now on. A library that a second class loader finds still in memory does
/// so already.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_openLog<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
) {
    cross(env, |_| {
        let _ = set_log_sink(LogLevel::Info, |line| {
            let _ = LINES.sender.try_send(line);
        });
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
        let receiver = LINES
            .receiver
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Ok(line) = receiver.recv_timeout(duration(limit)) else {
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
