//! Firings of scheduled jobs that Java claims: a thread of Java waits here for what comes of it.

use std::pin::Pin;
use std::sync::Mutex;

use jni::Env;
use jni::objects::JString;
use jni::sys::jlong;
use leasehold::Error;
use leasehold::bindings::{due_at, milliseconds, wait};

use crate::ffi::{Answer, Class, Texts};
use crate::fields::{Fields, duration, some};
use crate::handles::ElectionHandle;
use crate::table::{Table, lock};

native_methods! {
    fn begin_claim(election: jlong, job: JString, due: jlong, missed_within: jlong) -> jlong;
    fn await_claim(claim: jlong, limit: jlong) -> [JString];
    fn end_claim(claim: jlong);
    fn last_firing(election: jlong, job: JString) -> jlong;
}

static CLAIMS: Table<Claim> = Table::new();

/// Only the thread that has begun it waits for it.
struct Claim(Mutex<Claiming>);

type Claiming = Pin<Box<dyn Future<Output = Result<bool, Error>> + Send>>;

/// Claims the firing that is due so many milliseconds after the start of 1970. Below zero, `missed_within`
/// stands for one that has just come.
fn begin_claim(
    env: &mut Env<'_>,
    _: Class<'_>,
    election: jlong,
    job: JString<'_>,
    due: jlong,
    missed_within: jlong,
) -> Answer<jlong> {
    let job = job.try_to_string(env)?;
    let due = due_at(due)?;
    let handle = ElectionHandle::get(election)?;
    let claim = Box::pin(async move {
        match some(missed_within) {
            None => handle.election.claim_async(&job, due).await,
            Some(within) => handle.election.claim_missed_async(&job, due, within).await,
        }
    });
    Ok(CLAIMS.insert(Claim(Mutex::new(claim))))
}

/// Waits for so many nanoseconds. Null while it is not known; then whether the firing is begun by this claim.
fn await_claim<'local>(
    env: &mut Env<'local>,
    _: Class<'local>,
    claim: jlong,
    limit: jlong,
) -> Answer<Texts<'local>> {
    let Some(claim) = CLAIMS.get(claim) else {
        return Ok(Texts::null());
    };
    match wait(lock(&claim.0).as_mut(), duration(limit)) {
        Some(begun) => Fields::default().add("begun", begun?).into_java(env),
        None => Ok(Texts::null()),
    }
}

/// Gives the number back. A firing whose claim is not known may count as begun.
fn end_claim(_: &mut Env<'_>, _: Class<'_>, claim: jlong) -> Answer<()> {
    drop(CLAIMS.remove(claim));
    Ok(())
}

/// In milliseconds since the start of 1970, before which none is due; below zero if none is known.
fn last_firing(
    env: &mut Env<'_>,
    _: Class<'_>,
    election: jlong,
    job: JString<'_>,
) -> Answer<jlong> {
    let job = job.try_to_string(env)?;
    let last = ElectionHandle::get(election)?.election.last_firing(&job)?;
    Ok(last.map_or(-1, milliseconds))
}
