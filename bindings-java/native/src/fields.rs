//! What is more than a number, by name.

use std::time::{Duration, UNIX_EPOCH};

use jni::Env;
use jni::sys::jlong;
use leasehold::bindings::{LogLevel, LogRecord};
use leasehold::{Error, Event, Status, Term};

use crate::ffi::{Answer, Texts, texts};

/// Names and texts in turn, which `io.leasehold.Fields` reads. What is absent is left out.
#[derive(Default)]
pub(crate) struct Fields(Vec<String>);

impl Fields {
    pub(crate) fn add(mut self, name: &str, value: impl ToString) -> Self {
        self.0.extend([name.to_owned(), value.to_string()]);
        self
    }

    fn add_some(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.add(name, value),
            None => self,
        }
    }

    pub(crate) fn add_term(self, term: &Term) -> Self {
        let since_epoch = term.acquired_at().duration_since(UNIX_EPOCH);
        self.add("fencing_token", term.fencing_token())
            .add("transitions", term.transitions())
            .add("lease_uid", term.lease_uid())
            // Nobody acquires a Lease before 1970.
            .add("acquired_at", nanos(since_epoch.unwrap_or_default()))
            .add("acquisition", term.acquisition())
    }

    fn add_error(self, error: Option<&Error>) -> Self {
        self.add_some("error_kind", error.map(|it| it.kind().name()))
            .add_some("error_message", error.map(Error::message))
    }

    pub(crate) fn into_java<'local>(self, env: &mut Env<'local>) -> Answer<Texts<'local>> {
        texts(env, &self.0)
    }
}

impl From<&Term> for Fields {
    fn from(term: &Term) -> Self {
        Self::default().add_term(term)
    }
}

impl From<&Event> for Fields {
    fn from(event: &Event) -> Self {
        let fields = Self::default().add("event", event.kind().name());
        match event {
            Event::Acquired(term) => fields.add_term(term),
            Event::Lost(loss) => fields
                .add("reason", loss.reason.name())
                .add_term(&loss.term),
            Event::LeaderChanged(holder) => fields.add_some("holder", holder.as_ref()),
            Event::RenewalFailing(error) => fields.add_error(Some(error)),
            // Nothing, or one that Java does not know, which passes by.
            _ => fields,
        }
    }
}

impl From<&Status> for Fields {
    fn from(status: &Status) -> Self {
        Self::default()
            .add("lease", &status.lease)
            .add("mode", status.mode.name())
            .add_some("identity", status.identity.as_ref())
            .add("role", status.role.name())
            .add_some("holder", status.holder.as_ref())
            .add_some("why_not_leading", status.why_not_leading.as_ref())
            .add_error(status.failing.as_ref())
            .add("watching", status.watching)
            .add_some("fencing_token", status.fencing_token)
            .add("remaining", nanos(status.remaining))
    }
}

impl From<LogRecord> for Fields {
    fn from(line: LogRecord) -> Self {
        // As `System.Logger.Level` has them.
        let level = match line.level {
            LogLevel::Debug => "DEBUG",
            LogLevel::Info => "INFO",
            LogLevel::Warn => "WARNING",
            _ => "ERROR",
        };
        let fields = Self::default()
            .add("level", level)
            .add("message", line.message);
        line.fields
            .into_iter()
            .fold(fields, |fields, (name, text)| {
                fields.add(&format!("field.{name}"), text)
            })
    }
}

/// A duration for Java, in nanoseconds; what a `long` cannot hold means without end.
pub(crate) fn nanos(duration: Duration) -> jlong {
    jlong::try_from(duration.as_nanos()).unwrap_or(jlong::MAX)
}

/// A duration from Java, which has none below zero here.
pub(crate) fn duration(nanos: jlong) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

/// A duration from Java, for which a number below zero stands for none.
pub(crate) fn some(nanos: jlong) -> Option<Duration> {
    (nanos >= 0).then(|| duration(nanos))
}
