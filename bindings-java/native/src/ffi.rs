//! How native methods are declared, and how errors, panics and texts get across.

use std::any::Any;
use std::panic::resume_unwind;

use jni::errors::ErrorPolicy;
use jni::objects::{JClass, JObjectArray, JString};
use jni::strings::JNIStr;
use jni::{Env, jni_sig, jni_str};
use leasehold::bindings::contain_panics;
use leasehold::{Error, ErrorKind};

/// Which static native methods of `io.leasehold.Native` a module has, by name and types; each is the
/// function of this name, with an underscore for a capital. What that fails with is thrown in Java,
/// and so is a panic.
macro_rules! native_methods {
    ($(fn $name:ident $arguments:tt $(-> $result:tt)?;)*) => {
        pub(crate) const METHODS: &[::jni::NativeMethod<'static>] = {
            use $crate::ffi::Throw;
            &[$(
                ::jni::native_method! {
                    error_policy = Throw,
                    static fn $name $arguments $(-> $result)?,
                }
            ),*]
        };
    };
}

/// The Java class whose native methods these are.
const NATIVE: &JNIStr = jni_str!("io/leasehold/Native");

/// That class as a static method gets it, which none needs.
pub(crate) type Class<'local> = JClass<'local>;

/// An array of texts.
pub(crate) type Texts<'local> = JObjectArray<'local, JString<'local>>;

/// What a native method returns, or throws.
pub(crate) type Answer<T> = Result<T, Failure>;

/// Why a native method does not return a value.
pub(crate) enum Failure {
    Ours(Error),
    /// Java has thrown already, or what it passed makes no sense.
    Java(jni::errors::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl From<jni::errors::Error> for Failure {
    fn from(error: jni::errors::Error) -> Self {
        Self::Java(error)
    }
}

/// Throws what a native method fails or panics with.
pub(crate) struct Throw;

impl<T: Default> ErrorPolicy<T, Failure> for Throw {
    type Captures<'unowned: 'native, 'native> = ();

    fn on_error<'unowned: 'native, 'native>(
        env: &mut Env<'unowned>,
        (): &mut (),
        failure: Failure,
    ) -> jni::errors::Result<T> {
        match failure {
            Failure::Ours(error) => throw(env, &error),
            Failure::Java(_) if env.exception_check() => {}
            Failure::Java(error) => throw(env, &Error::new(ErrorKind::Internal, error.to_string())),
        }
        Ok(T::default())
    }

    fn on_panic<'unowned: 'native, 'native>(
        env: &mut Env<'unowned>,
        (): &mut (),
        panic: Box<dyn Any + Send>,
    ) -> jni::errors::Result<T> {
        if let Err(error) = contain_panics::<()>(|| resume_unwind(panic)) {
            throw(env, &error);
        }
        Ok(T::default())
    }
}

/// Throws the exception of the error's kind, which Java knows.
fn throw(env: &mut Env<'_>, error: &Error) {
    // Where even that fails, Java has thrown something else.
    let _ = (|| {
        let kind = env.new_string(error.kind().name())?;
        let message = env.new_string(error.message())?;
        env.call_static_method(
            NATIVE,
            jni_str!("raise"),
            jni_sig!("(Ljava/lang/String;Ljava/lang/String;)V"),
            &[(&kind).into(), (&message).into()],
        )
    })();
}

/// Texts for Java.
pub(crate) fn texts<'local>(
    env: &mut Env<'local>,
    from: &[impl AsRef<str>],
) -> Answer<Texts<'local>> {
    let array = Texts::new(env, from.len(), JString::null())?;
    for (index, text) in from.iter().enumerate() {
        let text = env.new_string(text)?;
        array.set_element(env, index, &text)?;
        env.delete_local_ref(text);
    }
    Ok(array)
}

/// The texts that Java passes.
pub(crate) fn read(env: &mut Env<'_>, texts: &Texts<'_>) -> Answer<Vec<String>> {
    (0..texts.len(env)?)
        .map(|index| {
            let text = texts.get_element(env, index)?;
            let read = text.try_to_string(env)?;
            env.delete_local_ref(text);
            Ok(read)
        })
        .collect()
}
