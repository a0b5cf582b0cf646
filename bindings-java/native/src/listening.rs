//! Listeners: each is a thread of Java that waits here for the next event.

use std::sync::Mutex;
use std::time::Duration;

use jni::Env;
use jni::sys::jlong;
use leasehold::{Event, Registration, Subscription};

use crate::ffi::{Answer, Class, Texts};
use crate::fields::{Fields, nanos};
use crate::handles::ElectionHandle;
use crate::table::{Table, lock};

native_methods! {
    fn listen(election: jlong) -> jlong;
    fn next_event(listener: jlong) -> [JString];
    fn loss_time_left(listener: jlong, fencing_token: jlong) -> jlong;
    fn end_listening(listener: jlong);
    fn unlisten(listener: jlong);
}

static LISTENERS: Table<Listening> = Table::new();

struct Listening {
    /// By number: a listener does not keep an election that is closed.
    election: jlong,
    events: Mutex<Subscription>,
    /// What the listener is busy with. A loss is acknowledged by letting go of it.
    present: Mutex<Option<Event>>,
    /// Taken out to end it.
    registration: Mutex<Option<Registration>>,
}

impl Listening {
    /// The next event; `None` when no other will come. The one before is done with.
    fn next(&self) -> Option<Event> {
        *lock(&self.present) = None;
        let event = lock(&self.events).recv_timeout(Duration::MAX).ok();
        lock(&self.present).clone_from(&event);
        event
    }

    /// How long the work of the term with this token may go on; zero unless the listener is busy
    /// with its loss.
    fn time_left(&self, fencing_token: u64) -> Duration {
        match &*lock(&self.present) {
            Some(Event::Lost(loss)) if loss.term.fencing_token() == fencing_token => {
                loss.time_left()
            }
            _ => Duration::ZERO,
        }
    }

    fn end(&self) {
        *lock(&self.registration) = None;
    }
}

/// Subscribes to all events from now on.
fn listen(_: &mut Env<'_>, _: Class<'_>, election: jlong) -> Answer<jlong> {
    let handle = ElectionHandle::get(election)?;
    let (subscription, registration) = handle.election.subscribe()?.registered();
    Ok(LISTENERS.insert(Listening {
        election,
        events: Mutex::new(subscription),
        present: Mutex::default(),
        registration: Mutex::new(Some(registration)),
    }))
}

/// Waits for the next event, and says that the one before is done with. Null when there will be no
/// more.
fn next_event<'local>(
    env: &mut Env<'local>,
    _: Class<'local>,
    listener: jlong,
) -> Answer<Texts<'local>> {
    let Some(listening) = LISTENERS.get(listener) else {
        return Ok(Texts::null());
    };
    let Some(event) = listening.next() else {
        return Ok(Texts::null());
    };
    if let (Event::Acquired(term), Some(handle)) =
        (&event, ElectionHandle::find(listening.election))
    {
        handle.remember(term);
    }
    Fields::from(&event).into_java(env)
}

/// In nanoseconds.
fn loss_time_left(
    _: &mut Env<'_>,
    _: Class<'_>,
    listener: jlong,
    fencing_token: jlong,
) -> Answer<jlong> {
    let listening = LISTENERS.get(listener);
    let left = listening.map(|it| it.time_left(fencing_token.cast_unsigned()));
    Ok(nanos(left.unwrap_or_default()))
}

/// Lets `nextEvent` return, now or when it is called next.
fn end_listening(_: &mut Env<'_>, _: Class<'_>, listener: jlong) -> Answer<()> {
    if let Some(listening) = LISTENERS.get(listener) {
        listening.end();
    }
    Ok(())
}

/// Gives the number back, and lets go of the event that the listener was busy with.
fn unlisten(_: &mut Env<'_>, _: Class<'_>, listener: jlong) -> Answer<()> {
    drop(LISTENERS.remove(listener));
    Ok(())
}
