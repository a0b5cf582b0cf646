//! What has happened to a Lease from one snapshot of it to the next.

use std::time::Duration;

use leasehold::clock::{Instant, WallTime};
use leasehold::{Error, ErrorKind, LeaseSnapshot, LeaseState};

/// Something worth a line.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) event: Event,
    /// Who holds the Lease now, or held it until it expired.
    pub(crate) holder: Option<String>,
    /// Who held it before.
    pub(crate) previous_holder: Option<String>,
    /// For how long the Lease had not changed before.
    pub(crate) silence: Option<Duration>,
    pub(crate) error: Option<Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Found,
    Acquired,
    HandedOver,
    Released,
    Expired,
    Renewed,
    Created,
    Deleted,
    Failing,
    Recovered,
}

impl Event {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Acquired => "acquired",
            Self::HandedOver => "handed_over",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Renewed => "renewed",
            Self::Created => "created",
            Self::Deleted => "deleted",
            Self::Failing => "failing",
            Self::Recovered => "recovered",
        }
    }
}

/// What was reported of one Lease so far.
#[derive(Default)]
pub(crate) struct History {
    /// `None` before it was read for the first time.
    last: Option<Observed>,
    failing: Option<ErrorKind>,
}

/// Who held the Lease, and under which acquisition.
#[derive(Clone)]
struct Observed {
    state: LeaseState,
    holder: Option<String>,
    acquired_at: Option<WallTime>,
    /// When the Lease was seen to change, the last time of those that this is about.
    changed_at: Option<Instant>,
}

impl History {
    /// What `snapshot` adds to it.
    pub(crate) fn observe(&mut self, snapshot: &LeaseSnapshot) -> Vec<Change> {
        let now = Observed::of(snapshot);
        let mut changes = Vec::new();
        let failing = snapshot.failing.as_ref();
        if failing.map(Error::kind) != self.failing {
            self.failing = failing.map(Error::kind);
            let event = failing.map_or(Event::Recovered, |_| Event::Failing);
            changes.push(Change {
                error: failing.cloned(),
                ..now.change(event, None)
            });
        }
        if now.state == LeaseState::Unknown {
            return changes;
        }
        let before = self.last.replace(now.clone());
        let event = match &before {
            None => Some(Event::Found),
            Some(before) => now.event_after(before),
        };
        changes.extend(event.map(|event| now.change(event, before)));
        changes
    }
}

impl Observed {
    fn of(snapshot: &LeaseSnapshot) -> Self {
        let record = snapshot.lease.as_ref().map(|lease| &lease.record);
        let held = record.filter(|record| record.is_held());
        Self {
            state: snapshot.state,
            holder: held.map(|record| record.holder.clone()),
            acquired_at: held.and_then(|record| record.acquire_time),
            changed_at: snapshot.changed_at,
        }
    }

    /// What has happened since `before`, if it is worth a line.
    fn event_after(&self, before: &Self) -> Option<Event> {
        let same_term = self.holder == before.holder && self.acquired_at == before.acquired_at;
        match (before.state, self.state) {
            (LeaseState::Held, LeaseState::Expired) if same_term => Some(Event::Expired),
            (LeaseState::Expired, LeaseState::Held) if same_term => Some(Event::Renewed),
            (_, LeaseState::Held | LeaseState::Expired) if same_term => None,
            (_, LeaseState::Held | LeaseState::Expired) if before.holder.is_some() => {
                Some(Event::HandedOver)
            }
            (_, LeaseState::Held | LeaseState::Expired) => Some(Event::Acquired),
            (LeaseState::Absent, LeaseState::Released) => Some(Event::Created),
            (LeaseState::Held | LeaseState::Expired, LeaseState::Released) => Some(Event::Released),
            (LeaseState::Absent, LeaseState::Absent) => None,
            (_, LeaseState::Absent) => Some(Event::Deleted),
            _ => None,
        }
    }

    fn change(&self, event: Event, before: Option<Self>) -> Change {
        let changed_before = before.as_ref().and_then(|before| before.changed_at);
        let changed = self.changed_at.zip(changed_before);
        let previous_holder = before.and_then(|before| before.holder);
        let told = !matches!(event, Event::Expired | Event::Renewed);
        Change {
            event,
            holder: self.holder.clone(),
            previous_holder: previous_holder.filter(|_| told),
            silence: changed.map(|(now, before)| now.since(before)),
            error: None,
        }
    }
}
