//! Where there is no `fork`, a process has only memory of its own.

use std::io;
use std::ops::Deref;

use super::ZeroIsValid;

/// A value that only the process that has made it can see.
pub(crate) struct ForkWiped<T>(Box<T>);

impl<T: ZeroIsValid> ForkWiped<T> {
    #[expect(clippy::unnecessary_wraps, reason = "other systems map a page")]
    pub(crate) fn new(value: T) -> io::Result<Self> {
        Ok(Self(Box::new(value)))
    }

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
