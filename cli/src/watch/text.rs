//! The words for what has happened.

use jiff::Timestamp;
use leasehold::LeaseSnapshot;
use leasehold::lease_store::Location;

use super::history::{Change, Event};
use crate::output::{backend, printable, printable_lines, readable, readable_seconds, timestamp};

/// What has happened, for people.
pub(crate) fn text(
    told: &Change,
    seen: &LeaseSnapshot,
    location: &Location,
    now: Timestamp,
) -> String {
    let name = |holder: &Option<String>| holder.as_deref().map_or("nobody".to_owned(), printable);
    let (holder, previous) = (name(&told.holder), name(&told.previous_holder));
    match told.event {
        Event::Found => found(&holder, seen, location, now),
        Event::Acquired => format!("acquired by {holder}{}", version(seen)),
        Event::HandedOver if holder == previous => {
            format!("acquired again by {holder}{}", version(seen))
        }
        Event::HandedOver => format!(
            "went from {previous} to {holder}{}{}",
            silence(told),
            version(seen)
        ),
        Event::Released => format!("released by {previous}"),
        Event::Expired => format!("expired: {holder} has not renewed it in time"),
        Event::Renewed => format!("renewed by {holder}, after it had expired"),
        Event::Created => "created, and held by nobody".to_owned(),
        Event::Deleted => format!("deleted; it was held by {previous}"),
        Event::Failing => {
            let error = told
                .error
                .as_ref()
                .map(|error| printable_lines(error.message()));
            format!("cannot be read now: {}", error.unwrap_or_default())
        }
        Event::Recovered => "can be read again".to_owned(),
    }
}

fn found(holder: &str, seen: &LeaseSnapshot, location: &Location, now: Timestamp) -> String {
    let Some(lease) = &seen.lease else {
        return format!("there is no such Lease yet in {}", backend(location));
    };
    let since = lease.record.acquire_time.filter(|_| lease.record.is_held());
    let lasts = since.map_or(String::new(), |since| {
        format!(
            " for {}",
            readable_seconds(now.duration_since(timestamp(since)).as_secs_f64())
        )
    });
    format!("held by {holder}{lasts}{}", version(seen))
}

/// How long the holder before was silent, which tells a takeover after its end from a handover.
fn silence(told: &Change) -> String {
    told.silence.map_or(String::new(), |silence| {
        format!(", after {} without a renewal", readable(silence))
    })
}

fn version(seen: &LeaseSnapshot) -> String {
    seen.lease.as_ref().map_or(String::new(), |lease| {
        let transitions = lease.record.transitions;
        format!(" (transition {transitions}, version {})", lease.version)
    })
}
