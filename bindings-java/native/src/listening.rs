//! Listeners: each is a thread of Java that waits here for the next event.

#![expect(unsafe_code, reason = "the names by which a JVM finds native methods")]
// SAFETY, of each function: its name is that of one native method with these parameters.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jni::EnvUnowned;
use jni::sys::jlong;
use leasehold::{Event, Registration, Subscription};

use crate::border::{Class, Texts, cross, texts};
use crate::held::Held;
use crate::table::Table;
use crate::text::of_event;

static LISTENERS: Table<Listening> = Table::new();

struct Listening {
    /// By number: a listener does not keep an election that is closed.
    election: jlong,
    events: Mutex<Events>,
    /// Taken out to end it.
    registration: Mutex<Option<Registration>>,
}

struct Events {
    subscription: Subscription,
    /// What the listener is busy with. A loss is acknowledged by letting go of it.
    present: Option<Event>,
}

impl Listening {
    /// The next event; `None` when there will be no more. The one before is done with.
    fn next(&self) -> Option<Event> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.present = None;
        events.present = events.subscription.recv_timeout(Duration::MAX).ok();
        events.present.clone()
    }

    fn end(&self) {
        let mut registration = self
            .registration
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *registration = None;
    }
}

/// Subscribes to all events from now on.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_listen<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
) -> jlong {
    cross(env, |_| {
        let (subscription, registration) = Held::get(election)?.election.subscribe()?.registered();
        Ok(LISTENERS.insert(Listening {
            election,
            events: Mutex::new(Events {
                subscription,
                present: None,
            }),
            registration: Mutex::new(Some(registration)),
        }))
    })
}

/// Waits for the next event, and says that the one before is done with. Null when there will be no
/// more.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_nextEvent<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    listener: jlong,
) -> Texts<'local> {
    cross(env, |env| {
        let Some(listening) = LISTENERS.get(listener) else {
            return Ok(Texts::null());
        };
        let Some(event) = listening.next() else {
            return Ok(Texts::null());
        };
        if let (Event::Acquired(term), Some(held)) = (&event, Held::find(listening.election)) {
            held.tell(term);
        }
        texts(env, &of_event(&event))
    })
}

/// Lets `nextEvent` return, now or when it is called next.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_endListening<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    listener: jlong,
) {
    cross(env, |_| {
        if let Some(listening) = LISTENERS.get(listener) {
            listening.end();
        }
        Ok(())
    });
}

/// Gives the number back, and lets go of the event that the listener was busy with.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_unlisten<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    listener: jlong,
) {
    cross(env, |_| {
        drop(LISTENERS.remove(listener));
        Ok(())
    });
}
