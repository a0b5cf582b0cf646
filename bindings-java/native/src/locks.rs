//! `io.leasehold.Locks`, attempts to acquire one, and those that are held.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jni::Env;
use jni::objects::JString;
use jni::sys::{jboolean, jlong};
use leasehold::bindings::{ForeignHeldLock, ForeignLocks, wait};
use leasehold::{
    Error, ErrorKind, HeldLock, LockRequest, Locks, Loss, Registration, Subscription, Term,
};

use crate::election::configuration;
use crate::ffi::{Answer, Class, Texts};
use crate::fields::{Fields, duration, nanos, some};
use crate::table::{Table, lock};

native_methods! {
    fn create_locks(settings: [JString]) -> jlong;
    fn observe_lock(locks: jlong, name: JString);
    fn request_close_locks(locks: jlong);
    fn close_locks(locks: jlong);
    fn begin_lock(locks: jlong, name: JString, timeout: jlong, at_most: jlong, at_least: jlong) -> jlong;
    fn await_lock(attempt: jlong, limit: jlong) -> [JString];
    fn end_lock(attempt: jlong);
    fn is_lock_held(lock: jlong) -> jboolean;
    fn lock_remaining(lock: jlong) -> jlong;
    fn check_lock(lock: jlong);
    fn set_lock_limits(lock: jlong, at_most: jlong, at_least: jlong);
    fn release_lock(lock: jlong) -> jboolean;
    fn await_loss_of_lock(lock: jlong) -> JString;
    fn loss_of_lock_time_left(lock: jlong) -> jlong;
    fn end_loss_of_lock(lock: jlong);
}

static LOCKS: Table<Locks> = Table::new();
static ATTEMPTS: Table<Attempt> = Table::new();
static HELD: Table<Held> = Table::new();

/// A wait that goes on until it is over, or the number is given back.
struct Attempt(Mutex<Option<Acquiring>>);

type Acquiring = Pin<Box<dyn Future<Output = Result<Option<HeldLock>, Error>> + Send>>;

struct Held {
    term: Term,
    /// Taken out to release it.
    lock: Mutex<Option<HeldLock>>,
    /// Taken out by who waits for the loss.
    events: Mutex<Option<Subscription>>,
    /// Taken out to end that wait.
    registration: Mutex<Option<Registration>>,
    /// What a listener is busy with.
    loss: Mutex<Option<Loss>>,
}

fn locks_of(number: jlong) -> Result<Arc<Locks>, Error> {
    LOCKS.get(number).ok_or_else(|| {
        let message = "the locks have been closed: create others";
        Error::new(ErrorKind::Closed, message)
    })
}

pub(crate) fn all() -> impl Iterator<Item = Arc<Locks>> {
    LOCKS.all()
}

/// Locks with these settings: names and texts in turn.
fn create_locks(env: &mut Env<'_>, _: Class<'_>, settings: Texts<'_>) -> Answer<jlong> {
    let config = configuration(env, &settings)?;
    Ok(LOCKS.insert(Locks::new(&config)?))
}

fn observe_lock(env: &mut Env<'_>, _: Class<'_>, locks: jlong, name: JString<'_>) -> Answer<()> {
    let name = name.try_to_string(env)?;
    let locks = locks_of(locks)?;
    locks.observe(&name)?;
    // The process lives, and from now on it is watched for this lock as well.
    locks.sign_of_life();
    Ok(())
}

fn request_close_locks(_: &mut Env<'_>, _: Class<'_>, locks: jlong) -> Answer<()> {
    match LOCKS.get(locks) {
        Some(locks) => Ok(locks.request_close()?),
        None => Ok(()),
    }
}

/// Gives the number back. Waits for those that are held.
fn close_locks(_: &mut Env<'_>, _: Class<'_>, number: jlong) -> Answer<()> {
    if let Some(locks) = LOCKS.get(number) {
        locks.close()?;
        LOCKS.remove(number);
    }
    Ok(())
}

/// Begins to acquire a lock. A timeout below zero stands for none, and so does a limit.
fn begin_lock(
    env: &mut Env<'_>,
    _: Class<'_>,
    locks: jlong,
    name: JString<'_>,
    timeout: jlong,
    at_most: jlong,
    at_least: jlong,
) -> Answer<jlong> {
    let name = name.try_to_string(env)?;
    let mut request = LockRequest::new(name).at_least(duration(at_least));
    if let Some(at_most) = some(at_most) {
        request = request.at_most(at_most);
    }
    let locks = locks_of(locks)?;
    let attempt = locks.acquire(request, some(timeout))?;
    // As above.
    locks.sign_of_life();
    Ok(ATTEMPTS.insert(Attempt(Mutex::new(Some(attempt)))))
}

/// Waits for so many nanoseconds. Null while it is not decided; no lock if it is not acquired.
fn await_lock<'local>(
    env: &mut Env<'local>,
    _: Class<'local>,
    attempt: jlong,
    limit: jlong,
) -> Answer<Texts<'local>> {
    let Some(attempt) = ATTEMPTS.get(attempt) else {
        return Fields::default().into_java(env);
    };
    let mut waiting = lock(&attempt.0);
    let Some(future) = waiting.as_mut() else {
        return Fields::default().into_java(env);
    };
    let Some(outcome) = wait(future, duration(limit)) else {
        return Ok(Texts::null());
    };
    *waiting = None;
    let Some(mut held) = outcome? else {
        return Fields::default().into_java(env);
    };
    let term = held.term().clone();
    let (events, registration) = held.take_events().unzip();
    let number = HELD.insert(Held {
        term: term.clone(),
        lock: Mutex::new(Some(held)),
        events: Mutex::new(events),
        registration: Mutex::new(registration),
        loss: Mutex::default(),
    });
    let fields = Fields::from(&term).add("lock", number);
    fields
        .into_java(env)
        .inspect_err(|_| drop(HELD.remove(number)))
}

/// Gives the number back. A lock that is acquired nevertheless is released.
fn end_lock(_: &mut Env<'_>, _: Class<'_>, attempt: jlong) -> Answer<()> {
    drop(ATTEMPTS.remove(attempt));
    Ok(())
}

fn is_lock_held(_: &mut Env<'_>, _: Class<'_>, number: jlong) -> Answer<jboolean> {
    Ok(HELD.peek(number, |held| held.term.is_valid()) == Some(true))
}

/// In nanoseconds.
fn lock_remaining(_: &mut Env<'_>, _: Class<'_>, number: jlong) -> Answer<jlong> {
    let held = HELD.get(number);
    Ok(held.map_or(0, |held| nanos(held.term.remaining())))
}

/// Throws if it is no longer held.
fn check_lock(_: &mut Env<'_>, _: Class<'_>, number: jlong) -> Answer<()> {
    Ok(held(number)?.term.check()?)
}

fn held(number: jlong) -> Result<Arc<Held>, Error> {
    HELD.get(number).ok_or_else(|| {
        let message = "the lock has been released: stop its work before";
        Error::new(ErrorKind::LeadershipLost, message)
    })
}

fn set_lock_limits(
    _: &mut Env<'_>,
    _: Class<'_>,
    number: jlong,
    at_most: jlong,
    at_least: jlong,
) -> Answer<()> {
    let held = held(number)?;
    match &*lock(&held.lock) {
        Some(lock) => Ok(lock.set_limits(some(at_most), duration(at_least))?),
        None => Ok(held.term.check()?),
    }
}

/// Gives the number back. Whether the lock is known to be given back as well.
fn release_lock(_: &mut Env<'_>, _: Class<'_>, number: jlong) -> Answer<jboolean> {
    let Some(held) = HELD.get(number) else {
        return Ok(false);
    };
    // In this order, so that a release tells of no loss.
    *lock(&held.registration) = None;
    *lock(&held.events) = None;
    let Some(released) = lock(&held.lock).take() else {
        // Another thread releases it, and gives the number back when it has.
        return Ok(false);
    };
    let released = released.release();
    // Only now: a listener may have to say that it has returned.
    HELD.remove(number);
    Ok(released)
}

/// Waits until the lock is lost, and returns why; null once it is released, and the second time.
fn await_loss_of_lock<'local>(
    env: &mut Env<'local>,
    _: Class<'local>,
    number: jlong,
) -> Answer<JString<'local>> {
    let Some(held) = HELD.get(number) else {
        return Ok(JString::null());
    };
    let Some(mut events) = lock(&held.events).take() else {
        return Ok(JString::null());
    };
    while let Ok(event) = events.recv_timeout(Duration::MAX) {
        if let Some(loss) = HeldLock::loss(event, &held.term) {
            // Lost while it was being released: nobody wants to know any more.
            if lock(&held.lock).is_none() {
                return Ok(JString::null());
            }
            let reason = env.new_string(loss.reason.name())?;
            *lock(&held.loss) = Some(loss);
            return Ok(reason);
        }
    }
    Ok(JString::null())
}

/// In nanoseconds.
fn loss_of_lock_time_left(_: &mut Env<'_>, _: Class<'_>, number: jlong) -> Answer<jlong> {
    let held = HELD.get(number);
    let left = held.and_then(|held| lock(&held.loss).as_ref().map(Loss::time_left));
    Ok(nanos(left.unwrap_or_default()))
}

/// The listener has returned.
fn end_loss_of_lock(_: &mut Env<'_>, _: Class<'_>, number: jlong) -> Answer<()> {
    if let Some(held) = HELD.get(number) {
        *lock(&held.loss) = None;
    }
    Ok(())
}
