//! A child of `fork` has a copy of its parent's memory but none of its threads: nobody renews
//! there, and the Lease is the parent's. The kernel wipes these pages in the child
//! (`MADV_WIPEONFORK`, Linux 4.14), also for a raw `clone` that no library sees. Where that is
//! missing, a `pthread_atfork` handler counts forks instead. Neither costs a system call to check.

#![expect(
    unsafe_code,
    reason = "maps pages of its own and registers a fork handler"
)]

use std::io;
use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering};

use once_cell::sync::OnceCell;
#[cfg(any(target_os = "linux", target_os = "android"))]
use rustix::mm::{Advice, madvise};
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use super::ZeroIsValid;

/// How many times this process has been made by `fork` since the handler was registered.
static FORKS: AtomicU64 = AtomicU64::new(0);

/// A value in a page of its own, which reads as zeros in a forked child.
pub(crate) struct ForkWiped<T> {
    page: NonNull<Page<T>>,
    forks: u64,
}

#[repr(C)]
struct Page<T> {
    /// One; zero once wiped.
    alive: AtomicU64,
    value: T,
}

// SAFETY: the page is owned, and handed out by shared reference only.
unsafe impl<T: Send> Send for ForkWiped<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for ForkWiped<T> {}

impl<T: ZeroIsValid> ForkWiped<T> {
    /// Moves `value` into a page of its own.
    pub(crate) fn new(value: T) -> io::Result<Self> {
        count_forks()?;
        // SAFETY: a new anonymous mapping, at an address that the kernel chooses.
        let page = unsafe {
            mmap_anonymous(
                ptr::null_mut(),
                size_of::<Page<T>>(),
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE,
            )?
        };
        let page = NonNull::new(page.cast::<Page<T>>()).ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: the mapping is ours, large enough, and aligned to a page.
        unsafe {
            page.write(Page {
                alive: AtomicU64::new(1),
                value,
            });
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        // SAFETY: the advice covers the mapping just made. Refused on old kernels and in some
        // sandboxes, where the count of forks takes its place.
        let _ = unsafe {
            madvise(
                page.as_ptr().cast(),
                size_of::<Page<T>>(),
                Advice::LinuxWipeOnFork,
            )
        };
        Ok(Self {
            page,
            forks: FORKS.load(Ordering::Relaxed),
        })
    }

    /// Whether this is still the process that made the value. Safe in each place that `fork` is
    /// safe in.
    #[inline(always)]
    pub(crate) fn is_same_process(&self) -> bool {
        self.page().alive.load(Ordering::Relaxed) == 1
            && self.forks == FORKS.load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn page(&self) -> &Page<T> {
        // SAFETY: the page lives as long as `self`, and zeros are a valid `T`.
        unsafe { self.page.as_ref() }
    }
}

impl<T: ZeroIsValid> Deref for ForkWiped<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.page().value
    }
}

impl<T> Drop for ForkWiped<T> {
    fn drop(&mut self) {
        // SAFETY: nobody else refers to the page; `T` is plain memory that needs no drop.
        let _ = unsafe { munmap(self.page.as_ptr().cast(), size_of::<Page<T>>()) };
    }
}

/// Registers the fork handler, once for each process image.
fn count_forks() -> io::Result<()> {
    extern "C" fn in_child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
    static REGISTERED: OnceCell<()> = OnceCell::new();
    REGISTERED
        .get_or_try_init(|| {
            // SAFETY: the handler only touches an atomic, which is allowed after a fork.
            match unsafe { libc::pthread_atfork(None, None, Some(in_child)) } {
                0 => Ok(()),
                error => Err(io::Error::from_raw_os_error(error)),
            }
        })
        .copied()
}
