//! What the election publishes and every thread reads, without a lock.
//!
//! Alone in a file, and with its primitives from `super::sync`, so that a test can run it in every
//! order in which threads and processors may show its writes (`core/tests/memory_order`).

use std::ops::Deref;

use super::sync::{AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};

/// All instants in nanoseconds of the election's clock; zero means never.
#[derive(Default)]
pub(super) struct Snapshot {
    leader_until: AtomicU64,
    leader_since: AtomicU64,
    term: AtomicU64,
    /// The last term that is over because the application does not want it any longer.
    revoked: AtomicU64,
    /// Until when the work of that term may go on, also after it is over.
    work_until: AtomicU64,
    /// When the election's task last ran.
    pub(super) progress_at: AtomicU64,
    /// When the host runtime last showed that it lives.
    pub(super) sign_of_life: AtomicU64,
}

/// The snapshot, in memory of the kind `M`.
pub(super) struct Published<M> {
    snapshot: M,
    /// Held while the answer is changed: by the election's task, and by the thread that revokes it.
    changing: Mutex<()>,
}

impl<M: Deref<Target = Snapshot>> Published<M> {
    pub(super) fn new(snapshot: M) -> Self {
        Self {
            snapshot,
            changing: Mutex::new(()),
        }
    }

    /// The memory that it is in.
    #[inline(always)]
    pub(super) fn snapshot(&self) -> &M {
        &self.snapshot
    }

    /// Until when this instance leads. To be read before all else: a reader that sees a term's deadline
    /// also sees its number, and when it began.
    #[inline(always)]
    pub(super) fn until(&self) -> u64 {
        self.snapshot.leader_until.load(Ordering::Acquire)
    }

    /// Since when this instance leads.
    #[inline(always)]
    pub(super) fn since(&self) -> u64 {
        self.snapshot.leader_since.load(Ordering::Relaxed)
    }

    /// The number of the term published last.
    #[inline(always)]
    pub(super) fn term(&self) -> u64 {
        self.snapshot.term.load(Ordering::Relaxed)
    }

    /// This instance leads in this term until then. A new term is published deadline last, so that
    /// nobody sees its deadline with another term's beginning.
    pub(super) fn lead(&self, term: u64, until: u64, now: impl FnOnce() -> u64) {
        let _changing = self.changing();
        let snapshot = &*self.snapshot;
        if self.term() != term {
            snapshot.leader_since.store(now(), Ordering::Relaxed);
            snapshot.term.store(term, Ordering::Relaxed);
        }
        if term > snapshot.revoked.load(Ordering::Relaxed) {
            snapshot.leader_until.store(until, Ordering::Release);
        }
    }

    /// This instance does not lead.
    pub(super) fn lead_no_longer(&self) {
        let _changing = self.changing();
        self.snapshot.leader_until.store(0, Ordering::Release);
    }

    /// Ends the present term for everybody who asks, before the election knows of it, and lets none
    /// begin: it may have begun already where nobody sees it yet.
    pub(super) fn revoke_terms(&self) {
        let _changing = self.changing();
        self.snapshot.revoked.store(u64::MAX, Ordering::Relaxed);
        self.snapshot.leader_until.store(0, Ordering::Release);
    }

    /// Terms that follow the last one may be published.
    pub(super) fn allow_terms(&self) {
        let _changing = self.changing();
        self.snapshot.revoked.store(self.term(), Ordering::Relaxed);
    }

    /// The work of the term published last may go on until then. A reader that sees this also
    /// sees that term.
    pub(super) fn work_until(&self, until: u64) {
        self.snapshot.work_until.store(until, Ordering::Release);
    }

    /// Until when the work of `term` may go on; nothing once there is another term.
    pub(super) fn work_of(&self, term: u64) -> Option<u64> {
        // The instant first: a reader that sees that of a later term also sees that there is one.
        let until = self.snapshot.work_until.load(Ordering::Acquire);
        (self.term() == term).then_some(until)
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
