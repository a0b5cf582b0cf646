//! The lists of names that Java has enums and exceptions for: for the test that it has them all.

#![expect(unsafe_code, reason = "the names by which a JVM finds native methods")]
// SAFETY, of each function: its name is that of one native method with these parameters.

use jni::EnvUnowned;
use jni::sys::jint;
use leasehold::{ErrorKind, LostReason, Mode, Role};

use crate::border::{Class, Texts, cross, texts};

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
