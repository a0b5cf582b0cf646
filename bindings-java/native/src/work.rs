//! Guarded work that is under way in Java.

use jni::Env;
use jni::sys::jlong;
use leasehold::bindings::{ForeignElection, Work};

use crate::ffi::{Answer, Class, Texts};
use crate::fields::Fields;
use crate::handles::ElectionHandle;
use crate::table::Table;

native_methods! {
    fn begin_work(election: jlong) -> [JString];
    fn end_work(work: jlong);
}

static WORK: Table<Work> = Table::new();

/// The number of the work, and its term; null if this instance does not lead.
fn begin_work<'local>(
    env: &mut Env<'local>,
    _: Class<'local>,
    election: jlong,
) -> Answer<Texts<'local>> {
    // One that was closed no longer leads, which is an answer and no error: work may ask meanwhile.
    let Some(handle) = ElectionHandle::find(election) else {
        return Ok(Texts::null());
    };
    let Some(work) = handle.election.begin_work() else {
        return Ok(Texts::null());
    };
    handle.remember(&work.term);
    let fields = Fields::from(&work.term);
    let number = WORK.insert(work);
    fields
        .add("work", number)
        .into_java(env)
        .inspect_err(|_| drop(WORK.remove(number)))
}

fn end_work(_: &mut Env<'_>, _: Class<'_>, work: jlong) -> Answer<()> {
    drop(WORK.remove(work));
    Ok(())
}
