//! What is more than a number, as texts in an order that `io.leasehold.Native` knows.

use std::time::{Duration, SystemTime};

use jni::sys::jlong;
use leasehold::{Error, Event, Status, Term};

/// Texts, and what is absent.
pub(crate) type Fields = Vec<Option<String>>;

pub(crate) fn of_term(term: &Term) -> Fields {
    let since_epoch = term.acquired_at().duration_since(SystemTime::UNIX_EPOCH);
    // Nobody acquires a Lease before 1970.
    let acquired_at = since_epoch.unwrap_or_default();
    vec![
        Some(term.fencing_token().to_string()),
        Some(term.transitions().to_string()),
        Some(term.lease_uid().to_owned()),
        Some(acquired_at.as_secs().to_string()),
        Some(acquired_at.subsec_nanos().to_string()),
    ]
}

/// The kind of the event, then what it carries.
pub(crate) fn of_event(event: &Event) -> Fields {
    let name = |name: &str| vec![Some(name.to_owned())];
    let carried = match event {
        Event::Acquired(term) => of_term(term),
        Event::Lost(loss) => [name(loss.reason.name()), of_term(&loss.term)].concat(),
        Event::LeaderChanged(holder) => vec![holder.clone()],
        Event::RenewalFailing(error) => of_error(error),
        // Nothing, or one that Java does not know, which passes by.
        _ => Fields::new(),
    };
    [name(event.kind().name()), carried].concat()
}

pub(crate) fn of_status(status: &Status) -> Fields {
    let failing = status.failing.as_ref();
    vec![
        Some(status.lease.clone()),
        Some(status.mode.name().to_owned()),
        status.identity.clone(),
        Some(status.role.name().to_owned()),
        status.holder.clone(),
        status.why_not_leading.clone(),
        failing.map(|error| error.kind().name().to_owned()),
        failing.map(|error| error.message().to_owned()),
        Some(status.watching.to_string()),
        status.fencing_token.map(|token| token.to_string()),
        Some(nanos(status.remaining).to_string()),
    ]
}

fn of_error(error: &Error) -> Fields {
    vec![
        Some(error.kind().name().to_owned()),
        Some(error.message().to_owned()),
    ]
}

/// A duration for Java; what a `long` cannot hold is as good as for ever.
pub(crate) fn nanos(duration: Duration) -> jlong {
    jlong::try_from(duration.as_nanos()).unwrap_or(jlong::MAX)
}

/// A duration from Java, which has none below zero here.
pub(crate) fn duration(nanos: jlong) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}
