//! Memory that a forked child sees as zeros, so that it never takes itself for its parent.

#![expect(
    unsafe_code,
    reason = "a promise about types that the compiler cannot check"
)]

#[cfg(not(unix))]
mod none;
#[cfg(unix)]
mod unix;

use std::io;

#[cfg(not(unix))]
pub(crate) use self::none::{ForkWiped, Page};
#[cfg(unix)]
pub(crate) use self::unix::{ForkWiped, Page};

/// A value in a page of its own.
pub(crate) fn alone<T: ZeroIsValid>(value: T) -> io::Result<ForkWiped<T>> {
    let put = Page::new()?.put(value);
    Ok(put.unwrap_or_else(|_| unreachable!("an empty page has room for any value")))
}

/// A type for which all bits zero is a valid value, one that grants nothing.
///
/// # Safety
/// All bits zero must be a valid value of the type.
pub(crate) unsafe trait ZeroIsValid {}
