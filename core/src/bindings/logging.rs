//! Logs for programs that have no `tracing` subscriber: bindings to other languages.

use std::fmt::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::error::{Error, ErrorKind, Result, printable};
use crate::runtime;

/// The crate's own events; those of its libraries are for their developers.
const OWN_TARGET: &str = env!("CARGO_PKG_NAME");

/// One line of the log.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogRecord {
    /// How much it matters.
    pub level: LogLevel,
    /// The name of the log, which is the same in all of its lines: `leasehold`.
    pub target: &'static str,
    /// What happened, then the fields as `name=value`.
    pub message: String,
    /// The fields by themselves, for logs that have a place for them.
    pub fields: Vec<(&'static str, String)>,
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LogLevel {
    /// Every request.
    Debug,
    /// Terms, holders, starts and stops.
    Info,
    /// Something is wrong and is being dealt with.
    Warn,
    /// A defect.
    Error,
}

/// Sends the log to `sink` from now on, at `level` and above, for the life of the process. Programs
/// in Rust install a `tracing` subscriber instead.
///
/// `sink` is called on the thread which causes an event, such as the background thread, which renews
/// the Leases: it must hand the record over and return, never block and never panic. Install it
/// before the first election.
///
/// # Errors
/// [`ErrorKind::Config`] if the process has a sink or a `tracing` subscriber already.
pub fn set_log_sink(
    level: LogLevel,
    sink: impl Fn(LogRecord) + Send + Sync + 'static,
) -> Result<()> {
    tracing::subscriber::set_global_default(Sink { level, sink }).map_err(|error| {
        Error::new(
            ErrorKind::Config,
            "the log already has a sink: set it once, or use the existing tracing subscriber",
        )
        .with_source(error)
    })?;
    runtime::log_without_queue();
    Ok(())
}

struct Sink<F> {
    level: LogLevel,
    sink: F,
}

impl<F: Fn(LogRecord) + Send + Sync + 'static> Subscriber for Sink<F> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(OWN_TARGET)
            && level_of(metadata).is_some_and(|level| level >= self.level)
    }

    fn event(&self, event: &Event<'_>) {
        let Some(level) = level_of(event.metadata()) else {
            return;
        };
        let mut line = Line::default();
        event.record(&mut line);
        let record = LogRecord {
            level,
            target: OWN_TARGET,
            message: printable(line.message + &line.fields_in_message),
            fields: line.fields,
        };
        // If it panics nevertheless, that must end neither a term nor the election.
        drop(catch_unwind(AssertUnwindSafe(|| (self.sink)(record))));
    }

    // There are no spans in this crate.
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

fn level_of(metadata: &Metadata<'_>) -> Option<LogLevel> {
    match *metadata.level() {
        Level::ERROR => Some(LogLevel::Error),
        Level::WARN => Some(LogLevel::Warn),
        Level::INFO => Some(LogLevel::Info),
        Level::DEBUG => Some(LogLevel::Debug),
        Level::TRACE => None,
    }
}

#[derive(Default)]
struct Line {
    message: String,
    fields_in_message: String,
    fields: Vec<(&'static str, String)>,
}

impl Line {
    fn add(&mut self, field: &Field, value: &dyn fmt::Debug, plain: impl FnOnce() -> String) {
        // Writing into a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => {
                self.fields.push((name, printable(plain())));
                write!(self.fields_in_message, " {name}={value:?}")
            }
        };
    }
}

impl Visit for Line {
    /// Without the quotes that it has in the message.
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, &value, || value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, value, || format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, Mutex};

    use tracing::info;

    use super::*;

    #[test]
    fn a_sink_that_panics_harms_nobody_and_gets_the_next_line() {
        let lines = Arc::<AtomicU32>::default();
        let counted = Arc::clone(&lines);
        let sink = Sink {
            level: LogLevel::Info,
            sink: move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
                panic!("as the test says");
            },
        };
        tracing::subscriber::with_default(sink, || {
            info!("one");
            info!("two");
        });
        assert_eq!(lines.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn fields_are_in_the_message_and_by_themselves() {
        let records = Arc::<Mutex<Vec<LogRecord>>>::default();
        let kept = Arc::clone(&records);
        let sink = Sink {
            level: LogLevel::Info,
            sink: move |record| kept.lock().unwrap().push(record),
        };
        tracing::subscriber::with_default(sink, || {
            let identity = "web-1\u{1b}";
            info!(lease = "jobs", fencing_token = 42_u64, %identity, "leading");
        });
        let records = records.lock().unwrap();
        assert_eq!(
            records[0].message,
            "leading lease=\"jobs\" fencing_token=42 identity=web-1\\u{1b}"
        );
        let fields = [
            ("lease", "jobs"),
            ("fencing_token", "42"),
            ("identity", "web-1\\u{1b}"),
        ];
        assert_eq!(
            records[0].fields,
            fields.map(|(name, text)| (name, text.to_owned()))
        );
    }
}
