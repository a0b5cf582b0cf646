//! A value for each process: a forked child makes one of its own, and leaks its parent's.

#![expect(
    unsafe_code,
    reason = "keeps the value behind a pointer that a fork makes stale"
)]

use std::io;
use std::ops::Deref;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::fork::{self, ForkWiped, ZeroIsValid};

/// A static that each process has a value of its own of.
pub(crate) struct PerProcess<T: 'static>(AtomicPtr<Here<T>>);

/// The value of one process.
pub(crate) struct Here<T> {
    value: T,
    /// Tells the process that made it from its forked children.
    maker: ForkWiped<Nothing>,
}

struct Nothing;

// SAFETY: it has no bits.
unsafe impl ZeroIsValid for Nothing {}

impl<T: Default + Send + Sync> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// This process's value, made if need be. Of two threads that make one, only one does: a lock
    /// in it that is held while a child is forked is not the child's.
    pub(crate) fn get(&self) -> io::Result<&'static Here<T>> {
        loop {
            let current = self.0.load(Ordering::Acquire);
            // SAFETY: null, or a leaked box.
            let here = unsafe { current.as_ref() };
            if let Some(here) = here.filter(|here| here.is_same_process()) {
                return Ok(here);
            }
            let made = Box::into_raw(Box::new(Here {
                value: T::default(),
                maker: fork::alone(Nothing)?,
            }));
            let claimed =
                self.0
                    .compare_exchange(current, made, Ordering::AcqRel, Ordering::Acquire);
            if claimed.is_err() {
                // SAFETY: nobody else has seen it.
                drop(unsafe { Box::from_raw(made) });
            }
        }
    }
}

impl<T> Here<T> {
    /// Whether this is still the process that made it.
    pub(crate) fn is_same_process(&self) -> bool {
        self.maker.is_same_process()
    }
}

impl<T> Deref for Here<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
