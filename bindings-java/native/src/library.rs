//! What Java asks of a library that it has just loaded. Both are found by name, so that Java may ask a
//! library of any version.

#![expect(
    unsafe_code,
    reason = "methods that are found by name, or registered by it"
)]

use jni::objects::JString;
use jni::{Env, NativeMethod, native_method};

use crate::ffi::{Answer, Class, Throw};
use crate::{election, firings, listening, locks, logging, once, probes, work};

const _: [NativeMethod<'static>; 2] = [
    native_method! {
        java_type = "io.leasehold.Native",
        error_policy = Throw,
        static extern fn version() -> JString,
    },
    native_method! {
        java_type = "io.leasehold.Native",
        error_policy = Throw,
        static extern fn register(),
    },
];

/// The version, which must be the jar's.
fn version<'local>(env: &mut Env<'local>, _: Class<'local>) -> Answer<JString<'local>> {
    Ok(env.new_string(env!("CARGO_PKG_VERSION"))?)
}

/// Registers all other native methods, but for those of the fast path.
fn register<'local>(env: &mut Env<'local>, native: Class<'local>) -> Answer<()> {
    for methods in [
        election::METHODS,
        work::METHODS,
        listening::METHODS,
        locks::METHODS,
        logging::METHODS,
        once::METHODS,
        firings::METHODS,
        probes::METHODS,
    ] {
        // SAFETY: each is declared as static, by `native_methods!`.
        unsafe { env.register_native_methods(&native, methods)? };
    }
    Ok(())
}
