//! The answers that are asked for all the time: no lock that anybody holds for long, no allocation,
//! no panic. Any doubt is `false`.

#![expect(unsafe_code, reason = "the names by which a JVM finds native methods")]

use jni::sys::{JNIEnv, jboolean, jclass, jlong};

use crate::handles::ElectionHandle;

/// Whether this instance leads at this very call. False for an election that was closed.
///
/// The JVM's own types: making safe ones of them costs as much as the answer.
// SAFETY: the name is that of one native method with these parameters.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_isLeader(
    _: *mut JNIEnv,
    _: jclass,
    election: jlong,
) -> jboolean {
    ElectionHandle::peek(election, |handle| handle.election.is_leader()).unwrap_or(false)
}

/// Whether this instance leads under the term with this fencing token, at this very call.
// SAFETY: as above.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_isTermValid(
    _: *mut JNIEnv,
    _: jclass,
    election: jlong,
    fencing_token: jlong,
) -> jboolean {
    ElectionHandle::peek(election, |handle| handle.term(fencing_token).is_some()).unwrap_or(false)
}
