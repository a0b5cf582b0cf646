//! The driver: carries values between the election, the store and the clock.
//!
//! Invariant: there is no rule about expiry here. The driver sends what the election wants sent,
//! tells it what came back and what time it is, publishes its answer, and passes its events on.

mod follow;
mod led;
mod proving;
#[cfg(test)]
mod tests;
mod watcher;

use std::collections::{BTreeMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::select;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tracing::{debug, error, warn};

pub(crate) use self::follow::follow;
pub(crate) use self::led::{Led, Share};
use self::proving::Proving;
use self::watcher::Watcher;
use crate::clock::{Boot, Clock, Instant};
use crate::election::{Election, ElectionEvent, Operation, Recorded, Reply, Request, Settings};
use crate::error::{Error, ErrorKind, Result};
use crate::events::WorkEnd;
use crate::lease_record::StoredLease;
use crate::lease_store::{LeaseStore, StoreError};
use crate::metrics::{Outcome, Verb};
use crate::proof_of_death::{NoProof, Prover};
use crate::shared::{Command, Shared};
use crate::signs::{Pace, SignWriters, Signs};

/// How long a term waits at most until the cluster shows it, as a part of the renew deadline.
const PATIENCE_WITH_SIGNS: u32 = 10;

/// One running election.
pub(crate) struct Elector {
    pub(crate) identity: String,
    /// Of the jitter.
    pub(crate) seed: u64,
    pub(crate) settings: Settings,
    pub(crate) stall_timeout: Option<Duration>,
    pub(crate) store: Arc<dyn LeaseStore>,
    pub(crate) prover: Arc<dyn Prover>,
    pub(crate) signs: SignWriters,
    /// Campaigns only while the Lease is wanted for one piece of work.
    pub(crate) on_demand: bool,
    pub(crate) led: Arc<Led>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) commands: UnboundedReceiver<Box<Command>>,
}

impl Elector {
    /// Runs until the application stops it. A defect in here costs the term, never the election.
    pub(crate) async fn run(mut self) {
        // The work of terms, which outlasts a defect, and a run.
        let (mut unfinished, mut grace_until) = self.shared.take_unfinished();
        let mut signs = self.start_signs();
        loop {
            let run = AssertUnwindSafe(async {
                let signs = signs.as_mut();
                let rounds = ElectionLoop::new(&self, signs, &mut unfinished, grace_until);
                rounds.run(&mut self.commands, &mut unfinished).await
            });
            if let Ok(until) = run.catch_unwind().await {
                grace_until = until;
                break;
            }
            error!(
                lease = self.shared.lease(),
                "a defect ended the term; campaigning again"
            );
            if let Some(signs) = &mut signs {
                signs.withdraw();
            }
            let clock = self.shared.leadership().clock();
            grace_until = clock.now() + self.settings.drain_timeout;
            let pause = self.settings.lease_duration;
            if self.shared.give_up_after_defect() {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        self.shared.keep_unfinished(unfinished, grace_until);
        self.settle().await;
        self.shared.notify(ElectionEvent::Stopped);
    }

    /// Waits until nothing goes on in the store of what was asked of it, all of which is dropped by now.
    async fn settle(&self) {
        let clock = self.shared.leadership().clock();
        let limit = clock.now() + self.settings.renew_deadline;
        let lease = self.shared.lease();
        select! {
            biased;
            settled = AssertUnwindSafe(self.store.settle()).catch_unwind() => {
                if settled.is_err() {
                    error!(lease, "a defect in the store, which cannot say what goes on in it");
                }
            }
            () = clock.sleep_until(limit) => {
                warn!(lease, "what was asked of the store goes on after the stop: it hangs");
            }
        }
    }

    fn start_signs(&mut self) -> Option<Signs> {
        let settings = &self.settings;
        let pace = Pace {
            clock: *self.shared.leadership().clock(),
            patience: settings.renew_deadline / PATIENCE_WITH_SIGNS,
            request_limit: settings.renew_deadline,
            retry_period: settings.retry_period,
            check_period: settings.lease_duration,
        };
        std::mem::take(&mut self.signs).start(self.shared.lease(), &self.identity, pace)
    }
}

/// The whole of an election that never leads: waits to be stopped.
pub(crate) async fn never_lead(shared: Arc<Shared>, mut commands: UnboundedReceiver<Box<Command>>) {
    while let Some(command) = commands.recv().await {
        if matches!(*command, Command::Stop(_)) {
            break;
        }
    }
    shared.notify(ElectionEvent::Stopped);
}

/// The loop of one election, and what it waits for.
struct ElectionLoop<'a> {
    shared: Arc<Shared>,
    store: Arc<dyn LeaseStore>,
    prover: Arc<dyn Prover>,
    clock: Clock,
    /// Boxed, as the future of a call by value has room for it twice.
    election: Box<Election>,
    seed: u64,
    /// The longest time between two rounds, so that health can tell a stuck loop from an idle one.
    longest_wait: Duration,
    stall_timeout: Option<Duration>,
    stalled: bool,
    boot: Boot,
    /// What this process leads, for an election that is spread.
    share: Option<Share>,
    /// The work under the terms that are not over yet, oldest first.
    work: VecDeque<WorkEnd>,
    /// Those who wait to learn what has become of a change to what the Lease remembers.
    recordings: BTreeMap<u64, oneshot::Sender<Recorded>>,
    signs: Option<&'a mut Signs>,
    /// The last term that the route leads here for, or was to, and what its beginning waits for.
    routed: u64,
    opening: Option<BoxFuture<'static, ()>>,
}

impl<'a> ElectionLoop<'a> {
    /// A campaign that goes on after what is `unfinished` of an earlier one, which has until
    /// `grace_until`.
    fn new(
        elector: &Elector,
        signs: Option<&'a mut Signs>,
        unfinished: &mut Vec<WorkEnd>,
        grace_until: Instant,
    ) -> Self {
        unfinished.retain(|work| !work.has_come());
        let leadership = elector.shared.leadership();
        let clock = *leadership.clock();
        let election = Election::new(
            elector.identity.clone(),
            elector.settings.clone(),
            elector.seed,
            clock.now(),
        )
        .counting_terms_from(leadership.last_term())
        .after_work(unfinished.len(), grace_until);
        let spreads = !elector.settings.spread.is_zero() && !elector.on_demand;
        Self {
            election: Box::new(if elector.on_demand {
                election.on_demand()
            } else {
                election
            }),
            seed: elector.seed,
            longest_wait: elector.settings.retry_period,
            stall_timeout: elector.stall_timeout,
            shared: elector.shared.clone(),
            store: elector.store.clone(),
            prover: elector.prover.clone(),
            clock,
            stalled: false,
            boot: Boot::of(&clock),
            share: spreads.then(|| elector.led.clone().share()),
            work: VecDeque::new(),
            recordings: BTreeMap::new(),
            signs,
            routed: 0,
            opening: None,
        }
    }

    /// Returns until when its work keeps another term from beginning.
    async fn run(
        mut self,
        commands: &mut UnboundedReceiver<Box<Command>>,
        unfinished: &mut Vec<WorkEnd>,
    ) -> Instant {
        let store = self.store.clone();
        let shared = self.shared.clone();
        let mut watcher = Watcher::new(
            shared.lease(),
            store.as_ref(),
            self.clock,
            self.longest_wait,
            self.seed,
        );
        let mut proving = Proving::default();
        let mut in_flight: Option<BoxFuture<'_, Reply>> = None;
        let mut ending_work: FuturesUnordered<_> = unfinished
            .iter()
            .cloned()
            .map(|work| end_of_term(work, None))
            .collect();
        loop {
            self.election.handle_process(self.prover.process());
            if let Some(share) = &self.share {
                self.election.handle_load(share.others());
            }
            // A thread that was held up learns that before it sends anything, no matter what has come first.
            if self.handle_time() {
                let ended = watcher.begin_again();
                self.election.handle_observation(self.clock.now(), ended);
            }
            if let Some(request) = self
                .election
                .poll_request(self.clock.now(), self.clock.wall())
            {
                in_flight = Some(Box::pin(ask(&shared, store.as_ref(), self.clock, request)));
            }
            if let Some(share) = &mut self.share {
                share.count(&self.election, self.clock.now());
            }
            self.publish(unfinished, |work, route| {
                ending_work.push(end_of_term(work, route));
            });
            if self.election.is_stopped() {
                if let Some(signs) = self.signs.take() {
                    signs.finish().await;
                }
                return self.election.grace_until();
            }
            proving.follow(self.election.provable(), self.prover.as_ref());
            let watch_from = self.election.watch_from();
            let wake_at = self.wake_at();
            select! {
                biased;
                Some(command) = commands.recv() => self.handle_command(*command),
                reply = answer(&mut in_flight) => {
                    self.election.handle_reply(self.clock.now(), reply);
                }
                death = proving.proven() => {
                    self.election.handle_proof(self.clock.now(), &death);
                }
                Some(()) = ending_work.next() => self.election.handle_drained(self.clock.now()),
                observation = watcher.next(watch_from) => {
                    self.election.handle_observation(self.clock.now(), observation);
                }
                () = opened(&mut self.opening) => {}
                () = self.clock.sleep_until(wake_at) => {}
            }
        }
    }

    /// Publishes the answer before anything else is done with it, then passes the events on. A term
    /// that has just begun is published when the route leads here.
    fn publish(
        &mut self,
        unfinished: &mut Vec<WorkEnd>,
        mut term_ended: impl FnMut(WorkEnd, Option<BoxFuture<'static, ()>>),
    ) {
        let shared = self.shared.clone();
        let leadership = shared.leadership();
        leadership.note_progress();
        if self.is_opening() {
            // What was published before is over.
            leadership.publish(None);
            self.election.handle_held_back();
        } else {
            leadership.publish(self.election.active_term());
            self.election.handle_published(self.clock.now());
            leadership.publish(self.election.active_term());
            self.shared.update_status(&self.election, self.clock.now());
        }
        leadership.publish_work_until(self.election.work_until());
        shared.publish_view(self.election.memory(), self.election.holder());
        while let Some(event) = self.next_event() {
            let route = self.show(&event);
            let is_loss = matches!(event, ElectionEvent::Lost(..));
            if let Some(work) = self.shared.notify(event) {
                unfinished.retain(|work| !work.has_come());
                unfinished.push(work.clone());
                self.work.push_back(work);
            }
            if is_loss && let Some(work) = self.work.pop_front() {
                term_ended(work, route);
            }
        }
        while let Some((number, recorded)) = self.election.poll_recorded() {
            if let Some(waiting) = self.recordings.remove(&number) {
                // It may have been given up.
                let _ = waiting.send(recorded);
            }
        }
    }

    /// Whether the present term waits until the route leads here. That delays it within a limit, and
    /// never extends it: it counts from its write.
    fn is_opening(&mut self) -> bool {
        let active = self.election.active_term();
        let (Some(signs), Some(active)) = (&mut self.signs, active) else {
            self.opening = None;
            return false;
        };
        if self.routed != active.term.number {
            self.routed = active.term.number;
            self.opening = signs.lead_here(&active.term);
        }
        self.opening.is_some()
    }

    /// The next event that may be passed on: not the beginning of a term that waits, nor what came after;
    /// and not the end, which comes when the store has settled.
    fn next_event(&mut self) -> Option<ElectionEvent> {
        match self.election.next_event()? {
            ElectionEvent::Acquired(_) if self.opening.is_some() => None,
            ElectionEvent::Stopped => None,
            _ => self.election.poll_event(),
        }
    }

    /// Shows the cluster what has happened. Returns, for a term that has ended, what its route's end
    /// is waited for with.
    fn show(&mut self, event: &ElectionEvent) -> Option<BoxFuture<'static, ()>> {
        let signs = self.signs.as_mut()?;
        match event {
            ElectionEvent::Acquired(term) => {
                signs.tell(term, true);
                None
            }
            ElectionEvent::Lost(term, _) => {
                signs.tell(term, false);
                let time_left = self.election.work_until().since(self.clock.now());
                signs.lead_away(term, time_left)
            }
            _ => None,
        }
    }

    fn handle_command(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::StepDown => {
                self.election.handle_step_down(now);
                self.shared.has_stepped_down();
            }
            Command::Stop(drain_timeout) => self.election.handle_stop(now, drain_timeout),
            Command::Record {
                term,
                change,
                recorded,
            } => {
                let number = self.election.handle_record(now, term, change);
                self.recordings.insert(number, recorded);
            }
            // Each turn looks for a sign of life.
            Command::Alive => {}
            Command::Demand(demand) => self.election.handle_demand(now, demand),
            Command::Limits(limits) => self.election.handle_limits(now, limits),
        }
    }

    /// Returns whether this is another boot than before.
    fn handle_time(&mut self) -> bool {
        let now = self.clock.now();
        self.election.handle_timeout(now);
        let is_another_boot = self.boot.has_changed(&self.clock);
        if is_another_boot {
            // What is known of processes is of the boot before.
            self.prover = Arc::new(NoProof);
            self.election.handle_clock_fault(now);
            self.shared.leadership().outdate_sign_of_life();
        }
        let stalled = self
            .stall_deadline()
            .is_some_and(|deadline| now >= deadline);
        if stalled != self.stalled {
            self.stalled = stalled;
            self.shared.set_stalled(stalled);
            if stalled {
                self.election.handle_stall(now);
            } else {
                self.election.handle_alive(now);
            }
        }
        is_another_boot
    }

    /// When the host runtime counts as stalled, unless it shows a sign of life before.
    fn stall_deadline(&self) -> Option<Instant> {
        Some(self.shared.leadership().sign_of_life()? + self.stall_timeout?)
    }

    fn wake_at(&self) -> Instant {
        let longest = self.clock.now() + self.longest_wait;
        let stall = self.stall_deadline().filter(|_| !self.stalled);
        let due = self.election.poll_timeout().into_iter().chain(stall).min();
        due.map_or(longest, |due| due.min(longest))
    }
}

/// The work of a term has ended, and the route no longer leads here.
async fn end_of_term(work: WorkEnd, route: Option<BoxFuture<'static, ()>>) {
    work.wait().await;
    if let Some(route) = route {
        route.await;
    }
}

/// Ends when a term need no longer wait; never while none does.
async fn opened(opening: &mut Option<BoxFuture<'static, ()>>) {
    match opening {
        Some(waiting) => {
            waiting.await;
            *opening = None;
        }
        None => std::future::pending().await,
    }
}

/// The answer to the request in flight; does not end while there is none.
async fn answer(in_flight: &mut Option<BoxFuture<'_, Reply>>) -> Reply {
    match in_flight {
        Some(request) => {
            let reply = request.await;
            *in_flight = None;
            reply
        }
        None => std::future::pending().await,
    }
}

/// Sends one request and counts it.
async fn ask(shared: &Shared, store: &dyn LeaseStore, clock: Clock, request: Request) -> Reply {
    let sent_at = clock.now();
    let verb = Verb::from(&request.operation);
    let reply = send(store, clock, request).await;
    let outcome = Outcome::from(&reply);
    shared.metrics().count_request(verb, outcome);
    if matches!(reply, Reply::Read(_)) && shared.leadership().is_leader() {
        shared.metrics().count_slow_path();
    }
    debug!(lease = shared.lease(), verb = verb.name(), outcome = outcome.name(), took = ?clock.now().since(sent_at), "request");
    reply
}

/// Sends one request and waits for its answer until its deadline.
async fn send(store: &dyn LeaseStore, clock: Clock, request: Request) -> Reply {
    let deadline = request.deadline;
    match request.operation {
        Operation::Read => {
            let read = with_deadline(clock, deadline, store.read()).await;
            Reply::Read(read.map_err(Error::from))
        }
        Operation::Create(record) => {
            written(with_deadline(clock, deadline, store.create(record)).await)
        }
        Operation::Replace { seen, record } => {
            written(with_deadline(clock, deadline, store.replace(seen, record)).await)
        }
    }
}

/// What came of a write, in the election's words.
pub(crate) fn written(outcome: Result<StoredLease, StoreError>) -> Reply {
    match outcome {
        Err(StoreError::Conflict(reason)) => Reply::Conflict(reason),
        outcome => Reply::Written(outcome.map_err(Error::from)),
    }
}

/// Gives up on `work` at `deadline`. Dropping it tells the store to distrust the connection.
pub(crate) async fn with_deadline<T, E: From<Error>>(
    clock: Clock,
    deadline: Instant,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let limit = deadline.since(clock.now());
    select! {
        biased;
        answer = work => answer,
        () = clock.sleep_until(deadline) => Err(Error::new(
            ErrorKind::TimedOut,
            format!("no answer within {limit:.1?}"),
        )
        .into()),
    }
}
