//! Where there is no `fork`, a process has only memory of its own.

use std::io;
use std::ops::Deref;

use super::ZeroIsValid;

/// Where such values are kept.
pub(crate) struct Page;

/// A value that only the process that has made it can see.
pub(crate) struct ForkWiped<T>(Box<T>);

impl Page {
    #[expect(clippy::unnecessary_wraps, reason = "other systems map it")]
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    #[expect(clippy::unnecessary_wraps, reason = "other systems have limited room")]
    #[expect(clippy::unused_self, reason = "as above")]
    pub(crate) fn put<T: ZeroIsValid>(&mut self, value: T) -> Result<ForkWiped<T>, T> {
        Ok(ForkWiped(Box::new(value)))
    }
}

impl<T: ZeroIsValid> ForkWiped<T> {
    /// Whether this is still the process that made the value.
    #[inline(always)]
    #[expect(clippy::unused_self, reason = "other systems look")]
    pub(crate) fn is_same_process(&self) -> bool {
        true
    }
}

impl<T: ZeroIsValid> Deref for ForkWiped<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}
