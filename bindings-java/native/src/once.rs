//! Calls of `runOnce`: a thread of Java waits here for what it is to do.

use std::pin::pin;
use std::sync::Mutex;

use jni::Env;
use jni::objects::JString;
use jni::sys::{jboolean, jlong};
use leasehold::bindings::{OnceCall, OnceNews, OnceWork, wait};

use crate::ffi::{Answer, Class, Texts};
use crate::fields::{Fields, duration};
use crate::handles::ElectionHandle;
use crate::table::{Table, lock};

native_methods! {
    fn begin_once(election: jlong, key: JString, in_listener: jboolean, limit: jlong) -> jlong;
    fn await_once(call: jlong, limit: jlong) -> [JString];
    fn once_ended(call: jlong, failure: JString);
    fn drop_once(call: jlong);
    fn end_once(call: jlong);
}

static CALLS: Table<Once> = Table::new();

struct Once {
    /// By number: a call does not keep an election that is closed.
    election: jlong,
    call: Mutex<OnceCall>,
    /// What is under way.
    work: Mutex<Option<OnceWork>>,
}

/// Waits for so many nanoseconds for the end of a run that stops, unless that waits for the caller. Zero while it
/// goes on: nothing has begun.
fn begin_once(
    env: &mut Env<'_>,
    _: Class<'_>,
    election: jlong,
    key: JString<'_>,
    in_listener: jboolean,
    limit: jlong,
) -> Answer<jlong> {
    let key = key.try_to_string(env)?;
    let handle = ElectionHandle::get(election)?;
    let begin = async {
        if in_listener {
            OnceCall::begin_in_listener(&handle.election, &key).await
        } else {
            OnceCall::begin(&handle.election, &key).await
        }
    };
    let Some(call) = wait(pin!(begin), duration(limit)) else {
        return Ok(0);
    };
    Ok(CALLS.insert(Once {
        election,
        call: Mutex::new(call?),
        work: Mutex::default(),
    }))
}

/// Waits for so many nanoseconds. Null while there is nothing to tell; the term to work under; or whether the
/// work was done here, or has failed.
fn await_once<'local>(
    env: &mut Env<'local>,
    _: Class<'local>,
    call: jlong,
    limit: jlong,
) -> Answer<Texts<'local>> {
    let Some(once) = CALLS.get(call) else {
        return Ok(Texts::null());
    };
    let Some(news) = wait(lock(&once.call).next(), duration(limit)) else {
        return Ok(Texts::null());
    };
    let fields = match news? {
        None => return Ok(Texts::null()),
        Some(OnceNews::Begun(work)) => {
            if let Some(handle) = ElectionHandle::find(once.election) {
                handle.remember(&work.term);
            }
            let fields = Fields::from(&work.term);
            *lock(&once.work) = Some(work);
            fields
        }
        Some(OnceNews::Done(here)) => Fields::default().add("done_here", here),
        Some(OnceNews::Failed) => Fields::default().add("failed", true),
    };
    fields.into_java(env)
}

/// The work that has begun has ended, with this failure unless it is null.
fn once_ended(env: &mut Env<'_>, _: Class<'_>, call: jlong, failure: JString<'_>) -> Answer<()> {
    let failure = if failure.is_null() {
        None
    } else {
        Some(failure.try_to_string(env)?)
    };
    if let Some(once) = CALLS.get(call)
        && let Some(work) = lock(&once.work).take()
    {
        work.ended(failure);
    }
    Ok(())
}

/// The work that has begun is not done: its term is over.
fn drop_once(_: &mut Env<'_>, _: Class<'_>, call: jlong) -> Answer<()> {
    if let Some(once) = CALLS.get(call) {
        drop(lock(&once.work).take());
    }
    Ok(())
}

/// Gives the number back. Work that has not ended is left to others.
fn end_once(_: &mut Env<'_>, _: Class<'_>, call: jlong) -> Answer<()> {
    drop(CALLS.remove(call));
    Ok(())
}
