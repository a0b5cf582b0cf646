//! Locks for one piece of work, as applications hold them: an election for each name, which looks on until
//! the lock is wanted. Knows nothing of the protocol.

mod held;
mod name;
mod request;
mod simulated;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_core::future::BoxFuture;
use tokio::select;
use tokio::sync::oneshot;

pub use self::held::HeldLock;
use self::name::{LockName, lease_name};
pub use self::request::LockRequest;
pub use self::simulated::SimulatedLock;
use crate::clock::Clock;
use crate::config::{Checked, Config, Mode};
use crate::error::{Error, ErrorKind, Result};
use crate::leader_election::LeaderElection;
use crate::lease_store::LeaseStore;
use crate::runtime::{self, Here, PerProcess, Runtime};

/// So many names that nobody has asked to observe are followed while nobody wants them.
const MOST_IDLE_NAMES: usize = 100;

/// Tells the process that made locks from its forked children.
static PROCESS: PerProcess<()> = PerProcess::new();

type Stores = dyn Fn(&str) -> Arc<dyn LeaseStore> + Send + Sync;

/// Mutual exclusion between the processes of a cluster, by a Lease for each lock: for work that is
/// done once in a while by the instance that comes first, and not by a leader. A lock is held for
/// one piece of work, renewed meanwhile, and released; nobody campaigns for it in between.
///
/// What an election promises of a leader holds for the holder of a lock: the answer is false as soon as it cannot
/// be vouched for, and the old holder has stopped before another begins.
///
/// A name is observed from when it is first used, or [`observe`](Self::observe) is called: a lock whose holder
/// has crashed meanwhile is then free at once, and otherwise one lease duration after it was first seen.
///
/// The Lease of a lock is called as the lock, if that can be; the setting `lease` says nothing here. Every
/// method may be called from any thread.
///
/// ```
/// # fn main() -> leasehold::Result<()> {
/// use leasehold::{Config, Locks, Mode};
///
/// let locks = Locks::new(&Config::from_env().mode(Mode::Always))?;
/// if let Some(lock) = locks.try_lock("nightly-report")? {
///     println!("this instance, and no other, under fencing token {}", lock.fencing_token());
///     lock.release();
/// }
/// # Ok(())
/// # }
/// ```
pub struct Locks {
    config: Checked,
    /// Of the program, in place of those that the configuration names.
    stores: Option<Box<Stores>>,
    process: &'static Here<()>,
    names: Mutex<Names>,
}

#[derive(Default)]
struct Names {
    by_lease: HashMap<String, Arc<LockName>>,
    uses: u64,
    is_closed: bool,
}

impl Locks {
    /// Locks by these settings, of which nobody holds one yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] names the wrong field, its value and the fix.
    pub fn new(config: &Config) -> Result<Self> {
        Self::build(config, None)
    }

    /// Locks over stores of the program's own, each by the name of its Lease, in every mode; see
    /// [`LeaderElection::with_store`].
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_stores(
        config: &Config,
        stores: impl Fn(&str) -> Arc<dyn LeaseStore> + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::build(config, Some(Box::new(stores)))
    }

    fn build(config: &Config, stores: Option<Box<Stores>>) -> Result<Self> {
        let config = of_a_lock(config.clone().lease("a-lock").check()?);
        let process = PROCESS.get().map_err(runtime::no_memory)?;
        Ok(Self {
            config,
            stores,
            process,
            names: Mutex::default(),
        })
    }

    /// Observes a lock from now on, so that one whose holder has crashed is free when it is wanted. Blocks
    /// the calling thread while credentials are loaded, but not for an answer.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if credentials or folder cannot be used; [`ErrorKind::Closed`].
    pub fn observe(&self, name: &str) -> Result<()> {
        self.name(name, true).map(drop)
    }

    /// Acquires a lock if it is free; `None` if somebody holds it, or another thread of this
    /// process. Blocks the calling thread for as long as that takes to find out, which has limits:
    /// those of requests, and while this process is about to release it, those of a release.
    ///
    /// # Errors
    /// Why it could not be found out: [`ErrorKind`] says what to do. [`ErrorKind::Config`] also if
    /// [`at_least`](LockRequest::at_least) is longer than [`at_most`](LockRequest::at_most).
    pub fn try_lock(&self, request: impl Into<LockRequest>) -> Result<Option<HeldLock>> {
        let acquired = self.acquire(request.into(), None)?;
        runtime::block_on(acquired, None).unwrap_or_else(|| Err(closed()))
    }

    /// Acquires a lock, and waits until it is free, for at most `timeout`. Blocks the calling thread.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] says who holds it; otherwise as [`try_lock`](Self::try_lock).
    pub fn lock(&self, request: impl Into<LockRequest>, timeout: Duration) -> Result<HeldLock> {
        let acquired = self.acquire(request.into(), Some(timeout))?;
        let acquired = runtime::block_on(acquired, None).unwrap_or_else(|| Err(closed()))?;
        acquired.ok_or_else(closed)
    }

    /// As [`try_lock`](Self::try_lock), under any async runtime. What is acquired when nobody
    /// awaits it any more is released. The first use of a name blocks while credentials are loaded.
    ///
    /// # Errors
    /// As [`try_lock`](Self::try_lock).
    pub fn try_lock_async(
        &self,
        request: impl Into<LockRequest>,
    ) -> BoxFuture<'static, Result<Option<HeldLock>>> {
        let acquired = self.acquire(request.into(), None);
        Box::pin(async move { runtime::for_application(acquired?).await })
    }

    /// As [`lock`](Self::lock), under any async runtime; see [`try_lock_async`](Self::try_lock_async).
    ///
    /// # Errors
    /// As [`lock`](Self::lock).
    pub fn lock_async(
        &self,
        request: impl Into<LockRequest>,
        timeout: Duration,
    ) -> BoxFuture<'static, Result<HeldLock>> {
        let acquired = self.acquire(request.into(), Some(timeout));
        Box::pin(async move {
            let acquired = runtime::for_application(acquired?).await?;
            acquired.ok_or_else(closed)
        })
    }

    /// No lock is acquired from now on, and those that are held end: their holders learn of it, and
    /// are waited for while renewal goes on, as an election's work is.
    ///
    /// # Errors
    /// Only [`ErrorKind::Forked`].
    pub fn close(&self) -> Result<()> {
        for name in self.end_names()? {
            name.election.stop()?;
        }
        Ok(())
    }

    /// As [`close`](Self::close), under any async runtime. It begins at the call.
    ///
    /// # Errors
    /// Only [`ErrorKind::Forked`].
    pub fn close_async(&self) -> impl Future<Output = Result<()>> + Send + use<> {
        let names = self.end_names();
        let ends = names.map(|names| {
            let ends = names.iter().map(|name| name.election.stop_async());
            ends.collect::<Vec<_>>()
        });
        async move {
            for end in ends? {
                end.await?;
            }
            Ok(())
        }
    }

    /// Begins to [`close`](Self::close), and returns at once.
    ///
    /// # Errors
    /// Only [`ErrorKind::Forked`].
    pub fn request_close(&self) -> Result<()> {
        self.end_names().map(drop)
    }

    fn end_names(&self) -> Result<Vec<Arc<LockName>>> {
        let ending: Vec<_> = {
            let mut names = self.names()?;
            names.is_closed = true;
            names.by_lease.values().cloned().collect()
        };
        for name in &ending {
            name.election.request_stop()?;
        }
        Ok(ending)
    }

    /// Acquires it on the background thread, and gives up when nobody waits for that any more.
    pub(crate) fn acquire(
        &self,
        request: LockRequest,
        timeout: Option<Duration>,
    ) -> Result<impl Future<Output = Result<Option<HeldLock>>> + Send + use<>> {
        request.limits.check()?;
        let (sender, receiver) = oneshot::channel();
        if self.config.mode == Mode::Never && self.stores.is_none() {
            let never = timeout.map_or(Ok(None), |_| {
                let message = format!("`{}` is not acquired: the mode is `never`", request.name);
                Err(Error::new(ErrorKind::TimedOut, message))
            });
            // The receiver is at hand.
            let _ = sender.send(never);
        } else {
            let name = self.name(&request.name, false)?;
            Runtime::get()?.spawn(async move {
                let mut sender = sender;
                let clock = Clock::suspend_aware();
                select! {
                    biased;
                    () = sender.closed() => {}
                    acquired = name.acquire(request, timeout, clock) => {
                        // If nobody waits any more, it is released.
                        let _ = sender.send(acquired);
                    }
                }
            });
        }
        Ok(async move { receiver.await.unwrap_or_else(|_| Err(closed())) })
    }

    /// The lock of this name, which is followed from now on.
    fn name(&self, name: &str, observed: bool) -> Result<Arc<LockName>> {
        let found = self.find_or_make(name, observed)?;
        self.start(&found)?;
        Ok(found)
    }

    fn find_or_make(&self, name: &str, observed: bool) -> Result<Arc<LockName>> {
        let lease = lease_name(name);
        let mut forgotten = Vec::new();
        let found = {
            let mut names = self.names()?;
            if names.is_closed {
                return Err(closed());
            }
            names.uses += 1;
            let uses = names.uses;
            let found = if let Some(found) = names.by_lease.get(&lease) {
                found.clone()
            } else {
                forgotten = names.forget_idle();
                let mut config = self.config.clone();
                config.lease.clone_from(&lease);
                let store = self.stores.as_ref().map(|store| store(&lease));
                let clock = Clock::suspend_aware();
                let election = LeaderElection::on_demand(config, store, clock)?;
                let made = Arc::new(LockName::new(election));
                names.by_lease.insert(lease, made.clone());
                made
            };
            found.note_use(uses, observed);
            found
        };
        drop(forgotten);
        Ok(found)
    }

    fn start(&self, name: &LockName) -> Result<()> {
        name.election.start()?;
        if self.names()?.is_closed {
            // Who closed them may have looked before the start.
            name.election.request_stop()?;
            return Err(closed());
        }
        Ok(())
    }

    /// As [`close`](Self::close), with a limit of its own for the work in place of `drain_timeout`.
    pub(crate) fn close_within(&self, drain_timeout: Duration) -> Result<()> {
        let names = self.end_names()?;
        for name in &names {
            name.election.request_stop_within(drain_timeout)?;
        }
        for name in &names {
            name.election.stop_within(drain_timeout)?;
        }
        Ok(())
    }

    /// Whether a name is followed.
    pub(crate) fn is_running(&self) -> bool {
        let names = self.names();
        names.is_ok_and(|names| names.by_lease.values().any(|it| it.election.is_running()))
    }

    pub(crate) fn sign_of_life(&self) {
        let Ok(names) = self.names() else {
            return;
        };
        for name in names.by_lease.values() {
            name.election.sign_of_life();
        }
    }

    pub(crate) fn sign_of_life_period(&self) -> Option<Duration> {
        // Also while there is no name: the first may be used before the next sign.
        self.config.sign_of_life_period()
    }

    /// A panic of a store's maker has left nothing half done here. In a forked child another thread of its
    /// parent may have held the lock.
    fn names(&self) -> Result<MutexGuard<'_, Names>> {
        if !self.process.is_same_process() {
            let message = "this process was forked from the one that created the locks: create others \
                           in the child";
            return Err(Error::new(ErrorKind::Forked, message));
        }
        Ok(self.names.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Names {
    /// Takes out those that have been idle the longest, if there are too many.
    fn forget_idle(&mut self) -> Vec<Arc<LockName>> {
        let idle = |name: &&Arc<LockName>| name.is_idle();
        let mut uses: Vec<_> = self
            .by_lease
            .values()
            .filter(idle)
            .map(|name| name.last_use())
            .collect();
        let Some(too_many) = (uses.len() + 1).checked_sub(MOST_IDLE_NAMES) else {
            return Vec::new();
        };
        uses.sort_unstable();
        let forgotten =
            |name: &&Arc<LockName>| idle(name) && uses[..too_many].contains(&name.last_use());
        let leases: Vec<_> = self
            .by_lease
            .iter()
            .filter(|(_, name)| forgotten(name))
            .map(|(lease, _)| lease.clone())
            .collect();
        leases
            .iter()
            .filter_map(|lease| self.by_lease.remove(lease))
            .collect()
    }
}

impl fmt::Debug for Locks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locks")
            .field("mode", &self.config.mode)
            .finish_non_exhaustive()
    }
}

/// The holder of a lock is no leader, and each time is another holder.
fn of_a_lock(mut config: Checked) -> Checked {
    config.reclaim = false;
    config.leader_service = None;
    config.kubernetes_events = false;
    config.spread = Duration::ZERO;
    config.preference = 0;
    config
}

fn closed() -> Error {
    Error::new(
        ErrorKind::Closed,
        "the locks have been closed: create others",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease_store::memory::MemoryStore;

    #[test]
    fn nothing_is_acquired_by_who_had_found_a_name_before_the_locks_were_closed() {
        let store = Arc::new(MemoryStore::new());
        let locks = Locks::with_stores(&Config::from_env(), move |_| store.clone()).unwrap();
        let name = locks.find_or_make("job", false).unwrap();
        locks.close().unwrap();
        assert_eq!(locks.start(&name).unwrap_err().kind(), ErrorKind::Closed);
        assert!(!name.election.shared().is_wanted());
    }

    #[test]
    fn signs_of_life_are_due_before_the_first_name_is_used() {
        let config = Config::from_env().stall_timeout(Duration::from_secs(20));
        let locks = Locks::new(&config).unwrap();
        assert_eq!(locks.sign_of_life_period(), Some(Duration::from_secs(5)));
    }
}
