//! `io.leasehold.LeaderElection`.

use std::time::Duration;

use jni::Env;
use jni::objects::JString;
use jni::sys::{jboolean, jlong};
use leasehold::bindings::{ForeignElection, ForeignLocks, configured};
use leasehold::{Config, Error, LeaderElection};

use crate::ffi::{Answer, Class, Texts, read};
use crate::fields::{Fields, duration, nanos};
use crate::handles::ElectionHandle;
use crate::locks;

native_methods! {
    fn create(settings: [JString]) -> jlong;
    fn start(election: jlong);
    fn stop(election: jlong, drain: jlong);
    fn request_stop(election: jlong, drain: jlong) -> jboolean;
    fn close(election: jlong);
    fn is_running(election: jlong) -> jboolean;
    fn step_down(election: jlong);
    fn remaining(election: jlong) -> jlong;
    fn term(election: jlong) -> [JString];
    fn term_remaining(election: jlong, fencing_token: jlong) -> jlong;
    fn check_term(election: jlong, fencing_token: jlong);
    fn not_leading_after(election: jlong, waited: jlong);
    fn status(election: jlong) -> [JString];
    fn check_health(election: jlong, tolerance: jlong);
    fn metrics(election: jlong) -> JString;
    fn sign_of_life() -> jlong;
}

/// So that elections which nobody watches need no case of their own.
const SIGN_OF_LIFE_AT_LEAST_EACH: Duration = Duration::from_secs(60);

/// An election with these settings: names and texts in turn.
fn create(env: &mut Env<'_>, _: Class<'_>, settings: Texts<'_>) -> Answer<jlong> {
    let config = configuration(env, &settings)?;
    Ok(ElectionHandle::keep(LeaderElection::new(&config)?))
}

/// These settings: names and texts in turn.
pub(crate) fn configuration(env: &mut Env<'_>, settings: &Texts<'_>) -> Answer<Config> {
    let settings = read(env, settings)?;
    let pairs = settings.chunks_exact(2).map(|pair| (&pair[0], &pair[1]));
    Ok(configured(pairs)?)
}

fn start(_: &mut Env<'_>, _: Class<'_>, election: jlong) -> Answer<()> {
    Ok(ElectionHandle::get(election)?.election.start()?)
}

/// A drain limit below zero stands for the settings'. An election that is closed has stopped.
fn stop(_: &mut Env<'_>, _: Class<'_>, election: jlong, drain: jlong) -> Answer<()> {
    let Some(handle) = ElectionHandle::find(election) else {
        return Ok(());
    };
    Ok(match drain {
        ..0 => handle.election.stop(),
        _ => handle.election.stop_within(duration(drain)),
    }?)
}

/// A drain limit below zero stands for the settings'. An election that is closed has stopped.
fn request_stop(_: &mut Env<'_>, _: Class<'_>, election: jlong, drain: jlong) -> Answer<jboolean> {
    let Some(handle) = ElectionHandle::find(election) else {
        return Ok(false);
    };
    Ok(match drain {
        ..0 => handle.election.request_stop(),
        _ => handle.election.request_stop_within(duration(drain)),
    }?)
}

/// Gives the number back. An election that runs is stopped first; one that is closed already is
/// none.
fn close(_: &mut Env<'_>, _: Class<'_>, election: jlong) -> Answer<()> {
    if let Some(handle) = ElectionHandle::find(election) {
        handle.election.stop()?;
        ElectionHandle::remove(election);
    }
    Ok(())
}

fn is_running(_: &mut Env<'_>, _: Class<'_>, election: jlong) -> Answer<jboolean> {
    Ok(ElectionHandle::find(election).is_some_and(|handle| handle.election.is_running()))
}

fn step_down(_: &mut Env<'_>, _: Class<'_>, election: jlong) -> Answer<()> {
    Ok(ElectionHandle::get(election)?.election.step_down()?)
}

/// In nanoseconds.
fn remaining(_: &mut Env<'_>, _: Class<'_>, election: jlong) -> Answer<jlong> {
    Ok(nanos(ElectionHandle::get(election)?.election.remaining()))
}

/// Null if this instance does not lead.
fn term<'local>(env: &mut Env<'local>, _: Class<'local>, election: jlong) -> Answer<Texts<'local>> {
    let handle = ElectionHandle::get(election)?;
    let Some(term) = handle.election.term() else {
        return Ok(Texts::null());
    };
    handle.remember(&term);
    Fields::from(&term).into_java(env)
}

/// In nanoseconds; zero for a term that is over.
fn term_remaining(
    _: &mut Env<'_>,
    _: Class<'_>,
    election: jlong,
    fencing_token: jlong,
) -> Answer<jlong> {
    let term = ElectionHandle::find(election).and_then(|handle| handle.term(fencing_token));
    Ok(term.map_or(0, |term| nanos(term.remaining())))
}

/// Throws if the term is over.
fn check_term(_: &mut Env<'_>, _: Class<'_>, election: jlong, fencing_token: jlong) -> Answer<()> {
    let term = ElectionHandle::find(election).and_then(|handle| handle.term(fencing_token));
    Ok(match term {
        Some(term) => term.check(),
        None => Err(Error::term_over(fencing_token.cast_unsigned())),
    }?)
}

/// Throws what a wait that ended in vain after so many nanoseconds fails with.
fn not_leading_after(_: &mut Env<'_>, _: Class<'_>, election: jlong, waited: jlong) -> Answer<()> {
    let handle = ElectionHandle::get(election)?;
    Err(handle.election.not_leading_after(duration(waited)).into())
}

fn status<'local>(
    env: &mut Env<'local>,
    _: Class<'local>,
    election: jlong,
) -> Answer<Texts<'local>> {
    let status = ElectionHandle::get(election)?.election.status();
    Fields::from(&status).into_java(env)
}

/// Throws what is wrong.
fn check_health(_: &mut Env<'_>, _: Class<'_>, election: jlong, tolerance: jlong) -> Answer<()> {
    let handle = ElectionHandle::get(election)?;
    Ok(handle.election.check_health(duration(tolerance))?)
}

/// In the Prometheus text format.
fn metrics<'local>(
    env: &mut Env<'local>,
    _: Class<'local>,
    election: jlong,
) -> Answer<JString<'local>> {
    Ok(env.new_string(ElectionHandle::get(election)?.election.metrics())?)
}

/// The process lives: said for all elections and locks. Returns the nanoseconds until it must be said again.
fn sign_of_life(_: &mut Env<'_>, _: Class<'_>) -> Answer<jlong> {
    let mut period = SIGN_OF_LIFE_AT_LEAST_EACH;
    for handle in ElectionHandle::all() {
        handle.election.sign_of_life();
        period = period.min(handle.election.sign_of_life_period().unwrap_or(period));
    }
    for locks in locks::all() {
        locks.sign_of_life();
        period = period.min(locks.sign_of_life_period().unwrap_or(period));
    }
    Ok(nanos(period))
}
