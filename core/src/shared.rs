//! What the background task of an election shares with the threads that ask about it. Knows nothing
//! of the protocol.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tracing::{info, warn};

use crate::clock::Instant;
use crate::config::Mode;
use crate::election::{Demand, Election, ElectionEvent, Limits, LostReason, Recorded};
use crate::error::{Error, ErrorKind, Result};
use crate::events::{Event, EventSender, Loss, Subscription, Work, WorkEnd, WorkGuard, queue};
use crate::leadership::{Leadership, Term};
use crate::lease_record::{Memory, MemoryChange};
use crate::metrics::Metrics;
use crate::status::Status;

/// What the application asks of a running election.
#[derive(Debug)]
pub(crate) enum Command {
    StepDown,
    /// With a limit for its work in place of the settings'.
    Stop(Option<Duration>),
    /// The Lease is to remember a change, under the term of this number.
    Record {
        term: u64,
        change: MemoryChange,
        recorded: oneshot::Sender<Recorded>,
    },
    /// The host runtime lives; sent only after it was found stalled.
    Alive,
    /// The Lease is wanted for one piece of work.
    Demand(Demand),
    /// That work gets other limits.
    Limits(Limits),
}

/// One election, as seen from both sides.
pub(crate) struct Shared {
    lease: String,
    mode: Mode,
    leadership: Arc<Leadership>,
    metrics: Metrics,
    stalled: AtomicBool,
    view: watch::Sender<Option<View>>,
    /// The keys that somebody in this process deals with.
    claimed: watch::Sender<Vec<String>>,
    state: Mutex<State>,
}

/// What is seen of the Lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) memory: Arc<Memory>,
    pub(crate) holder: Option<String>,
}

struct State {
    /// Present while the election runs.
    running: Option<Running>,
    /// How many runs there have been.
    runs: u64,
    /// The term that listeners know of.
    term: Option<CurrentTerm>,
    /// But for what changes by itself: see `LeaderElection::status`.
    status: Status,
    subscribers: Vec<EventSender>,
    /// Work of the terms of earlier runs that goes on, and its grace.
    unfinished: (Vec<WorkEnd>, Instant),
}

struct Running {
    /// Boxed, as a queue keeps room for 32 of them.
    commands: UnboundedSender<Box<Command>>,
    /// Which run it is.
    number: u64,
    stopping: bool,
    /// Whether the application has started it.
    is_started: bool,
    /// How much work that is to run once needs it.
    campaigns: usize,
    /// Whether it stops since nobody needs it.
    is_left: bool,
    /// How many commands to step down the election does not know of yet.
    stepping_down: usize,
    /// Those who wait for a term. That their sender is dropped tells them that there will be none.
    await_term: Vec<oneshot::Sender<Term>>,
    /// Those who wait for the end of the run: then their sender is dropped.
    await_end: Vec<oneshot::Sender<Infallible>>,
    /// The one who wants the Lease for one piece of work.
    demand: Option<oneshot::Sender<Answer>>,
    /// Those who wait until such work's Lease is released, and learn whether it is known to be.
    await_given_back: Vec<oneshot::Sender<bool>>,
}

/// What comes of a demand: a term, with the work under it that keeps it from being released, and what tells
/// of its events and of none before; or why not, if that is an error.
pub(crate) type Answer = std::result::Result<(Work, Subscription), Option<Error>>;

struct CurrentTerm {
    term: Term,
    work: WorkGuard,
    /// Those who wait for the end of the term: then their sender is dropped.
    await_end: Vec<oneshot::Sender<Infallible>>,
}

/// Who needs a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The application, until it stops the election.
    Application,
    /// Work that is to run once, until it is settled.
    Work,
}

/// The end of a run, or of a term: nobody sends, and then the sender is gone.
pub(crate) type End = oneshot::Receiver<Infallible>;

fn end(waiting: &mut Vec<oneshot::Sender<Infallible>>) -> End {
    let (sender, end) = oneshot::channel();
    waiting.retain(|waiting| !waiting.is_closed());
    waiting.push(sender);
    end
}

impl Shared {
    pub(crate) fn new(lease: &str, mode: Mode, leadership: Leadership) -> Self {
        Self {
            lease: lease.to_owned(),
            mode,
            leadership: Arc::new(leadership),
            metrics: Metrics::default(),
            stalled: AtomicBool::new(false),
            view: watch::Sender::new(None),
            claimed: watch::Sender::default(),
            state: Mutex::new(State {
                running: None,
                runs: 0,
                term: None,
                status: Status::stopped(lease, mode, "the election has not been started"),
                subscribers: Vec::new(),
                unfinished: (Vec::new(), Instant::ZERO),
            }),
        }
    }

    pub(crate) fn lease(&self) -> &str {
        &self.lease
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    pub(crate) fn leadership(&self) -> &Leadership {
        &self.leadership
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    // ---- for the threads that ask --------------------------------------------------------------

    /// The channel of commands to a new run under `identity`, which only the application needs so far, or
    /// nobody; `None` when one is running already. `why_not_leading` holds until the background task says
    /// otherwise.
    pub(crate) fn begin(
        &self,
        identity: &str,
        why_not_leading: &str,
        need: Need,
    ) -> Option<(u64, UnboundedReceiver<Box<Command>>)> {
        let mut state = self.state();
        if state.running.is_some() {
            return None;
        }
        let (commands, receiver) = unbounded_channel();
        state.runs += 1;
        let number = state.runs;
        state.running = Some(Running {
            commands,
            number,
            stopping: false,
            is_started: need == Need::Application,
            campaigns: usize::from(need == Need::Work),
            is_left: false,
            stepping_down: 0,
            await_term: Vec::new(),
            await_end: Vec::new(),
            demand: None,
            await_given_back: Vec::new(),
        });
        self.leadership.allow_terms();
        self.stalled.store(false, Ordering::Relaxed);
        state.status = Status::started(&self.lease, self.mode, identity, why_not_leading);
        self.view.send_replace(None);
        self.leadership.note_progress();
        Some((number, receiver))
    }

    pub(crate) fn is_running(&self) -> bool {
        self.state().running.is_some()
    }

    /// Whether it runs, and nobody has asked it to stop.
    pub(crate) fn is_wanted(&self) -> bool {
        self.state().running.as_ref().is_some_and(|it| !it.stopping)
    }

    /// Sends `command` to the running election, and returns the end of its run; `None` if none
    /// runs. A command to stop leading does so for everybody who asks, at once.
    pub(crate) fn command(&self, command: Command) -> Option<End> {
        self.send(self.state().running.as_mut()?, command)
    }

    fn send(&self, running: &mut Running, command: Command) -> Option<End> {
        match command {
            Command::StepDown => {
                self.leadership.revoke_terms();
                running.stepping_down += 1;
            }
            Command::Stop(_) => {
                self.leadership.revoke_terms();
                running.stopping = true;
                // At once: the end of the run may wait for those who wait for a term.
                running.await_term.clear();
            }
            Command::Record { .. } | Command::Alive | Command::Demand(_) | Command::Limits(_) => {}
        }
        running.commands.send(Box::new(command)).ok()?;
        Some(end(&mut running.await_end))
    }

    /// Has the Lease remember a change, under `term`, and waits for what becomes of that.
    pub(crate) async fn record(&self, term: &Term, change: MemoryChange) -> Recorded {
        let (sender, recorded) = oneshot::channel();
        let command = Command::Record {
            term: term.number(),
            change,
            recorded: sender,
        };
        match self.command(command) {
            // Its sender ends with the election.
            Some(_) => recorded.await.unwrap_or(Recorded::TermOver),
            None => Recorded::TermOver,
        }
    }

    /// Fails if nobody can tell what the Lease remembers.
    pub(crate) fn check_memory(&self, memory: &Memory) -> Result<()> {
        match &memory.unreadable {
            Some(why) => Err(Error::new(
                ErrorKind::Corrupt,
                format!(
                    "what the Lease `{}` remembers cannot be understood, so nothing is run: mend or \
                     remove the annotation {why}",
                    self.lease
                ),
            )),
            None => Ok(()),
        }
    }

    /// Notes who needs the present run, and returns its number; if it stops, the end to wait for
    /// before another can begin. `None` if the election does not run.
    pub(crate) fn need(&self, need: Need) -> Option<std::result::Result<u64, End>> {
        let mut state = self.state();
        let running = state.running.as_mut()?;
        match need {
            // The application has stopped it by itself, and knows.
            Need::Application if !running.is_left => running.is_started = true,
            Need::Work if !running.stopping => running.campaigns += 1,
            _ => return Some(Err(end(&mut running.await_end))),
        }
        Some(Ok(running.number))
    }

    /// The end of the run of this number; `None` if it has ended.
    pub(crate) fn end_of_run(&self, run: u64) -> Option<End> {
        let mut state = self.state();
        let running = state.running.as_mut().filter(|it| it.number == run)?;
        Some(end(&mut running.await_end))
    }

    /// Work that is to run once no longer needs the run of this number. Stops it, and returns its end, if
    /// nobody else does.
    pub(crate) fn leave(&self, run: u64) -> Option<End> {
        let mut state = self.state();
        let running = state.running.as_mut().filter(|it| it.number == run)?;
        running.campaigns -= 1;
        if running.campaigns > 0 || running.is_started {
            return None;
        }
        running.is_left = true;
        self.send(running, Command::Stop(None))
    }

    /// Wants the Lease for one piece of work, and those who wanted it before no longer do; `None`
    /// if the election does not run.
    pub(crate) fn demand(&self, demand: Demand) -> Option<oneshot::Receiver<Answer>> {
        let (sender, answer) = oneshot::channel();
        let mut state = self.state();
        let running = state.running.as_mut()?;
        running.demand = Some(sender);
        let command = Box::new(Command::Demand(demand));
        running.commands.send(command).ok()?;
        Some(answer)
    }

    /// Ends such work, or the wait for it. Returns what tells whether its Lease was released;
    /// `None` where the election does not run.
    pub(crate) fn give_back(&self) -> Option<oneshot::Receiver<bool>> {
        let (sender, given_back) = oneshot::channel();
        self.state().running.as_mut()?.await_given_back.push(sender);
        self.command(Command::StepDown)?;
        Some(given_back)
    }

    /// What the next term will be sent through, or the present one is at once; `None` if the
    /// election does not run, or stops.
    pub(crate) fn await_term(&self) -> Option<oneshot::Receiver<Term>> {
        let mut state = self.state();
        let (sender, term) = oneshot::channel();
        let present = state.term.as_ref().map(|it| it.term.clone());
        let running = state.running.as_mut().filter(|it| !it.stopping)?;
        if let Some(term) = present.filter(Term::is_valid) {
            // The receiver is at hand.
            let _ = sender.send(term);
        } else {
            running.await_term.retain(|waiting| !waiting.is_closed());
            running.await_term.push(sender);
        }
        Some(term)
    }

    pub(crate) fn claimed(&self) -> &watch::Sender<Vec<String>> {
        &self.claimed
    }

    /// What is seen of the Lease, and each change of that.
    pub(crate) fn view(&self) -> watch::Receiver<Option<View>> {
        self.view.subscribe()
    }

    pub(crate) fn sign_of_life(&self) {
        self.leadership.note_sign_of_life();
        if self.stalled.load(Ordering::Relaxed) {
            self.command(Command::Alive);
        }
    }

    pub(crate) fn status(&self) -> Status {
        self.state().status.clone()
    }

    /// The present term, and a guard that counts as unfinished work under it.
    pub(crate) fn work(&self) -> Option<(Term, WorkGuard)> {
        let state = self.state();
        let CurrentTerm { term, work, .. } = state.term.as_ref()?;
        term.is_valid().then(|| (term.clone(), work.clone()))
    }

    /// The same, and the end of that term.
    pub(crate) fn work_and_end(&self) -> Option<(Term, WorkGuard, End)> {
        let mut state = self.state();
        let current = state.term.as_mut()?;
        let end = end(&mut current.await_end);
        let (term, work) = (current.term.clone(), current.work.clone());
        term.is_valid().then_some((term, work, end))
    }

    /// A new subscription. If this instance leads already, that is its first event.
    pub(crate) fn subscribe(&self) -> Subscription {
        let (sender, receiver) = queue();
        let mut state = self.state();
        // A standby may have no event for weeks, while its application subscribes again and again.
        state
            .subscribers
            .retain(|subscriber| !subscriber.is_closed());
        if let Some(CurrentTerm { term, .. }) = &state.term {
            sender.send(Event::Acquired(term.clone()));
        }
        state.subscribers.push(sender);
        Subscription::new(receiver)
    }

    // ---- for the background task ---------------------------------------------------------------

    /// The election knows that it has to step down, and what it publishes from now on is news.
    pub(crate) fn has_stepped_down(&self) {
        if let Some(running) = &mut self.state().running {
            running.stepping_down = running.stepping_down.saturating_sub(1);
            self.allow_terms_again(running);
        }
    }

    fn allow_terms_again(&self, running: &Running) {
        if running.stepping_down == 0 && !running.stopping {
            self.leadership.allow_terms();
        }
    }

    pub(crate) fn publish_view(&self, memory: Option<&Memory>, holder: Option<&str>) {
        let Some(memory) = memory else {
            return;
        };
        self.view.send_if_modified(|view| {
            let is_news = view
                .as_ref()
                .is_none_or(|view| *view.memory != *memory || view.holder.as_deref() != holder);
            if is_news {
                *view = Some(View {
                    memory: Arc::new(memory.clone()),
                    holder: holder.map(str::to_owned),
                });
            }
            is_news
        });
    }

    pub(crate) fn update_status(&self, election: &Election, now: Instant) {
        self.state().status.update(election, now);
    }

    /// What an earlier run has left unfinished, for the next one to wait for.
    pub(crate) fn take_unfinished(&self) -> (Vec<WorkEnd>, Instant) {
        std::mem::take(&mut self.state().unfinished)
    }

    pub(crate) fn keep_unfinished(&self, unfinished: Vec<WorkEnd>, grace_until: Instant) {
        self.state().unfinished = (unfinished, grace_until);
    }

    pub(crate) fn set_stalled(&self, stalled: bool) {
        if stalled {
            warn!(
                lease = self.lease,
                "the application shows no sign of life: not leading"
            );
        }
        self.stalled.store(stalled, Ordering::Relaxed);
    }

    /// Passes an event on to all listeners. Returns, for a new term, what waits for its work.
    pub(crate) fn notify(&self, event: ElectionEvent) -> Option<WorkEnd> {
        self.log(&event);
        let mut state = self.state();
        let mut work_end = None;
        let event = match event {
            ElectionEvent::Acquired(record) => {
                self.metrics.count_term(record.acquisition);
                let term = Term::new(record, self.leadership.clone());
                let (guard, end) = WorkGuard::new();
                work_end = Some(end);
                for waiting in state
                    .running
                    .iter_mut()
                    .flat_map(|it| it.await_term.drain(..))
                {
                    // It may have been given up.
                    let _ = waiting.send(term.clone());
                }
                if let Some(demand) = state.running.as_mut().and_then(|it| it.demand.take()) {
                    let work = Work {
                        term: term.clone(),
                        _unfinished: guard.clone(),
                    };
                    let (sender, events) = queue();
                    state.subscribers.push(sender);
                    // One who has given up meanwhile also says so.
                    let _ = demand.send(Ok((work, Subscription::new(events))));
                }
                state.term = Some(CurrentTerm {
                    term: term.clone(),
                    work: guard,
                    await_end: Vec::new(),
                });
                Event::Acquired(term)
            }
            ElectionEvent::Lost(_, reason) => self.end_term(&mut state, reason)?,
            ElectionEvent::LeftToExpire(_) => return None,
            ElectionEvent::Declined(error) => {
                if let Some(demand) = state.running.as_mut().and_then(|it| it.demand.take()) {
                    // As above.
                    let _ = demand.send(Err(error));
                }
                return None;
            }
            ElectionEvent::GivenBack(given_back) => {
                let waiting = state.running.iter_mut();
                for waiting in waiting.flat_map(|it| it.await_given_back.drain(..)) {
                    // As above.
                    let _ = waiting.send(given_back);
                }
                return None;
            }
            ElectionEvent::LeaderChanged(holder) => Event::LeaderChanged(holder),
            ElectionEvent::RenewalFailing(error) => Event::RenewalFailing(error),
            ElectionEvent::Stopped => {
                // Before those go on who wait for the end: they may remove the listeners.
                state.broadcast(&Event::Stopped);
                self.end_run(&mut state);
                return None;
            }
        };
        state.broadcast(&event);
        work_end
    }

    /// Without the lock, since a sink may want to know how the election stands.
    fn log(&self, event: &ElectionEvent) {
        let lease = &self.lease;
        match event {
            ElectionEvent::Acquired(term) => {
                let (fencing_token, identity) = (term.fencing_token.0, self.status().identity);
                let acquisition = term.acquisition;
                info!(lease, fencing_token, identity, %acquisition, "leading");
            }
            ElectionEvent::Lost(term, reason) => {
                let fencing_token = term.fencing_token.0;
                match reason {
                    LostReason::Stopped | LostReason::SteppedDown | LostReason::LimitReached => {
                        info!(lease, fencing_token, %reason, "no longer leading");
                    }
                    // Nobody here has asked for it.
                    _ => warn!(lease, fencing_token, %reason, "no longer leading"),
                }
            }
            ElectionEvent::LeftToExpire(term) => {
                let fencing_token = term.fencing_token.0;
                warn!(
                    lease,
                    fencing_token,
                    "work has not ended in time: the Lease is not released, and has to expire"
                );
            }
            ElectionEvent::LeaderChanged(Some(holder)) => {
                info!(lease, holder, "the holder has changed");
            }
            ElectionEvent::LeaderChanged(None) => info!(lease, "nobody holds the Lease"),
            ElectionEvent::RenewalFailing(error) => {
                warn!(lease, %error, "cannot acquire or renew");
            }
            ElectionEvent::Stopped => info!(lease, "stopped"),
            ElectionEvent::Declined(_) | ElectionEvent::GivenBack(_) => {}
        }
    }

    /// Ends everything that a run which panicked has left behind. Returns whether the application
    /// wanted it stopped.
    pub(crate) fn give_up_after_defect(&self) -> bool {
        self.leadership.publish(None);
        let mut state = self.state();
        if let Some(loss) = self.end_term(&mut state, LostReason::Expired) {
            state.broadcast(&loss);
        }
        let error = || Error::new(ErrorKind::Internal, "a defect in Leasehold ended the term");
        state.broadcast(&Event::RenewalFailing(error()));
        state.running.as_mut().is_none_or(|running| {
            // What the next run would answer is unknown. The one who waits may have given up.
            if let Some(demand) = running.demand.take() {
                let _ = demand.send(Err(Some(error())));
            }
            for waiting in running.await_given_back.drain(..) {
                let _ = waiting.send(false);
            }
            // Those that were under way are lost, as is the term.
            running.stepping_down = 0;
            self.allow_terms_again(running);
            running.stopping
        })
    }

    fn end_run(&self, state: &mut State) {
        state.running = None;
        state.status = Status::stopped(&self.lease, self.mode, "the election has been stopped");
    }

    fn end_term(&self, state: &mut State, reason: LostReason) -> Option<Event> {
        let CurrentTerm { term, work, .. } = state.term.take()?;
        self.metrics.count_loss(reason);
        Some(Event::Lost(Loss {
            term,
            reason,
            _work: work,
        }))
    }

    /// A listener that panicked has left nothing half done here.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn broadcast(&mut self, event: &Event) {
        self.subscribers
            .retain(|subscriber| subscriber.send(event.clone()));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::clock::{Clock, WallTime};
    use crate::election::{ActiveTerm, TermRecord};
    use crate::leadership::Longest;
    use crate::lease_record::{Acquisition, ResourceVersion};

    /// An election that work has begun a run of, and the term of a number as the background task publishes it.
    fn running() -> (
        Shared,
        UnboundedReceiver<Box<Command>>,
        impl Fn(u64) -> ActiveTerm,
    ) {
        let clock = Clock::simulated(WallTime::default());
        let longest = Longest {
            term: Duration::from_secs(10),
            work: Duration::from_secs(15),
        };
        let leadership = Leadership::new(clock, longest).unwrap();
        let shared = Shared::new("jobs", Mode::Kubernetes, leadership);
        let (_, commands) = shared
            .begin("a", "it has just been started", Need::Work)
            .unwrap();
        let until = clock.now() + Duration::from_secs(10);
        let term = move |number| {
            let term = TermRecord {
                number,
                fencing_token: ResourceVersion(number),
                transitions: 0,
                uid: String::new(),
                acquired_at: WallTime::default(),
                acquisition: Acquisition::Free,
            };
            ActiveTerm::new(term, until, until)
        };
        (shared, commands, term)
    }

    #[tokio::test(start_paused = true)]
    async fn a_term_that_had_begun_unseen_is_not_published_after_a_step_down() {
        let (shared, mut commands, term) = running();
        let leadership = shared.leadership();
        leadership.publish(Some(&term(1)));
        leadership.publish(None);

        // The election has won the second one, and is about to publish it.
        shared.command(Command::StepDown).unwrap();
        shared.command(Command::StepDown).unwrap();
        leadership.publish(Some(&term(2)));
        assert!(!leadership.is_leader());

        // It is told, and ends that term; of a second command it is told later.
        assert!(matches!(
            commands.recv().await.as_deref(),
            Some(Command::StepDown)
        ));
        shared.has_stepped_down();
        leadership.publish(Some(&term(2)));
        assert!(!leadership.is_leader());
        shared.has_stepped_down();
        leadership.publish(Some(&term(2)));
        assert!(!leadership.is_leader());

        leadership.publish(Some(&term(3)));
        assert!(leadership.is_leader());
    }

    #[test]
    fn a_run_that_only_work_needed_stops_with_the_last_and_is_nobody_elses_from_then_on() {
        let (shared, mut commands, _) = running();
        let run = shared.need(Need::Work).unwrap().unwrap();
        assert!(
            shared.leave(run).is_none(),
            "that which has begun it needs it"
        );
        assert!(shared.leave(run).is_some());
        assert!(matches!(
            commands.try_recv().as_deref(),
            Ok(Command::Stop(None))
        ));
        shared.need(Need::Work).unwrap().unwrap_err();
        shared.need(Need::Application).unwrap().unwrap_err();

        shared.notify(ElectionEvent::Stopped);
        assert!(shared.need(Need::Application).is_none());
        let (next, _commands) = shared
            .begin("a", "it has just been started", Need::Work)
            .unwrap();
        assert_ne!(next, run);
    }

    #[test]
    fn a_run_that_the_application_has_begun_goes_on_after_work_that_came_meanwhile() {
        let (shared, ..) = running();
        shared.notify(ElectionEvent::Stopped);
        let need = Need::Application;
        let (run, mut commands) = shared.begin("a", "it has just been started", need).unwrap();
        assert_eq!(shared.need(Need::Work).unwrap().unwrap(), run);
        assert!(shared.leave(run).is_none());
        commands.try_recv().unwrap_err();
        assert!(shared.begin("a", "it runs already", need).is_none());
    }

    #[test]
    fn a_run_that_the_application_needs_as_well_goes_on_after_the_work() {
        let (shared, mut commands, _) = running();
        let run = shared.need(Need::Work).unwrap().unwrap();
        shared.need(Need::Application).unwrap().unwrap();
        assert!(shared.leave(run).is_none());
        commands.try_recv().unwrap_err();
    }

    #[test]
    fn work_of_an_earlier_run_leaves_the_next_one_alone() {
        let (shared, _commands, _) = running();
        let run = shared.need(Need::Work).unwrap().unwrap();
        shared.notify(ElectionEvent::Stopped);
        let (_, mut commands) = shared
            .begin("a", "it has just been started", Need::Work)
            .unwrap();
        assert!(shared.leave(run).is_none());
        commands.try_recv().unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn no_term_is_published_after_a_stop() {
        let (shared, _commands, term) = running();
        shared.command(Command::StepDown).unwrap();
        shared.command(Command::Stop(None)).unwrap();
        shared.has_stepped_down();
        shared.leadership().publish(Some(&term(1)));
        assert!(!shared.leadership().is_leader());
    }

    /// As the background task does when a term begins.
    fn lead(shared: &Shared, active: &ActiveTerm) -> WorkEnd {
        shared.leadership().publish(Some(active));
        let event = ElectionEvent::Acquired(active.term.clone());
        shared.notify(event).expect("a term, whose work may end")
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_the_term_at_once_for_everybody_who_asks_or_waits() {
        let (shared, mut commands, term) = running();
        let waiting = shared.await_term().unwrap();
        shared.leadership().publish(Some(&term(1)));
        assert!(shared.is_running() && shared.is_wanted());
        shared.command(Command::Stop(None)).unwrap();
        assert!(!shared.leadership().is_leader());
        assert!(waiting.now_or_never().unwrap().is_err());
        assert!(shared.await_term().is_none());
        assert!(shared.is_running() && !shared.is_wanted());
        assert!(matches!(
            commands.try_recv().as_deref(),
            Ok(Command::Stop(None))
        ));
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_begins_with_nothing_of_the_one_before() {
        let (shared, _commands, term) = running();
        shared.set_stalled(true);
        shared.publish_view(Some(&Memory::default()), Some("b"));
        assert!(shared.view().borrow().is_some());
        let end = shared.command(Command::Stop(None)).unwrap();
        shared.notify(ElectionEvent::Stopped);
        assert!(end.now_or_never().unwrap().is_err(), "the run has ended");
        assert!(!shared.is_running() && !shared.is_wanted());
        tokio::time::advance(Duration::from_secs(5)).await;

        let need = Need::Application;
        let (run, mut commands) = shared.begin("z", "it waits", need).unwrap();
        assert!(shared.is_wanted());
        assert_eq!(*shared.view().borrow(), None);
        assert_eq!(shared.leadership().idle_for(), Duration::ZERO);
        let status = shared.status();
        assert_eq!(status.identity.as_deref(), Some("z"));
        assert_eq!(status.why_not_leading.as_deref(), Some("it waits"));
        shared.sign_of_life();
        commands.try_recv().unwrap_err();
        assert!(shared.end_of_run(run).is_some());
        assert!(shared.end_of_run(run + 1).is_none());
        shared.leadership().publish(Some(&term(2)));
        assert!(shared.leadership().is_leader());
    }

    #[tokio::test(start_paused = true)]
    async fn a_term_is_given_out_while_it_is_valid_and_no_longer() {
        let (shared, _commands, term) = running();
        let mut waiting = shared.await_term().unwrap();
        assert!(shared.work().is_none());
        let work_end = lead(&shared, &term(1));
        assert!(waiting.try_recv().unwrap().is_valid());
        let at_once = shared.await_term().unwrap().now_or_never().unwrap();
        assert_eq!(at_once.unwrap().number(), 1);
        let (_, work) = shared.work().unwrap();
        let (_, other_work, end) = shared.work_and_end().unwrap();

        // Nobody has told of its end yet.
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(shared.work().is_none() && shared.work_and_end().is_none());
        assert!(shared.await_term().unwrap().now_or_never().is_none());

        let term = term(1).term;
        shared.notify(ElectionEvent::Lost(term, LostReason::Expired));
        assert!(end.now_or_never().unwrap().is_err(), "the term has ended");
        drop(work);
        assert!(!work_end.has_come());
        drop(other_work);
        assert!(work_end.has_come());
    }

    #[tokio::test(start_paused = true)]
    async fn who_subscribes_to_a_leader_is_told_so_and_holds_its_loss_as_unfinished_work() {
        let (shared, _commands, term) = running();
        let work_end = lead(&shared, &term(1));
        let mut events = shared.subscribe();
        let acquired = events.next().now_or_never().unwrap();
        assert!(matches!(acquired, Some(Event::Acquired(_))));
        let over = term(1).term;
        shared.notify(ElectionEvent::Lost(over, LostReason::Superseded));
        let ended = events.next().now_or_never().unwrap();
        assert!(matches!(&ended, Some(Event::Lost(loss)) if loss.reason == LostReason::Superseded));
        assert!(!work_end.has_come());
        drop(ended);
        assert!(work_end.has_come());
    }

    #[tokio::test(start_paused = true)]
    async fn a_sign_of_life_wakes_an_election_that_was_found_stalled() {
        let (shared, mut commands, _) = running();
        shared.sign_of_life();
        commands.try_recv().unwrap_err();
        shared.set_stalled(true);
        shared.sign_of_life();
        assert!(matches!(commands.try_recv().as_deref(), Ok(Command::Alive)));
        let now = shared.leadership().clock().now();
        assert_eq!(shared.leadership().sign_of_life(), Some(now));
    }

    #[tokio::test(start_paused = true)]
    async fn a_defect_ends_the_term_and_leaves_nobody_waiting() {
        let (shared, _commands, term) = running();
        lead(&shared, &term(1));
        assert!(!shared.give_up_after_defect(), "nobody wants it stopped");
        assert!(!shared.leadership().is_leader());

        lead(&shared, &term(2));
        let mut events = shared.subscribe();
        events.next().await;
        let given_back = shared.give_back().unwrap();
        let limits = Limits::default();
        let until = shared.leadership().clock().now();
        let answer = shared.demand(Demand { until, limits }).unwrap();
        assert!(!shared.give_up_after_defect());
        let ended = events.next().now_or_never().unwrap();
        assert!(matches!(&ended, Some(Event::Lost(loss)) if loss.reason == LostReason::Expired));
        let told = events.next().now_or_never().unwrap();
        assert!(
            matches!(told, Some(Event::RenewalFailing(error)) if error.kind() == ErrorKind::Internal)
        );
        assert!(!given_back.now_or_never().unwrap().unwrap());
        let answer = answer.now_or_never().unwrap().unwrap();
        assert!(matches!(answer, Err(Some(error)) if error.kind() == ErrorKind::Internal));

        // The command to step down is lost with the term, and keeps no other from being published.
        shared.leadership().publish(Some(&term(3)));
        assert!(shared.leadership().is_leader());

        shared.command(Command::Stop(None)).unwrap();
        assert!(shared.give_up_after_defect());
        shared.notify(ElectionEvent::Stopped);
        assert!(!shared.is_running());
        events.next().await;
        assert!(matches!(events.next().await, Some(Event::Stopped)));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_run_on_what_nobody_can_read() {
        let (shared, ..) = running();
        shared.check_memory(&Memory::default()).unwrap();
        let memory = Memory {
            unreadable: Some("leasehold.io/done: ?".to_owned()),
            ..Memory::default()
        };
        let error = shared.check_memory(&memory).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.message().contains("leasehold.io/done"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_a_run_has_left_is_taken_over_once() {
        let (shared, _commands, term) = running();
        let work_end = lead(&shared, &term(1));
        let until = shared.leadership().clock().now();
        shared.keep_unfinished(vec![work_end], until);
        let (unfinished, grace_until) = shared.take_unfinished();
        assert_eq!((unfinished.len(), grace_until), (1, until));
        assert!(shared.take_unfinished().0.is_empty());
    }
}
