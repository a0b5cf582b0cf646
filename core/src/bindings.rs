//! What bindings to other languages need, and the project's own programs; nothing for a program in
//! Rust.

mod logging;
mod once;
pub mod stderr;
mod times;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_util::FutureExt;

pub use self::logging::{LogLevel, LogRecord, set_log_sink};
pub use self::once::{OnceCall, OnceHold, OnceNews, OnceWork};
pub use self::times::{due_at, milliseconds};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
pub use crate::events::Work;
use crate::events::{Event, Loss, Registration, Subscription};
use crate::leader_election::LeaderElection;
use crate::leadership::Term;
use crate::lease_store::memory::MemoryStore;
use crate::locks::{HeldLock, LockRequest, Locks};
pub use crate::run_once::RunOnce;
use crate::runtime;

/// The environment's settings, and these over them: by name, as text.
pub fn configured<Name, Text>(settings: impl IntoIterator<Item = (Name, Text)>) -> Result<Config>
where
    Name: AsRef<str>,
    Text: AsRef<str>,
{
    settings
        .into_iter()
        .try_fold(Config::from_env(), |config, (name, text)| {
            config.set(name.as_ref(), text.as_ref())
        })
}

/// An election whose work, waits and life are another language's.
pub trait ForeignElection {
    /// Begins work here and now if this instance leads. The Lease is not released before the `Work`
    /// is dropped, or `drain_timeout` has passed.
    fn begin_work(&self) -> Option<Work>;

    /// The host runtime lives. Once called, it must be called again within each `stall_timeout`, or
    /// this instance stops leading. Lock-free unless stalled.
    fn sign_of_life(&self);

    /// How often [`sign_of_life`](Self::sign_of_life) must be called: several times within
    /// `stall_timeout`, so that a late call does not count as a dead runtime. `None` if that is not
    /// watched.
    fn sign_of_life_period(&self) -> Option<Duration>;

    /// What a wait for leadership fails with after `waited`: [`ErrorKind::TimedOut`] with the
    /// reason, or [`ErrorKind::Closed`] if the election does not run.
    fn not_leading_after(&self, waited: Duration) -> Error;

    /// The parts of `run_once`, for work that does not fit into a closure. Starts the election if
    /// it does not run, which blocks as [`start`](LeaderElection::start) does.
    ///
    /// # Errors
    /// As [`run_once`](LeaderElection::run_once).
    fn once<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<RunOnce>>;
}

/// Locks whose holders, waits and life are another language's.
pub trait ForeignLocks {
    /// As [`ForeignElection::sign_of_life`].
    fn sign_of_life(&self);

    /// As [`ForeignElection::sign_of_life_period`].
    fn sign_of_life_period(&self) -> Option<Duration>;

    /// Begins to acquire a lock, and waits for it as long as the future is there; `None` for `timeout` is
    /// not at all.
    ///
    /// # Errors
    /// As [`Locks::try_lock`].
    fn acquire(
        &self,
        request: LockRequest,
        timeout: Option<Duration>,
    ) -> Result<BoxFuture<'static, Result<Option<HeldLock>>>>;

    /// As [`Locks::close`], with a limit of its own for the work in place of `drain_timeout`.
    ///
    /// # Errors
    /// As [`Locks::close`].
    fn close_within(&self, drain_timeout: Duration) -> Result<()>;

    /// Whether a name is followed, and signs of life are due.
    fn is_running(&self) -> bool;
}

impl ForeignLocks for Locks {
    fn sign_of_life(&self) {
        self.sign_of_life();
    }

    fn sign_of_life_period(&self) -> Option<Duration> {
        self.sign_of_life_period()
    }

    fn acquire(
        &self,
        request: LockRequest,
        timeout: Option<Duration>,
    ) -> Result<BoxFuture<'static, Result<Option<HeldLock>>>> {
        Ok(self.acquire(request, timeout)?.boxed())
    }

    fn close_within(&self, drain_timeout: Duration) -> Result<()> {
        self.close_within(drain_timeout)
    }

    fn is_running(&self) -> bool {
        self.is_running()
    }
}

/// A lock whose loss another language waits for.
pub trait ForeignHeldLock {
    /// What tells of the loss, and ends when the registration is dropped; `None` the second time.
    fn take_events(&mut self) -> Option<(Subscription, Registration)>;

    /// The loss of a lock that is held for `term`, if the event is that.
    fn loss(event: Event, term: &Term) -> Option<Loss>;
}

impl ForeignHeldLock for HeldLock {
    fn take_events(&mut self) -> Option<(Subscription, Registration)> {
        self.take_events()
    }

    fn loss(event: Event, term: &Term) -> Option<Loss> {
        Self::loss(event, term)
    }
}

/// Waits for `future` on the calling thread, for at most `limit`; `None` when that has passed.
pub fn wait<T>(future: impl Future<Output = T>, limit: Duration) -> Option<T> {
    runtime::block_on(future, Some(limit))
}

impl ForeignElection for LeaderElection {
    fn begin_work(&self) -> Option<Work> {
        self.begin_work()
    }

    fn sign_of_life(&self) {
        self.sign_of_life();
    }

    fn sign_of_life_period(&self) -> Option<Duration> {
        self.sign_of_life_period()
    }

    fn not_leading_after(&self, waited: Duration) -> Error {
        self.not_leading_after(waited)
    }

    fn once<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<RunOnce>> {
        self.once(key).boxed()
    }
}

/// An election over a Lease in memory, for the tests of applications. It goes by what the program says
/// and by defaults, and by nothing of the environment.
///
/// # Errors
/// As [`LeaderElection::new`].
pub fn election_of_a_test(config: &Config, lease: MemoryStore) -> Result<LeaderElection> {
    LeaderElection::for_test(config, Arc::new(lease))
}

/// Runs `work`, and turns its panic into an [`ErrorKind::Internal`]. No panic may cross into another
/// language.
pub fn contain_panics<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("a panic without a message");
        Err(Error::new(
            ErrorKind::Internal,
            format!("a defect in Leasehold: {message}"),
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_that_says_what_it_said() {
        let number = 7;
        let outcome = contain_panics::<()>(|| panic!("no such slot: {number}"));
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert_eq!(error.message(), "a defect in Leasehold: no such slot: 7");
    }
}
