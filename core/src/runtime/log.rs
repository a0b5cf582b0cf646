//! The log of Leasehold's own threads.
//!
//! Invariant: no subscriber of the application runs on them. One that blocks would stop renewals, and
//! one that panics would end a term. Events are queued, and given to the subscriber on a thread of the
//! log's own; those of libraries, which run on our threads as well, are left out. The log of a binding
//! takes a line and returns: it needs no queue.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use once_cell::sync::OnceCell;
use tracing::dispatcher::{self, Dispatch};
use tracing::field::{self, Field, Value, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber, span};

use super::PerProcess;

/// The crate's own events; those of its libraries are for their developers.
const OWN_TARGET: &str = env!("CARGO_PKG_NAME");

/// How many events wait for a subscriber that is slow; those beyond are dropped.
const BACKLOG: usize = 1_000;

static QUEUE: PerProcess<OnceCell<SyncSender<Entry>>> = PerProcess::new();

enum Entry {
    Event(OwnedEvent),
    /// Answered when all events before it are logged.
    Flush(Sender<()>),
}

/// An event that can go to another thread.
struct OwnedEvent {
    metadata: &'static Metadata<'static>,
    /// One for each of its fields.
    values: Vec<Option<OwnedValue>>,
}

enum OwnedValue {
    Text(String),
    Formatted(field::DisplayValue<String>),
    Signed(i64),
    Unsigned(u64),
    Switch(bool),
}

/// Whether the process's subscriber is one of ours, which hands events over and returns.
static IS_OURS: AtomicBool = AtomicBool::new(false);

/// The process's subscriber never blocks and never panics: it is called on each thread. To be said
/// before the first election.
pub(crate) fn log_without_queue() {
    IS_OURS.store(true, Ordering::Relaxed);
}

/// From now on, what this thread logs is queued, if the subscriber is the application's.
pub(super) fn queue_events_of_this_thread() {
    if IS_OURS.load(Ordering::Relaxed) {
        return;
    }
    // Never restored: the thread is ours for as long as it lives.
    std::mem::forget(dispatcher::set_default(&Dispatch::new(Queue)));
}

/// Waits until all events are logged that were queued before, for at most `timeout`.
pub(crate) fn flush_log(timeout: Duration) {
    if IS_OURS.load(Ordering::Relaxed) {
        return;
    }
    let (done, logged) = channel();
    if put(Entry::Flush(done)) {
        let _ = logged.recv_timeout(timeout);
    }
}

/// Whether there was room.
fn put(entry: Entry) -> bool {
    let queue = QUEUE.get().ok().and_then(|queue| {
        let started = queue.get_or_try_init(|| {
            let (sender, entries) = sync_channel(BACKLOG);
            super::spawn_thread("leasehold-log", move || log(&entries))?;
            Ok::<_, std::io::Error>(sender)
        });
        // Without the thread nothing is logged, which is no reason not to lead.
        started.ok()
    });
    queue.is_some_and(|queue| queue.try_send(entry).is_ok())
}

fn log(entries: &Receiver<Entry>) {
    for entry in entries {
        match entry {
            // A subscriber that panics still gets the next event.
            Entry::Event(event) => drop(catch_unwind(AssertUnwindSafe(|| event.dispatch()))),
            // It may have given up.
            Entry::Flush(done) => drop(done.send(())),
        }
    }
}

impl OwnedEvent {
    fn dispatch(&self) {
        let values: Vec<_> = self
            .values
            .iter()
            .map(|value| value.as_ref().map(OwnedValue::as_value))
            .collect();
        let values = self.metadata.fields().value_set_all(&values);
        dispatcher::get_default(|subscriber| {
            if subscriber.enabled(self.metadata) {
                subscriber.event(&Event::new(self.metadata, &values));
            }
        });
    }
}

impl OwnedValue {
    fn as_value(&self) -> &dyn Value {
        match self {
            Self::Text(text) => text,
            Self::Formatted(text) => text,
            Self::Signed(number) => number,
            Self::Unsigned(number) => number,
            Self::Switch(switch) => switch,
        }
    }
}

/// The subscriber on our threads.
struct Queue;

impl Subscriber for Queue {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && metadata.target().starts_with(OWN_TARGET)
            && *metadata.level() <= Level::DEBUG
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut owned = OwnedEvent {
            metadata,
            values: metadata.fields().iter().map(|_| None).collect(),
        };
        event.record(&mut owned);
        put(Entry::Event(owned));
    }

    // So that the application's subscriber alone says what is prepared, in the whole process: nothing if
    // there is none.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::OFF)
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

impl OwnedEvent {
    fn set(&mut self, field: &Field, value: OwnedValue) {
        if let Some(slot) = self.values.get_mut(field.index()) {
            *slot = Some(value);
        }
    }
}

impl Visit for OwnedEvent {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = field::display(format!("{value:?}"));
        self.set(field, OwnedValue::Formatted(text));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, OwnedValue::Text(value.to_owned()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, OwnedValue::Signed(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, OwnedValue::Unsigned(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, OwnedValue::Switch(value));
    }
}
