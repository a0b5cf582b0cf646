//! The core's errors as JavaScript sees them: an `Error` whose `code` is the kind's name.

use leasehold::ErrorKind;
use napi_derive::napi;

/// The name of an [`ErrorKind`], which becomes the `code` of the JavaScript error.
pub struct Code(ErrorKind);

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        self.0.name()
    }
}

pub(crate) type Result<T> = std::result::Result<T, napi::Error<Code>>;

/// Does what a method does. What goes wrong, a panic included, is thrown in JavaScript.
pub(crate) fn contained<T>(work: impl FnOnce() -> leasehold::Result<T>) -> Result<T> {
    leasehold::bindings::contain_panics(work)
        .map_err(|error| napi::Error::new(Code(error.kind()), error.message()))
}

/// An error that is reported, not thrown.
#[napi(object, object_from_js = false)]
pub struct NativeError {
    pub code: &'static str,
    pub message: String,
}

impl From<&leasehold::Error> for NativeError {
    fn from(error: &leasehold::Error) -> Self {
        Self {
            code: error.kind().name(),
            message: error.message().to_owned(),
        }
    }
}
