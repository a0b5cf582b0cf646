//! Memory that a forked child sees as zeros, so that it never takes itself for its parent.

#![expect(
    unsafe_code,
    reason = "a promise about types that the compiler cannot check"
)]

#[cfg(not(unix))]
mod none;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use self::none::ForkWiped;
#[cfg(unix)]
pub(crate) use self::unix::ForkWiped;

/// A type for which all bits zero is a valid value, one that grants nothing.
///
/// # Safety
/// All bits zero must be a valid value of the type.
pub(crate) unsafe trait ZeroIsValid {}
