//! A lock that is held.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::election::{Limits, LostReason};
use crate::error::Result;
use crate::events::{Event, Loss, Registration, Subscription, Work};
use crate::leader_election::LeaderElection;
use crate::leadership::Term;
use crate::listeners;
use crate::runtime;
use crate::shared::Command;

/// A lock that is held, and renewed until it is released or dropped. Dropping it releases it
/// without waiting for that; [`release`](Self::release) waits, and says whether it was.
#[must_use = "the lock is released when this is dropped"]
pub struct HeldLock {
    election: Arc<LeaderElection>,
    lock: String,
    /// Absent only before it is acquired and after it is let go.
    work: Option<Work>,
    events: Option<Subscription>,
    listener: Option<Registration>,
    turn: Option<OwnedSemaphorePermit>,
}

impl HeldLock {
    /// One that is being acquired.
    pub(super) fn new(
        election: Arc<LeaderElection>,
        lock: String,
        turn: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            election,
            lock,
            work: None,
            events: None,
            listener: None,
            turn: Some(turn),
        }
    }

    pub(super) fn begin(&mut self, work: Work, events: Subscription) {
        self.work = Some(work);
        self.events = Some(events);
    }

    /// The name of the lock.
    pub fn name(&self) -> &str {
        &self.lock
    }

    /// The term for which it is held: its fencing token, and whether it is still held.
    ///
    /// # Panics
    /// Never: nobody has one that is not acquired.
    pub fn term(&self) -> &Term {
        let work = self.work.as_ref();
        &work.expect("a lock is handed out when it is acquired").term
    }

    /// A number that only grows from holder to holder; see [`Term::fencing_token`].
    pub fn fencing_token(&self) -> u64 {
        self.term().fencing_token()
    }

    /// Whether it is still held, at this very call. Lock-free; false in a forked child.
    pub fn is_held(&self) -> bool {
        self.term().is_valid()
    }

    /// How long it is held unless it is renewed; zero when it is not.
    pub fn remaining(&self) -> Duration {
        self.term().remaining()
    }

    /// Sets other limits for the work, from now on: see [`LockRequest`](super::LockRequest). `None` for
    /// `at_most` is none.
    ///
    /// # Errors
    /// As [`Term::check`], when it is no longer held; [`ErrorKind::Config`](crate::ErrorKind::Config) if
    /// `at_least` is longer than `at_most`.
    pub fn set_limits(&self, at_most: Option<Duration>, at_least: Duration) -> Result<()> {
        self.term().check()?;
        let limits = Limits { at_most, at_least };
        limits.check()?;
        self.election.shared().command(Command::Limits(limits));
        Ok(())
    }

    /// Waits until the lock is lost, under any async runtime; it ends only then. While a copy of what it
    /// returns exists, the work counts as unfinished.
    pub async fn lost(&mut self) -> Loss {
        runtime::for_application(self.next_loss()).await
    }

    /// Waits until the lock is lost, for at most `timeout`. Blocks the calling thread.
    pub fn wait_for_loss(&mut self, timeout: Duration) -> Option<Loss> {
        runtime::block_on(self.next_loss(), Some(timeout))
    }

    async fn next_loss(&mut self) -> Loss {
        let term = self.term().clone();
        while let Some(events) = &mut self.events {
            match events.next().await {
                Some(event) => {
                    if let Some(loss) = Self::loss(event, &term) {
                        return loss;
                    }
                }
                None => break,
            }
        }
        std::future::pending().await
    }

    /// Calls `listener` if the lock is lost, on a thread of its own; not when it is released. For the next
    /// loss there is one listener, or one who waits.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::ErrorKind::Internal) if the system gives no further thread.
    pub fn on_loss(&mut self, mut listener: impl FnMut(&Loss) + Send + 'static) -> Result<()> {
        if let Some(events) = self.events.take() {
            let term = self.term().clone();
            let listening = listeners::listen(events, move |event| {
                if let Some(loss) = Self::loss(event.clone(), &term) {
                    listener(&loss);
                }
            });
            self.listener = Some(listening?);
        }
        Ok(())
    }

    /// What tells of the loss, for other languages; `None` the second time.
    pub(crate) fn take_events(&mut self) -> Option<(Subscription, Registration)> {
        self.events.take().map(Subscription::registered)
    }

    /// The loss of a lock that is held for `term`, if the event is that. Giving it back is none, though the election then steps down:
    /// a listener may hear of that before it learns that it was removed.
    pub(crate) fn loss(event: Event, term: &Term) -> Option<Loss> {
        let Event::Lost(loss) = event else {
            return None;
        };
        let is_of_the_lock = loss.term.number() == term.number();
        (is_of_the_lock && loss.reason != LostReason::SteppedDown).then_some(loss)
    }

    /// Gives the lock back, and waits until that is done. Returns whether it is known to be; otherwise it
    /// was lost before, or its Lease expires by itself. Blocks the calling thread: at most as long as
    /// [`LeaderElection::stop`](crate::LeaderElection::stop).
    pub fn release(mut self) -> bool {
        let given_back = self.let_go();
        given_back.is_some_and(|it| runtime::block_on(it, None).is_some_and(|it| it == Ok(true)))
    }

    /// As [`release`](Self::release), under any async runtime. It begins at the call.
    pub fn release_async(mut self) -> impl Future<Output = bool> + Send + use<> {
        let given_back = self.let_go();
        async move {
            match given_back {
                Some(given_back) => runtime::for_application(given_back).await == Ok(true),
                None => false,
            }
        }
    }

    /// The work has ended. Whose turn is next here waits until the Lease is released, as all do.
    fn let_go(&mut self) -> Option<oneshot::Receiver<bool>> {
        let shared = self.election.shared();
        let turn = self.turn.take()?;
        let (work, events) = (self.work.take(), self.events.take());
        self.listener = None;
        if shared.leadership().check_process().is_err() {
            // Other threads may have held locks in there when the child was made.
            mem::forget((work, events, turn));
            return None;
        }
        // First who waits for it: once a lock that is closed has no work, its Lease is released.
        let given_back = shared.give_back();
        drop((work, events));
        given_back
    }
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        self.let_go();
    }
}

impl fmt::Debug for HeldLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldLock")
            .field("name", &self.lock)
            .field(
                "is_held",
                &self.work.as_ref().is_some_and(|it| it.term.is_valid()),
            )
            .finish_non_exhaustive()
    }
}
