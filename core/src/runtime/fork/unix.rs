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
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use once_cell::sync::OnceCell;
#[cfg(any(target_os = "linux", target_os = "android"))]
use rustix::mm::{Advice, madvise};
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use super::ZeroIsValid;

/// How many times this process has been made by `fork` since the handler was registered.
static FORKS: AtomicU64 = AtomicU64::new(0);

/// How far apart values are in a page: one is changed by one thread while another is read by others.
const APART: usize = 64;
/// The least size that a page has.
const PAGE: usize = 4096;

/// A page for values that read as zeros in a forked child.
pub(crate) struct Page {
    mapping: Arc<Mapping>,
    used: usize,
}

/// A value in such a page, which lives as long as one of them.
pub(crate) struct ForkWiped<T> {
    slot: NonNull<Slot<T>>,
    forks: u64,
    _mapping: Arc<Mapping>,
}

#[repr(C)]
struct Slot<T> {
    /// One; zero once wiped.
    alive: AtomicU64,
    value: T,
}

struct Mapping(NonNull<u8>);

// SAFETY: it is unmapped when nobody has it any more; until then it is only an address.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

// SAFETY: the slot is owned, and handed out by shared reference only.
unsafe impl<T: Send> Send for ForkWiped<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for ForkWiped<T> {}

impl Page {
    pub(crate) fn new() -> io::Result<Self> {
        count_forks()?;
        Ok(Self {
            mapping: Arc::new(Mapping::new()?),
            used: 0,
        })
    }

    /// Moves `value` in here; gives it back if there is no room.
    pub(crate) fn put<T: ZeroIsValid>(&mut self, value: T) -> Result<ForkWiped<T>, T> {
        const {
            assert!(size_of::<Slot<T>>() <= PAGE);
            assert!(align_of::<Slot<T>>() <= APART);
        }
        let (start, end) = (self.used, self.used + size_of::<Slot<T>>());
        if end > PAGE {
            return Err(value);
        }
        self.used = end.next_multiple_of(APART);
        // SAFETY: within the mapping, aligned, and nobody else's.
        let slot = unsafe {
            let slot = self.mapping.0.add(start).cast::<Slot<T>>();
            slot.write(Slot {
                alive: AtomicU64::new(1),
                value,
            });
            slot
        };
        Ok(ForkWiped {
            slot,
            forks: FORKS.load(Ordering::Relaxed),
            _mapping: Arc::clone(&self.mapping),
        })
    }
}

impl Mapping {
    fn new() -> io::Result<Self> {
        // SAFETY: a new anonymous mapping, at an address that the kernel chooses.
        let page = unsafe {
            mmap_anonymous(
                ptr::null_mut(),
                PAGE,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE,
            )?
        };
        #[cfg(any(target_os = "linux", target_os = "android"))]
        // SAFETY: the advice covers the mapping just made. Refused on old kernels and in some
        // sandboxes, where the count of forks takes its place.
        let _ = unsafe { madvise(page, PAGE, Advice::LinuxWipeOnFork) };
        let page = NonNull::new(page.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self(page))
    }
}

impl<T: ZeroIsValid> ForkWiped<T> {
    /// Whether this is still the process that made the value. Safe in each place that `fork` is
    /// safe in.
    #[inline(always)]
    pub(crate) fn is_same_process(&self) -> bool {
        self.slot().alive.load(Ordering::Relaxed) == 1
            && self.forks == FORKS.load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn slot(&self) -> &Slot<T> {
        // SAFETY: the page lives as long as `self`, and zeros are a valid `T`.
        unsafe { self.slot.as_ref() }
    }
}

impl<T: ZeroIsValid> Deref for ForkWiped<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.slot().value
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: nobody refers to the page any more; what is in it is plain memory that needs no drop.
        let _ = unsafe { munmap(self.0.as_ptr().cast(), PAGE) };
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
