//! The election as an application holds it. Knows nothing of the protocol.

mod health;

use std::fmt;
use std::future::{Future, poll_fn, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use std::time::{Duration, SystemTime};

use tracing::info;

use crate::clock::Clock;
use crate::config::{Checked, Config, Mode};
use crate::elector::{self, Elector, Led};
use crate::error::{Error, ErrorKind, Result};
use crate::events::{Event, Registration, SingletonService, Subscription, Work};
use crate::firings::Firings;
use crate::identity;
use crate::leadership::{Leadership, Longest, Term};
use crate::lease_store::{LeaseStore, Location};
use crate::listeners::{self, ServiceListener};
use crate::open::{self, Opened};
use crate::proof_of_death::Prover;
use crate::run_once::{Campaign, RunOnce, RunOnceError};
use crate::runtime::{self, PerProcess, Runtime};
use crate::shared::{Command, End, Need, Shared};
use crate::validation::check_work_key;

/// What this process leads, for the elections that are spread over processes.
static LED: PerProcess<Arc<Led>> = PerProcess::new();

/// One candidate in the election for one Lease. Elections of a process share one background
/// thread; have as many as there are Leases.
///
/// Every method may be called from any thread. In a forked child [`is_leader`](Self::is_leader) is
/// false, and the methods that can fail do so with [`ErrorKind::Forked`].
///
/// Dropping it stops the election as [`stop`](Self::stop) does, and blocks the thread as long as that
/// does: in async code await [`stop_async`](Self::stop_async) before.
///
/// ```
/// # fn main() -> leasehold::Result<()> {
/// use leasehold::{Config, Mode};
///
/// let election = Config::new("monolith-jobs").mode(Mode::Always).start()?;
/// let term = election.wait_for_leadership(std::time::Duration::from_secs(5))?;
/// if election.is_leader() {
///     println!("this instance runs the job, under fencing token {}", term.fencing_token());
/// }
/// election.stop()
/// # }
/// ```
pub struct LeaderElection {
    config: Checked,
    shared: Arc<Shared>,
    /// A store given by the program, in place of the one that the configuration names.
    store: Option<Arc<dyn LeaseStore>>,
    /// Campaigns only while the Lease is wanted for one piece of work.
    on_demand: bool,
}

impl Config {
    /// Checks the settings and starts an election with them.
    ///
    /// Blocks the calling thread while credentials are loaded, but not for the first answer of the
    /// API server: a cluster that is down is waited for in the background.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] names the wrong field, its value and the fix.
    pub fn start(self) -> Result<LeaderElection> {
        let election = LeaderElection::new(&self)?;
        election.start()?;
        Ok(election)
    }
}

impl LeaderElection {
    /// An election that does not take part yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] names the wrong field, its value and the fix.
    pub fn new(config: &Config) -> Result<Self> {
        Self::build(config.check()?, None, Clock::suspend_aware())
    }

    /// An election over a store of the program's own, in any mode. Its futures are polled on the
    /// background thread: one that blocks there stops all elections of the process.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_store(config: &Config, store: Arc<dyn LeaseStore>) -> Result<Self> {
        Self::build(config.check()?, Some(store), Clock::suspend_aware())
    }

    /// An election of a test of an application's, which goes by nothing of the environment.
    pub(crate) fn for_test(config: &Config, store: Arc<dyn LeaseStore>) -> Result<Self> {
        Self::build(
            config.check_for_test()?,
            Some(store),
            Clock::suspend_aware(),
        )
    }

    /// An election that runs in the future returned with it, on the clock given and by the proofs given:
    /// for simulations.
    #[doc(hidden)]
    pub fn simulated(
        config: &Config,
        store: Arc<dyn LeaseStore>,
        prover: Arc<dyn Prover>,
        clock: Clock,
        seed: u64,
    ) -> Result<(Self, impl Future<Output = ()> + use<>)> {
        let election = Self::build(config.check()?, None, clock)?;
        let driver = election.simulate(store, prover, seed)?;
        Ok((election, driver))
    }

    /// What runs this election, which must not be started.
    pub(crate) fn simulate(
        &self,
        store: Arc<dyn LeaseStore>,
        prover: Arc<dyn Prover>,
        seed: u64,
    ) -> Result<impl Future<Output = ()> + use<>> {
        let opened = Opened {
            prover,
            ..Opened::of(store)
        };
        let elector = self.elector(opened, Arc::default(), Need::Application)?;
        let (_, mut elector) = elector.ok_or_else(not_running)?;
        elector.seed = seed;
        Ok(elector.run())
    }

    fn build(config: Checked, store: Option<Arc<dyn LeaseStore>>, clock: Clock) -> Result<Self> {
        let longest = Longest {
            term: config.renew_deadline,
            work: config.lease_duration,
        };
        let leadership = Leadership::new(clock, longest).map_err(runtime::no_memory)?;
        Ok(Self {
            shared: Arc::new(Shared::new(&config.lease, config.mode, leadership)),
            config,
            store,
            on_demand: false,
        })
    }

    /// An election that looks on until its Lease is wanted for one piece of work.
    pub(crate) fn on_demand(
        config: Checked,
        store: Option<Arc<dyn LeaseStore>>,
        clock: Clock,
    ) -> Result<Self> {
        let mut election = Self::build(config, store, clock)?;
        election.on_demand = true;
        Ok(election)
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Takes part from now on, under a new random identity. Does nothing if it runs already;
    /// may be called again after [`stop`](Self::stop). Blocks as [`Config::start`] does.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if credentials or folder cannot be used.
    pub fn start(&self) -> Result<()> {
        self.shared.leadership().check_process()?;
        loop {
            match self.shared.need(Need::Application) {
                Some(Ok(_)) => return Ok(()),
                // It was there for work that runs once, which has ended.
                Some(Err(end)) => Self::block_until(Some(end)),
                // Otherwise work that runs once has begun a run meanwhile, and may end it.
                None => {
                    if self.begin_run(Need::Application)?.is_some() {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Takes part from now on, for the need given. Returns the number of the run that this has begun:
    /// it does nothing if one runs already.
    fn begin_run(&self, need: Need) -> Result<Option<u64>> {
        let runtime = Runtime::get()?;
        if self.config.mode == Mode::Never && self.store.is_none() {
            let identity = self.config.identity()?;
            let begun = self.shared.begin(&identity, "the mode is `never`", need);
            let Some((run, commands)) = begun else {
                return Ok(None);
            };
            let lease = self.shared.lease();
            info!(lease, "not taking part, and never leading (mode `never`)");
            runtime.spawn(elector::never_lead(self.shared.clone(), commands));
            return Ok(Some(run));
        }
        let opened = match &self.store {
            Some(store) => Opened::of(store.clone()),
            None => open::for_election(runtime, &self.config)?,
        };
        let location = opened.location.clone();
        let led = LED.get().map_err(runtime::no_memory)?;
        let Some((run, elector)) = self.elector(opened, Arc::clone(led), need)? else {
            return Ok(None);
        };
        if !self.on_demand {
            self.log_start(&elector.identity, location.as_ref());
        }
        runtime.spawn(elector.run());
        if self.config.mode == Mode::Always && self.store.is_none() && !self.on_demand {
            // Fails if another thread has stopped it meanwhile, or the machine is stuck.
            let _ = self.wait_for_leadership(self.config.renew_deadline);
        }
        Ok(Some(run))
    }

    /// Which election this is, for those who wonder why it does not lead.
    fn log_start(&self, identity: &str, location: Option<&Location>) {
        let (lease, mode) = (self.shared.lease(), self.config.mode.name());
        if let Some(location) = location {
            info!(lease, mode, identity, %location, "taking part in the election");
        } else {
            info!(lease, mode, identity, "taking part in the election");
        }
    }

    /// The number of a new run, and its background task; `None` if one runs already.
    fn elector(&self, opened: Opened, led: Arc<Led>, need: Need) -> Result<Option<(u64, Elector)>> {
        let (identity, seed) = (self.config.identity()?, identity::random()?);
        let why = "the election has just been started";
        let Some((run, commands)) = self.shared.begin(&identity, why, need) else {
            return Ok(None);
        };
        let elector = Elector {
            identity,
            seed,
            settings: self.config.election(),
            stall_timeout: self.config.stall_timeout(),
            store: opened.store,
            prover: opened.prover,
            signs: opened.signs,
            on_demand: self.on_demand,
            led,
            shared: self.shared.clone(),
            commands,
        };
        Ok(Some((run, elector)))
    }

    /// Stops: the answer turns false at once, listeners are notified and waited for while renewal
    /// goes on, then the Lease is released. Returns when all that is done, at most `drain_timeout`
    /// and `renew_deadline` later; with `kubernetes_events` a tenth of that more. Nothing is written
    /// afterwards into the folder of mode `file`, whose disk has `renew_deadline` more if it hangs.
    /// Does nothing if it does not run.
    ///
    /// Blocks the calling thread for so long: in async code use
    /// [`stop_async`](Self::stop_async), from a listener [`request_stop`](Self::request_stop).
    ///
    /// # Errors
    /// Only [`ErrorKind::Forked`].
    pub fn stop(&self) -> Result<()> {
        Self::block_until(self.command(Command::Stop(None))?);
        Ok(())
    }

    /// As [`stop`](Self::stop), with a limit of its own for the work in place of `drain_timeout`. A
    /// stop that is under way is hastened, never slowed down.
    ///
    /// # Errors
    /// Only [`ErrorKind::Forked`].
    pub fn stop_within(&self, drain_timeout: Duration) -> Result<()> {
        Self::block_until(self.command(Command::Stop(Some(drain_timeout)))?);
        Ok(())
    }

    /// As [`stop`](Self::stop), to be awaited under any async runtime. It begins to stop at the call:
    /// until the future is polled, and when it is dropped, the election goes on stopping by itself.
    ///
    /// # Errors
    /// Only [`ErrorKind::Forked`].
    pub fn stop_async(&self) -> impl Future<Output = Result<()>> + Send + use<> {
        let stopped = self.command(Command::Stop(None));
        async move {
            if let Some(end) = stopped? {
                // Nothing is ever sent: it ends.
                let _ = runtime::for_application(end).await;
            }
            Ok(())
        }
    }

    fn block_until(end: Option<End>) {
        if let Some(end) = end {
            // As above.
            let _ = runtime::block_on(end, None);
        }
    }

    /// Begins to stop and returns at once: the answer is false by then, and [`Event::Stopped`] says
    /// when all is done. Returns whether the election was running.
    ///
    /// # Errors
    /// Only [`ErrorKind::Forked`].
    pub fn request_stop(&self) -> Result<bool> {
        Ok(self.command(Command::Stop(None))?.is_some())
    }

    /// As [`request_stop`](Self::request_stop), with the limit of
    /// [`stop_within`](Self::stop_within).
    ///
    /// # Errors
    /// Only [`ErrorKind::Forked`].
    pub fn request_stop_within(&self, drain_timeout: Duration) -> Result<bool> {
        Ok(self.command(Command::Stop(Some(drain_timeout)))?.is_some())
    }

    /// Stops leading, as [`stop`](Self::stop) does but without waiting for it, and holds back for
    /// one lease duration so that another candidate may lead. The answer is false when it returns.
    /// Nothing happens if it does not lead.
    ///
    /// # Errors
    /// Only [`ErrorKind::Forked`].
    pub fn step_down(&self) -> Result<()> {
        self.command(Command::StepDown).map(drop)
    }

    fn command(&self, command: Command) -> Result<Option<End>> {
        self.shared.leadership().check_process()?;
        Ok(self.shared.command(command))
    }

    /// Whether it takes part: started, and not yet done with stopping. False in a forked child.
    pub fn is_running(&self) -> bool {
        !self.is_forked() && self.shared.is_running()
    }

    /// Whether it is that of the process from which this one was forked.
    pub(crate) fn is_forked(&self) -> bool {
        self.shared.leadership().check_process().is_err()
    }

    /// Whether this instance is the leader now. Compares a deadline with the clock at each call, so
    /// it is false the moment a paused, suspended or partitioned process wakes. Lock-free and
    /// allocation-free; false in a forked child.
    #[inline(always)]
    pub fn is_leader(&self) -> bool {
        self.shared.leadership().is_leader()
    }

    /// How long the leadership lasts unless it is renewed; zero when there is none.
    #[inline]
    pub fn remaining(&self) -> Duration {
        self.shared.leadership().remaining()
    }

    /// The term under which this instance leads; `None` when it does not, and for an instant after
    /// [`is_leader`](Self::is_leader) turned true, which is published before any listener is
    /// called.
    pub fn term(&self) -> Option<Term> {
        self.shared.leadership().check_process().ok()?;
        self.shared.work().map(|(term, _)| term)
    }

    /// Waits until this instance leads, for at most `timeout`. Blocks the calling thread for so
    /// long: in async code use [`wait_for_leadership_async`](Self::wait_for_leadership_async).
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] says why it does not lead; [`ErrorKind::Closed`] if the election
    /// does not run, or stops.
    pub fn wait_for_leadership(&self, timeout: Duration) -> Result<Term> {
        runtime::block_on(self.next_term(), Some(timeout))
            .unwrap_or_else(|| Err(self.not_leading_after(timeout)))
    }

    /// Waits until this instance leads, under any async runtime, whose own time-outs may be put
    /// around it: dropping the future is all there is to giving up. What keeps this instance from
    /// leading, [`status`](Self::status) says.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`] if the election does not run, or stops; [`ErrorKind::Forked`].
    pub fn wait_for_leadership_async(&self) -> impl Future<Output = Result<Term>> + Send + use<> {
        runtime::for_application(self.next_term())
    }

    fn next_term(&self) -> impl Future<Output = Result<Term>> + Send + use<> {
        let shared = self.shared.clone();
        async move {
            shared.leadership().check_process()?;
            loop {
                let term = shared.await_term().ok_or_else(not_running)?;
                let term = term.await.map_err(|_| not_running())?;
                // It may have ended before anybody polled.
                if term.is_valid() {
                    return Ok(term);
                }
            }
        }
    }

    /// What a wait for leadership fails with after `waited`: [`ErrorKind::TimedOut`] with the
    /// reason, or [`ErrorKind::Closed`] if the election does not run. For bindings to languages
    /// that wait in their own way.
    pub(crate) fn not_leading_after(&self, waited: Duration) -> Error {
        if !self.shared.is_running() {
            return not_running();
        }
        let why = self.status().why_not_leading.unwrap_or_default();
        Error::new(
            ErrorKind::TimedOut,
            format!(
                "not the leader of `{}` after {waited:?}: {why}",
                self.config.lease
            ),
        )
    }

    /// Runs `work` here and now if this instance leads. The Lease is not released before `work`
    /// returns, or `drain_timeout` has passed; a long job checks the term on its way.
    pub fn run_if_leader<T>(&self, work: impl FnOnce(&Term) -> T) -> Option<T> {
        let under_way = self.begin_work()?;
        Some(work(&under_way.term))
    }

    /// Awaits `work` if this instance leads when the future is first polled, under any async
    /// runtime. The Lease is not released before the future has ended or is dropped, or
    /// `drain_timeout` has passed; a long job checks the term on its way. `None` if this instance
    /// does not lead.
    pub async fn run_if_leader_async<T, F: Future<Output = T>>(
        &self,
        work: impl FnOnce(Term) -> F,
    ) -> Option<T> {
        let under_way = self.begin_work()?;
        // What it awaits is dropped before what was there before.
        Some(work(under_way.term.clone()).await)
    }

    /// As [`run_if_leader_async`](Self::run_if_leader_async), and drops `work` as soon as the term
    /// is over: for work that goes on for as long as this instance leads. `None` if it does not
    /// lead, or no longer. The Lease is released after `work` has been dropped.
    pub async fn run_while_leader<T, F: Future<Output = T>>(
        &self,
        work: impl FnOnce(Term) -> F,
    ) -> Option<T> {
        self.shared.leadership().check_process().ok()?;
        let (term, _unfinished, end) = self.shared.work_and_end()?;
        while_valid(term.clone(), end, work(term)).await
    }

    /// Does `work` once, no matter which replica leads: a migration of a database, an initialisation. Call
    /// it in each replica: it does the work here if this instance begins to lead and nobody has done it
    /// before; otherwise it waits until another has. Returns the result of `work`, or `None` if it was done
    /// elsewhere.
    ///
    /// The `key` names the work and its version. When the work has ended without an error, an annotation of
    /// the Lease records the key; it keeps the last [`MOST_DONE`](crate::lease_record::MOST_DONE), so that
    /// a rollback does not run an old one again. Deleting the Lease forgets them. Two candidates never work
    /// at once, but work that was interrupted, or whose end could not be recorded, begins again: at least
    /// once. The term that `work` receives says when to stop, and has the fencing token.
    ///
    /// If `work` fails, this instance steps down, and returns its error. Another candidate begins it again
    /// after a retry period, then two, and so on; after [`MOST_ATTEMPTS`](crate::MOST_ATTEMPTS) all give
    /// up.
    ///
    /// Starts the election if it does not run, and then stops it at the end. In mode `always` each call
    /// does the work, since nothing is remembered; in mode `never` none does. Blocks the calling thread: in
    /// async code use [`run_once_async`](Self::run_once_async).
    ///
    /// # Errors
    /// [`RunOnceError`]; [`ErrorKind::Config`] for a key that cannot be one.
    pub fn run_once<T, E: fmt::Display>(
        &self,
        key: &str,
        mut work: impl FnMut(&Term) -> Result<T, E>,
    ) -> Result<Option<T>, RunOnceError<E>> {
        let work = |term: &Term, _| ready(Some(work(term)));
        runtime::wait(self.do_once(key, work))
    }

    /// As [`run_once`](Self::run_once), to be awaited under any async runtime; drops `work` as soon as its
    /// term is over. If this starts the election, it blocks while credentials are loaded.
    ///
    /// # Errors
    /// As [`run_once`](Self::run_once).
    pub async fn run_once_async<T, E: fmt::Display, F: Future<Output = Result<T, E>>>(
        &self,
        key: &str,
        mut work: impl FnMut(Term) -> F,
    ) -> Result<Option<T>, RunOnceError<E>> {
        let work = |term: &Term, end| while_valid(term.clone(), end, work(term.clone()));
        self.do_once(key, work).await
    }

    async fn do_once<T, E: fmt::Display, F: Future<Output = Option<Result<T, E>>>>(
        &self,
        key: &str,
        work: impl FnMut(&Term, End) -> F,
    ) -> Result<Option<T>, RunOnceError<E>> {
        self.once(key).await?.drive(work).await
    }

    /// The parts of [`run_once`](Self::run_once), for work that does not fit into a closure. Takes part in
    /// the election from now on, which blocks as [`start`](Self::start) does.
    ///
    /// # Errors
    /// As [`run_once`](Self::run_once).
    pub(crate) async fn once(&self, key: &str) -> Result<RunOnce> {
        self.check_key(key)?;
        loop {
            match self.shared.need(Need::Work) {
                Some(Ok(run)) => return Ok(self.once_of(run, key)),
                Some(Err(end)) => {
                    // Nothing is ever sent: it ends.
                    let _ = runtime::for_application(end).await;
                }
                // Noted with its beginning: a stop that comes right after ends it for this work as well.
                None => {
                    if let Some(run) = self.begin_run(Need::Work)? {
                        return Ok(self.once_of(run, key));
                    }
                }
            }
        }
    }

    /// The same, of an election that runs; `None` if it does not, or stops.
    ///
    /// # Errors
    /// As [`once`](Self::once).
    pub(crate) fn once_if_running(&self, key: &str) -> Result<Option<RunOnce>> {
        self.check_key(key)?;
        match self.shared.need(Need::Work) {
            Some(Ok(run)) => Ok(Some(self.once_of(run, key))),
            _ => Ok(None),
        }
    }

    fn check_key(&self, key: &str) -> Result<()> {
        self.shared.leadership().check_process()?;
        check_work_key("key", key)
    }

    /// Of a run that is noted to be needed for it.
    fn once_of(&self, run: u64, key: &str) -> RunOnce {
        let campaign = Campaign::new(self.shared.clone(), run);
        RunOnce::new(self.shared.clone(), key, self.has_memory(), campaign)
    }

    /// Claims a firing of a scheduled job, if this instance leads: returns true if nobody has begun this
    /// firing or a later one of the `job`; from then on nobody else begins it, no matter who leads. So a
    /// firing never runs twice, even if leadership changes just then, or another clock is late. Returns
    /// false if it has begun already. Call it within [`run_if_leader`](Self::run_if_leader), so that the
    /// Lease is not released before the work has ended, and standbys do not call it.
    ///
    /// `due` is the time at which the schedule has this firing, to the millisecond: the same in each
    /// replica, and not the time of the call. An annotation of the Lease records it before this returns, so
    /// a firing whose work was interrupted, or whose record was not confirmed, does not run again: at most
    /// once. The Lease remembers the last firings of [`MOST_JOBS`](crate::lease_record::MOST_JOBS) jobs;
    /// deleting it forgets them. In mode `always` nothing is remembered, and it is always true.
    ///
    /// Blocks the calling thread for one write of the Lease, at most for `renew_deadline`: in async code
    /// use [`claim_async`](Self::claim_async).
    ///
    /// # Errors
    /// [`ErrorKind::LeadershipLost`] if this instance does not lead, or no longer when it is recorded;
    /// [`ErrorKind::Closed`]; why it could not be recorded; [`ErrorKind::Corrupt`] if what the Lease
    /// remembers cannot be understood; [`ErrorKind::Config`] for a `job` that cannot be one, one too many
    /// for the Lease, or a `due` that is ahead. Do not run the firing then.
    pub fn claim(&self, job: &str, due: SystemTime) -> Result<bool> {
        runtime::wait(self.firings().claim(job, due.into()))
    }

    /// As [`claim`](Self::claim), to be awaited under any async runtime. A firing whose claim is dropped
    /// before its end may count as begun.
    ///
    /// # Errors
    /// As [`claim`](Self::claim).
    pub async fn claim_async(&self, job: &str, due: SystemTime) -> Result<bool> {
        runtime::for_application(self.firings().claim(job, due.into())).await
    }

    /// As [`claim`](Self::claim), for a firing that may have been missed because the leader had died, or
    /// nobody led. Call it when this instance begins to lead, with the schedule's latest firing before now.
    /// Also returns false if that was longer than `within` ago, or if no firing of the `job` is known: a
    /// job that never ran has missed nothing.
    ///
    /// # Errors
    /// As [`claim`](Self::claim).
    pub fn claim_missed(&self, job: &str, due: SystemTime, within: Duration) -> Result<bool> {
        runtime::wait(self.firings().claim_missed(job, due.into(), within))
    }

    /// As [`claim_missed`](Self::claim_missed), to be awaited under any async runtime.
    ///
    /// # Errors
    /// As [`claim`](Self::claim).
    pub async fn claim_missed_async(
        &self,
        job: &str,
        due: SystemTime,
        within: Duration,
    ) -> Result<bool> {
        let claim = self.firings();
        let claimed = claim.claim_missed(job, due.into(), within);
        runtime::for_application(claimed).await
    }

    /// When the last firing of `job` that has begun was due, as far as this instance knows; exact while it
    /// leads. `None` if none is known.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] and [`ErrorKind::Config`], as [`claim`](Self::claim); [`ErrorKind::Forked`].
    pub fn last_firing(&self, job: &str) -> Result<Option<SystemTime>> {
        self.shared.leadership().check_process()?;
        Ok(self.firings().last(job)?.map(SystemTime::from))
    }

    fn firings(&self) -> Firings<'_> {
        Firings {
            shared: &self.shared,
            remembers: self.has_memory(),
        }
    }

    /// Whether there is a Lease, which remembers.
    fn has_memory(&self) -> bool {
        self.store.is_some() || self.config.mode != Mode::Always
    }

    /// Begins work here and now if this instance leads. The Lease is not released before the `Work`
    /// is dropped, or `drain_timeout` has passed. For work that does not fit into a closure, as that
    /// of other languages; otherwise use [`run_if_leader`](Self::run_if_leader).
    pub(crate) fn begin_work(&self) -> Option<Work> {
        self.shared.leadership().check_process().ok()?;
        let (term, guard) = self.shared.work()?;
        Some(Work {
            term,
            _unfinished: guard,
        })
    }

    /// All events from now on, in order, with the present term first.
    ///
    /// # Errors
    /// Only [`ErrorKind::Forked`].
    pub fn subscribe(&self) -> Result<Subscription> {
        self.shared.leadership().check_process()?;
        Ok(self.shared.subscribe())
    }

    /// Calls `listener` with each event, on a thread of its own: it may block, and a panic is
    /// logged. Calls it at once if this instance leads already.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] if the system cannot start another thread.
    pub fn add_listener(
        &self,
        listener: impl FnMut(&Event) + Send + 'static,
    ) -> Result<Registration> {
        listeners::listen(self.subscribe()?, listener)
    }

    /// Runs `service` while this instance leads, on a thread of its own.
    ///
    /// # Errors
    /// As [`add_listener`](Self::add_listener).
    pub fn add_singleton_service(&self, service: impl SingletonService) -> Result<Registration> {
        let mut service = ServiceListener::new(service);
        self.add_listener(move |event| service.handle(event))
    }

    /// The host runtime lives. Once called, it must be called again within each `stall_timeout`, or
    /// this instance stops leading. For bindings to language runtimes. Lock-free unless stalled.
    pub(crate) fn sign_of_life(&self) {
        if self.shared.leadership().check_process().is_ok() {
            self.shared.sign_of_life();
        }
    }

    /// How often [`sign_of_life`](Self::sign_of_life) must be called: several times within
    /// `stall_timeout`, so that a late call does not count as a dead runtime. `None` if that is not
    /// watched.
    pub(crate) fn sign_of_life_period(&self) -> Option<Duration> {
        self.config.sign_of_life_period()
    }
}

impl Drop for LeaderElection {
    fn drop(&mut self) {
        // In a forked child there is nothing to stop; otherwise stopping cannot fail. The background
        // thread, where a lock's may end, cannot wait for itself.
        let _ = if runtime::is_background_thread() {
            self.request_stop().map(drop)
        } else {
            self.stop()
        };
    }
}

impl fmt::Debug for LeaderElection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeaderElection")
            .field("lease", &self.config.lease)
            .field("is_leader", &self.is_leader())
            .finish_non_exhaustive()
    }
}

/// Polls `work` until it ends, or its term does.
async fn while_valid<T>(term: Term, end: End, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut end = pin!(runtime::for_application(end));
    poll_fn(|context| {
        // A process that was paused takes no further step: nobody has told it yet.
        if !term.is_valid() || end.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        work.as_mut().poll(context).map(Some)
    })
    .await
}

fn not_running() -> Error {
    Error::new(
        ErrorKind::Closed,
        "the election is not running: call start()",
    )
}
