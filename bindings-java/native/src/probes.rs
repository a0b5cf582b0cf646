//! For the tests of this border: what the core can say, and each of its errors thrown in Java.

use jni::Env;
use jni::objects::JString;
use jni::sys::jint;
use leasehold::{Error, ErrorKind, LostReason, Mode, Role};

use crate::ffi::{Answer, Class, Texts, texts};

native_methods! {
    fn names(list: jint) -> [JString];
    fn fail(kind: JString, message: JString);
}

/// The names in one of the core's lists.
fn names<'local>(env: &mut Env<'local>, _: Class<'local>, list: jint) -> Answer<Texts<'local>> {
    let names: Vec<_> = match list {
        0 => ErrorKind::ALL.iter().map(|it| it.name()).collect(),
        1 => LostReason::ALL.iter().map(|it| it.name()).collect(),
        2 => Role::ALL.iter().map(|it| it.name()).collect(),
        _ => Mode::ALL.iter().map(|it| it.name()).collect(),
    };
    texts(env, &names)
}

/// Fails with an error of this kind, or panics if there is no such kind.
fn fail(env: &mut Env<'_>, _: Class<'_>, kind: JString<'_>, message: JString<'_>) -> Answer<()> {
    let (kind, message) = (kind.try_to_string(env)?, message.try_to_string(env)?);
    let mut kinds = ErrorKind::ALL.iter();
    let Some(kind) = kinds.find(|it| it.name() == kind) else {
        panic!("{message}");
    };
    Err(Error::new(*kind, message).into())
}
