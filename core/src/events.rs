//! What an application is notified of, how it listens, and how it says that its work has stopped.

mod queue;

use std::fmt;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use tokio::sync::watch;

use self::queue::{EventReceiver, Removal};
pub(crate) use self::queue::{EventSender, queue};
use crate::election::LostReason;
use crate::error::Error;
use crate::leadership::Term;
use crate::named::named;
use crate::runtime;

/// Something that happened to an election. Each term has one `Acquired` and one `Lost`, in order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// This instance leads.
    Acquired(Term),
    /// This instance no longer leads: stop the guarded work, then drop the event.
    Lost(Loss),
    /// The Lease names another holder, or none. Tells nothing about who is entitled to act now.
    LeaderChanged(Option<String>),
    /// This candidate cannot read or renew the Lease, and why. Reported once for each new kind of error.
    RenewalFailing(Error),
    /// The election has stopped; after another `start` there are events again.
    Stopped,
}

named! {
    /// The kinds of [`Event`].
    pub enum EventKind {
        /// [`Event::Acquired`].
        Acquired = "acquired",
        /// [`Event::Lost`].
        Lost = "lost",
        /// [`Event::LeaderChanged`].
        LeaderChanged = "leader_changed",
        /// [`Event::RenewalFailing`].
        RenewalFailing = "renewal_failing",
        /// [`Event::Stopped`].
        Stopped = "stopped",
    }
}

impl Event {
    /// Which kind of event it is.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Acquired(_) => EventKind::Acquired,
            Self::Lost(_) => EventKind::Lost,
            Self::LeaderChanged(_) => EventKind::LeaderChanged,
            Self::RenewalFailing(_) => EventKind::RenewalFailing,
            Self::Stopped => EventKind::Stopped,
        }
    }
}

/// The end of a term. While a copy of it exists, its work counts as unfinished: the Lease is not
/// released before the last one is dropped, or `drain_timeout` has passed.
#[derive(Clone)]
pub struct Loss {
    /// The term that is over.
    pub term: Term,
    /// Why.
    pub reason: LostReason,
    pub(crate) _work: WorkGuard,
}

impl Loss {
    /// How long the term's work may still go on: before that, no other candidate leads. Where this
    /// instance stops or steps down, that is the rest of `drain_timeout` while renewals succeed;
    /// if nobody could renew, until the Lease expires; zero if another may lead already, and
    /// in a forked child. Ask again rather than keep the answer: it shrinks when renewals fail.
    pub fn time_left(&self) -> Duration {
        self.term.work_time_left()
    }
}

impl fmt::Debug for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loss")
            .field("term", &self.term)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// Work that goes on under a term. While it exists, the Lease is not released, for at most
/// `drain_timeout`.
#[must_use = "the work counts as ended when this is dropped"]
pub struct Work {
    /// The term under which it began.
    pub term: Term,
    pub(crate) _unfinished: WorkGuard,
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work")
            .field("term", &self.term)
            .finish_non_exhaustive()
    }
}

/// Held while work goes on under a term.
#[derive(Clone)]
pub(crate) struct WorkGuard {
    _alive: watch::Sender<()>,
}

/// Waits until all work under a term has ended.
#[derive(Clone)]
pub(crate) struct WorkEnd(watch::Receiver<()>);

impl WorkGuard {
    pub(crate) fn new() -> (Self, WorkEnd) {
        let (alive, end) = watch::channel(());
        (Self { _alive: alive }, WorkEnd(end))
    }
}

impl WorkEnd {
    /// Returns when the last guard has been dropped.
    pub(crate) async fn wait(mut self) {
        while self.0.changed().await.is_ok() {}
    }

    pub(crate) fn has_come(&self) -> bool {
        self.0.has_changed().is_err()
    }
}

/// Events in the order in which they happened, for one listener. If many wait for it, the oldest of
/// [`LeaderChanged`](Event::LeaderChanged) and [`RenewalFailing`](Event::RenewalFailing) are left
/// out; the beginning and the end of a term never are. If this instance leads already, that is the
/// first event. Ends when the [`LeaderElection`](crate::LeaderElection) is dropped.
#[derive(Debug)]
pub struct Subscription {
    events: EventReceiver,
}

impl Subscription {
    pub(crate) fn new(events: EventReceiver) -> Self {
        Self { events }
    }

    /// A subscription that also ends when the registration is dropped, which another thread may do
    /// while this one waits. Events that happened before come first; none that happens later is
    /// received, but while the subscription exists, the Lease of a term that ends is not released.
    pub fn registered(self) -> (Self, Registration) {
        let registration = Registration {
            _removal: self.events.removal(),
        };
        (self, registration)
    }

    /// The next event; `None` when no other will come. Works under any async runtime.
    pub async fn recv(&mut self) -> Option<Event> {
        runtime::for_application(self.next()).await
    }

    /// The same, for threads that wait here.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// The next event, waiting for at most `timeout`. Blocks the calling thread.
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Event, RecvTimeoutError> {
        match runtime::block_on(self.next(), Some(timeout)) {
            Some(Some(event)) => Ok(event),
            Some(None) => Err(RecvTimeoutError::Disconnected),
            None => Err(RecvTimeoutError::Timeout),
        }
    }
}

/// A program that runs on the leader only: started with each term, stopped before the Lease is
/// given to another. Called on a thread of its own, never two calls at once.
pub trait SingletonService: Send + 'static {
    /// This instance leads now. Return soon: start the work, do not do it here.
    fn start(&mut self, term: &Term);
    /// This instance no longer leads. Return when the work has stopped, within `drain_timeout`.
    fn stop(&mut self);
}

/// A listener's registration. Dropping it removes the listener: it is not called for anything that
/// happens later.
#[must_use = "a listener is removed when its registration is dropped"]
#[derive(Debug)]
pub struct Registration {
    _removal: Removal,
}
