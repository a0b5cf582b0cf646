//! Guarded work that is under way in Java.

#![expect(unsafe_code, reason = "the names by which a JVM finds native methods")]
// SAFETY, of each function: its name is that of one native method with these parameters.

use jni::EnvUnowned;
use jni::sys::jlong;
use leasehold::Work;

use crate::ffi::{Class, Texts, cross, texts};
use crate::handles::ElectionHandle;
use crate::table::Table;
use crate::text::of_term;

static WORK: Table<Work> = Table::new();

/// The number of the work, then its term; null where this instance does not lead.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_beginWork<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    election: jlong,
) -> Texts<'local> {
    cross(env, |env| {
        // One that was closed leads no more, which is an answer and no error: work may ask meanwhile.
        let Some(handle) = ElectionHandle::find(election) else {
            return Ok(Texts::null());
        };
        let Some(work) = handle.election.begin_work() else {
            return Ok(Texts::null());
        };
        handle.remember(&work.term);
        let term = of_term(&work.term);
        let number = WORK.insert(work);
        let fields = [vec![Some(number.to_string())], term].concat();
        texts(env, &fields).inspect_err(|_| drop(WORK.remove(number)))
    })
}

#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_endWork<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    work: jlong,
) {
    cross(env, |_| {
        drop(WORK.remove(work));
        Ok(())
    });
}
