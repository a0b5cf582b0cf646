//! What the library says about itself; for the tests of the ffi also what the core can say, and
//! each of its errors thrown in Java.

#![expect(unsafe_code, reason = "the names by which a JVM finds native methods")]
// SAFETY, of each function: its name is that of one native method with these parameters.

use jni::EnvUnowned;
use jni::objects::JString;
use jni::sys::jint;
use leasehold::{Error, ErrorKind, LostReason, Mode, Role};

use crate::ffi::{Class, Texts, cross, texts};

/// The version, which must be the jar's.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_version<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
) -> JString<'local> {
    cross(env, |env| Ok(env.new_string(env!("CARGO_PKG_VERSION"))?))
}

/// The names in one of the core's lists.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_names<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    list: jint,
) -> Texts<'local> {
    cross(env, |env| {
        let names: Vec<_> = match list {
            0 => ErrorKind::ALL.iter().map(|it| it.name()).collect(),
            1 => LostReason::ALL.iter().map(|it| it.name()).collect(),
            2 => Role::ALL.iter().map(|it| it.name()).collect(),
            _ => Mode::ALL.iter().map(|it| it.name()).collect(),
        };
        let names: Vec<_> = names.into_iter().map(|it| Some(it.to_owned())).collect();
        texts(env, &names)
    })
}

/// Fails with an error of this kind, or panics where there is no such kind.
#[unsafe(no_mangle)]
extern "system" fn Java_io_leasehold_Native_fail<'local>(
    env: EnvUnowned<'local>,
    _: Class<'local>,
    kind: JString<'local>,
    message: JString<'local>,
) {
    cross(env, |env| {
        let (kind, message) = (kind.try_to_string(env)?, message.try_to_string(env)?);
        let mut kinds = ErrorKind::ALL.iter();
        let Some(kind) = kinds.find(|it| it.name() == kind) else {
            panic!("{message}");
        };
        Err::<(), _>(Error::new(*kind, message).into())
    });
}
