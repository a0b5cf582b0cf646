//! `io.leasehold.LeaderElection`.

#![expect(unsafe_code, reason = "the names by which a JVM finds native methods")]
// SAFETY, of each function: its name is that of one native method with these parameters.

use std::time::Duration;

use jni::EnvUnowned;
use jni::objects::JString;
use jni::sys::{jboolean, jlong};
use leasehold::{Config, LeaderElection};

use crate::ffi::{Class, Texts, cross, read, texts};
use crate::handles::ElectionHandle;
use crate::text::{duration, nanos, of_status, of_term};

/// So that elections which nobody watches need no case of their own.
const SIGN_OF_LIFE_AT_LEAST_EACH: Duration = Duration::from_secs(60);

/// An election with these settings: names and texts in turn.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_create<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    settings: Texts<'local>,
) -> jlong {
    cross(env, |env| {
        let settings = read(env, &settings)?;
        let mut config = Config::from_env();
        for pair in settings.chunks_exact(2) {
            config = config.set(&pair[0], &pair[1])?;
        }
        Ok(ElectionHandle::keep(LeaderElection::new(&config)?))
    })
}

#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_start<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
) {
    cross(env, |_| {
        Ok(ElectionHandle::get(election)?.election.start()?)
    });
}

/// A drain limit below zero stands for the settings'. An election that is closed has stopped.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_stop<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
    drain: jlong,
) {
    cross(env, |_| {
        let Some(handle) = ElectionHandle::find(election) else {
            return Ok(());
        };
        Ok(match drain {
            ..0 => handle.election.stop(),
            _ => handle.election.stop_within(duration(drain)),
        }?)
    });
}

/// A drain limit below zero stands for the settings'. An election that is closed has stopped.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_requestStop<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
    drain: jlong,
) -> jboolean {
    cross(env, |_| {
        let Some(handle) = ElectionHandle::find(election) else {
            return Ok(false);
        };
        Ok(match drain {
            ..0 => handle.election.request_stop(),
            _ => handle.election.request_stop_within(duration(drain)),
        }?)
    })
}

/// Gives the number back. An election that runs is stopped first; one that is closed already is
/// none.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_close<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
) {
    cross(env, |_| {
        if let Some(handle) = ElectionHandle::find(election) {
            handle.election.stop()?;
            ElectionHandle::remove(election);
        }
        Ok(())
    });
}

#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_isRunning<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
) -> jboolean {
    cross(env, |_| {
        Ok(ElectionHandle::find(election).is_some_and(|handle| handle.election.is_running()))
    })
}

#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_stepDown<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
) {
    cross(env, |_| {
        Ok(ElectionHandle::get(election)?.election.step_down()?)
    });
}

/// In nanoseconds.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_remaining<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
) -> jlong {
    cross(env, |_| {
        Ok(nanos(ElectionHandle::get(election)?.election.remaining()))
    })
}

/// Null where this instance does not lead.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_term<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
) -> Texts<'local> {
    cross(env, |env| {
        let handle = ElectionHandle::get(election)?;
        let Some(term) = handle.election.term() else {
            return Ok(Texts::null());
        };
        handle.remember(&term);
        texts(env, &of_term(&term))
    })
}

/// In nanoseconds; zero for a term that is over.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_termRemaining<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
    fencing_token: jlong,
) -> jlong {
    cross(env, |_| {
        let term = ElectionHandle::find(election).and_then(|handle| handle.term(fencing_token));
        Ok(term.map_or(0, |term| nanos(term.remaining())))
    })
}

/// Throws where the term is over.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_checkTerm<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
    fencing_token: jlong,
) {
    cross(env, |_| {
        let term = ElectionHandle::find(election).and_then(|handle| handle.term(fencing_token));
        Ok(match term {
            Some(term) => term.check(),
            None => Err(leasehold::Error::term_over(fencing_token.cast_unsigned())),
        }?)
    });
}

/// Throws what a wait that ended in vain after so many nanoseconds fails with.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_notLeadingAfter<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
    waited: jlong,
) {
    cross(env, |_| {
        let handle = ElectionHandle::get(election)?;
        Err::<(), _>(handle.election.not_leading_after(duration(waited)).into())
    });
}

#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_status<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
) -> Texts<'local> {
    cross(env, |env| {
        texts(
            env,
            &of_status(&ElectionHandle::get(election)?.election.status()),
        )
    })
}

/// Throws what is wrong.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_checkHealth<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
    tolerance: jlong,
) {
    cross(env, |_| {
        Ok(ElectionHandle::get(election)?
            .election
            .check_health(duration(tolerance))?)
    });
}

/// In the Prometheus text format.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_metrics<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
) -> JString<'local> {
    cross(env, |env| {
        Ok(env.new_string(ElectionHandle::get(election)?.election.metrics())?)
    })
}

/// The process lives: said for all elections. Returns the nanoseconds until it is to be said again.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_signOfLife<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
) -> jlong {
    cross(env, |_| {
        let mut period = SIGN_OF_LIFE_AT_LEAST_EACH;
        for handle in ElectionHandle::all() {
            handle.election.sign_of_life();
            period = period.min(handle.election.sign_of_life_period().unwrap_or(period));
        }
        Ok(nanos(period))
    })
}
