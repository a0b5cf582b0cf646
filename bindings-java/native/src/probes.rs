//! For the tests of this border: each of the core's errors, thrown in Java.

use jni::Env;
use jni::objects::JString;
use leasehold::{Error, ErrorKind};

use crate::ffi::{Answer, Class};

native_methods! {
    fn fail(kind: JString, message: JString);
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
