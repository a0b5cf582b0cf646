//! All that there is at one instant, and what may happen next.
//!
//! What is due is done before time goes on, unless a fault delays it, for any while; which requests and
//! news come first is open. What a candidate does by itself is independent of what others do at the
//! same time, so of their orders one is looked at. What comes after an input comes as the driver has it.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;

use super::super::harness::settings;
use super::canonical::Canonical;
use super::store::{INTRUDER, Store, note};
use crate::clock::Instant;
use crate::election::{
    ActiveTerm, Election, ElectionEvent, Observation, Operation, ProvenDeath, Reply, Settings,
};
use crate::error::{Error, ErrorKind};
use crate::lease_record::{Acquisition, Proof, ResourceVersion};

const START: Instant = Instant::from_nanos(1_000_000_000_000);
/// The next number drawn from it is zero, so that waits are as short as they may be: how much longer
/// jitter makes them is a matter of when what is due is done.
const NO_JITTER: u64 = 0_u64.wrapping_sub(0x2d35_8dcc_aa6c_78a5);
const INTRUDERS_DURATION: i32 = 3;

/// Three ticks, two, and one, where a clock shows two seconds more with each tick.
pub(super) const LEASE: Duration = Duration::from_secs(6);
const RENEW: Duration = Duration::from_secs(4);
const RETRY: Duration = Duration::from_secs(2);
/// In ticks, by the slowest clock.
const LEASE_TICKS: u32 = 3;

/// What may happen in a run.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    /// By how many seconds the clock of each candidate goes on with each tick.
    pub(super) clocks: Vec<u64>,
    /// For how long it is looked at.
    pub(super) ticks: u32,
    /// How many faults there may be in one course of events, and of which kinds.
    pub(super) faults: u8,
    pub(super) kinds: Vec<Kind>,
    /// Whether there are watches; otherwise candidates poll.
    pub(super) watched: bool,
    /// Whether a process that starts again has the name of its last life; and takes up what that left.
    pub(super) same_name: bool,
    pub(super) reclaim: bool,
    /// Whether deaths become known: not at all, those that have been, or all that are said.
    pub(super) proofs: Proofs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proofs {
    None,
    True,
    False,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A process does nothing, until it recovers at any time.
    Pause,
    /// Nothing reaches it, and nothing of it the store; likewise.
    CutOff,
    /// A request or its answer is under way for as long.
    Slow,
    /// A request or its answer gets lost. A write that nobody waits for any more may still arrive.
    Lost,
    /// A watch tells nothing for as long.
    WatchLags,
    /// A process is killed. It may start again at any time.
    Crash,
    /// A request fails at once; nobody knows whether it takes effect.
    Error,
    WatchEnds,
    StepDown,
    Stop,
    /// The application shows no sign of life, until it does.
    Stall,
    Deleted,
    Emptied,
    /// A client that keeps no rules takes the Lease, and may release it at any time.
    BrokenInto,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Timer(usize),
    Answer(usize),
    WorkEnds(usize),
    Alive(usize),
    Recover(usize),
    Land(usize),
    WatchOpens(usize),
    Hear(usize),
    Proof(usize),
    Start(usize),
    IntruderReleases,
    LandLate(usize),
    GiveUp(usize),
    Fault(Kind, usize),
    Tick,
}

#[derive(Clone, Debug)]
pub(super) struct World {
    tick: u32,
    store: Store,
    nodes: Vec<Arc<Node>>,
    /// Writes under way that nobody waits for any more.
    late: Vec<Operation>,
    faults_left: u8,
    last_token: ResourceVersion,
    /// No process starts before this tick, since the Lease was deleted or broken into: it could not
    /// know who held the Lease before.
    no_start_until: u32,
    /// A rule that was broken in the last step.
    pub(super) broken: Option<&'static str>,
    /// What has been reached, which a check of much may not miss.
    pub(super) reached: Option<Reached>,
    key: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reached {
    Term,
    /// A term after that of another candidate.
    Successor,
    /// The same, since the other was proven dead.
    ProvenSuccessor,
}

#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, not states of one thing"
)]
struct Node {
    name: String,
    now: Instant,
    election: Election,
    /// Counts its processes.
    life: u8,
    runs: Runs,
    leader_until: Instant,
    in_flight: Option<Flight>,
    /// Up to which version its watch has told, if it stands.
    heard: Option<ResourceVersion>,
    /// Whether a term that was told of has not been told to be over.
    leads: bool,
    /// Terms that are over, and whose work is not.
    unfinished: u8,
    stalled: bool,
    paused: bool,
    cut_off: bool,
    deaf: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runs {
    Yes,
    Stopped,
    Dead,
}

#[derive(Clone, Debug)]
struct Flight {
    operation: Operation,
    deadline: Instant,
    answer: Option<Reply>,
    fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Fate {
    Quick,
    Slow,
    Lost,
}

impl World {
    pub(super) fn new(bounds: &Bounds) -> Self {
        assert_eq!(Rng::with_seed(NO_JITTER).f64().to_bits(), 0, "some jitter");
        let nodes = 0..bounds.clocks.len();
        let mut world = Self {
            tick: 0,
            store: Store::default(),
            nodes: nodes
                .map(|node| Arc::new(Node::start(bounds, node, 0, START)))
                .collect(),
            late: Vec::new(),
            faults_left: bounds.faults,
            last_token: ResourceVersion::default(),
            no_start_until: 0,
            broken: None,
            reached: None,
            key: 0,
        };
        for node in 0..world.nodes.len() {
            world.drive(bounds, node);
        }
        world.settle(bounds);
        world
    }

    pub(super) fn key(&self) -> u64 {
        self.key
    }

    pub(super) fn tick(&self) -> u32 {
        self.tick
    }

    pub(super) fn leaders(&self) -> usize {
        self.nodes.iter().filter(|node| node.is_leader()).count()
    }

    /// Whether nothing but time keeps a candidate from leading: all goes well for a while.
    pub(super) fn can_have_a_leader(&self, bounds: &Bounds) -> bool {
        let mut world = self.clone();
        let mut actions = Vec::new();
        let end = world.tick + 8 * LEASE_TICKS;
        while world.tick < end {
            if world.leaders() == 1 {
                return true;
            }
            let peace = Bounds {
                faults: 0,
                proofs: Proofs::None,
                ..bounds.clone()
            };
            world.actions(&peace, &mut actions);
            let is_peaceful = |it: &&Action| !matches!(it, Action::LandLate(_) | Action::Tick);
            let action = actions.iter().find(is_peaceful).copied();
            let action = action.unwrap_or(Action::Tick);
            actions.clear();
            world.happen(&peace, action);
        }
        false
    }

    // ---- what may happen -----------------------------------------------------------------------

    pub(super) fn actions(&self, bounds: &Bounds, actions: &mut Vec<Action>) {
        let mut nodes = self.nodes.iter().enumerate();
        let by_itself = nodes.find_map(|(node, it)| it.by_itself(bounds, node, actions));
        if by_itself.is_none() {
            self.among_others(bounds, actions);
        }
        if self.faults_left > 0 {
            for kind in &bounds.kinds {
                let nodes = 0..self.nodes.len();
                let may_fail = |node: &usize| self.may_fail(*kind, *node);
                actions.extend(
                    nodes
                        .filter(may_fail)
                        .map(|node| Action::Fault(*kind, node)),
                );
            }
        }
    }

    /// What comes of several at once in any order; time goes on when there is nothing of it.
    fn among_others(&self, bounds: &Bounds, actions: &mut Vec<Action>) {
        for (node, it) in self.nodes.iter().enumerate() {
            if it.may_land() {
                actions.push(Action::Land(node));
            }
            let news = it.heard.and_then(|heard| self.store.next_after(heard));
            if news.is_some() && !it.deaf && !it.paused && !it.cut_off {
                actions.push(Action::Hear(node));
            }
        }
        if actions.is_empty() {
            actions.push(Action::Tick);
        }
        for (node, it) in self.nodes.iter().enumerate() {
            if it.unfinished > 0 {
                actions.push(Action::WorkEnds(node));
            }
            if it.runs != Runs::Yes && self.tick >= self.no_start_until {
                actions.push(Action::Start(node));
            }
            if it.is_troubled() {
                actions.push(Action::Recover(node));
            }
            if it.stalled {
                actions.push(Action::Alive(node));
            }
            if it.runs == Runs::Yes && !it.paused && self.may_be_proven(bounds, it) {
                actions.push(Action::Proof(node));
            }
        }
        if self.store.is_intruders() {
            actions.push(Action::IntruderReleases);
        }
        actions.extend((0..self.late.len()).map(Action::LandLate));
    }

    /// What the page on safety says not to do is not done.
    fn may_fail(&self, kind: Kind, node: usize) -> bool {
        let it = &self.nodes[node];
        let runs = it.runs == Runs::Yes;
        let mut running = self.nodes.iter().filter(|it| it.runs == Runs::Yes);
        let may_be = |fate| it.in_flight.as_ref().is_some_and(|it| it.fate < fate);
        match kind {
            Kind::Pause => runs && !it.paused,
            Kind::CutOff => runs && !it.paused && !it.cut_off,
            Kind::Slow => runs && may_be(Fate::Slow),
            Kind::Lost => runs && may_be(Fate::Lost),
            Kind::WatchLags => runs && it.heard.is_some() && !it.deaf && !it.paused && !it.cut_off,
            Kind::Crash => it.runs != Runs::Dead,
            Kind::Error => runs && it.in_flight.is_some(),
            Kind::WatchEnds => runs && it.heard.is_some(),
            Kind::StepDown => runs && it.is_leader(),
            Kind::Stop => runs,
            Kind::Stall => runs && !it.stalled,
            Kind::Emptied => node == 0 && self.store.holder().is_some(),
            // Who takes the Lease for absent does not know that it was held.
            Kind::Deleted => {
                let is_aware = |it: &Arc<Node>| it.election.observed.lease().is_some();
                node == 0 && self.store.lease.is_some() && running.all(is_aware)
            }
            // Who does not know the holder does not wait for it.
            Kind::BrokenInto => {
                let holder = self.store.holder().filter(|holder| *holder != INTRUDER);
                let is_aware = |it: &Arc<Node>| it.election.observed.holder() == holder;
                node == 0 && holder.is_some() && running.all(is_aware)
            }
        }
    }

    /// Whether it may become known to a candidate that the holder is dead.
    fn may_be_proven(&self, bounds: &Bounds, it: &Node) -> bool {
        let noted = it
            .election
            .provable()
            .and_then(|it| it.record.note.as_ref());
        noted.is_some_and(|note| match bounds.proofs {
            Proofs::None => false,
            Proofs::False => true,
            Proofs::True => {
                let process = &note.process.boot;
                let lives = |it: &Arc<Node>| it.runs != Runs::Dead && it.process() == *process;
                !self.nodes.iter().any(lives)
            }
        })
    }

    // ---- what happens --------------------------------------------------------------------------

    pub(super) fn after(&self, bounds: &Bounds, action: Action) -> Self {
        let mut world = self.clone();
        world.broken = None;
        world.reached = None;
        world.happen(bounds, action);
        world.settle(bounds);
        world
    }

    fn happen(&mut self, bounds: &Bounds, action: Action) {
        match action {
            Action::Tick => {
                self.tick += 1;
                for (node, seconds) in self.nodes.iter_mut().zip(&bounds.clocks) {
                    let node = Arc::make_mut(node);
                    node.now = node.now + Duration::from_secs(*seconds);
                }
            }
            Action::LandLate(which) => {
                let operation = self.late.remove(which);
                self.store.execute(&operation);
            }
            Action::IntruderReleases => self.store.intruder_releases(),
            Action::Land(node) => {
                let it = Arc::make_mut(&mut self.nodes[node]);
                let flight = it.in_flight.as_mut().expect("a request");
                flight.answer = Some(self.store.execute(&flight.operation));
            }
            Action::Start(node) => {
                let it = &self.nodes[node];
                let started = Node::start(bounds, node, it.life + 1, it.now);
                self.kill(node);
                self.nodes[node] = Arc::new(started);
                self.drive(bounds, node);
            }
            Action::Fault(kind, node) => {
                self.faults_left -= 1;
                self.fail(bounds, kind, node);
            }
            Action::Recover(node) => Arc::make_mut(&mut self.nodes[node]).recover(),
            Action::GiveUp(node) => self.give_up(bounds, node, ErrorKind::TimedOut),
            Action::Timer(node)
            | Action::Answer(node)
            | Action::WorkEnds(node)
            | Action::Alive(node)
            | Action::WatchOpens(node)
            | Action::Hear(node)
            | Action::Proof(node) => {
                let it = Arc::make_mut(&mut self.nodes[node]);
                it.handle(&self.store, action);
                self.drive(bounds, node);
            }
        }
    }

    fn fail(&mut self, bounds: &Bounds, kind: Kind, node: usize) {
        let it = Arc::make_mut(&mut self.nodes[node]);
        let now = it.now;
        match kind {
            Kind::Pause => {
                it.paused = true;
                return;
            }
            Kind::CutOff => {
                it.cut_off = true;
                return;
            }
            Kind::WatchLags => {
                it.deaf = true;
                return;
            }
            Kind::Slow | Kind::Lost => {
                let slow = kind == Kind::Slow;
                let flight = it.in_flight.as_mut().expect("a request");
                flight.fate = if slow { Fate::Slow } else { Fate::Lost };
                return;
            }
            Kind::Crash => return self.kill(node),
            Kind::Error => return self.give_up(bounds, node, ErrorKind::Unavailable),
            Kind::Emptied => return self.store.empty(None),
            Kind::Deleted => {
                self.no_start_until = self.tick + LEASE_TICKS;
                return self.store.delete();
            }
            Kind::BrokenInto => {
                self.no_start_until = self.tick + LEASE_TICKS;
                return self.store.break_in(INTRUDERS_DURATION);
            }
            Kind::WatchEnds => {
                it.heard = None;
                it.election
                    .handle_observation(now, Observation::NotWatching);
            }
            Kind::StepDown => it.election.handle_step_down(now),
            Kind::Stop => it.election.handle_stop(now, None),
            Kind::Stall => {
                it.stalled = true;
                it.election.handle_stall(now);
            }
        }
        self.drive(bounds, node);
    }

    /// The process ends; what it has written may still arrive.
    fn kill(&mut self, node: usize) {
        let it = Arc::make_mut(&mut self.nodes[node]);
        it.runs = Runs::Dead;
        it.leader_until = Instant::ZERO;
        it.heard = None;
        it.unfinished = 0;
        it.stalled = false;
        it.paused = false;
        it.cut_off = false;
        it.deaf = false;
        if let Some(flight) = it.in_flight.take()
            && flight.answer.is_none()
        {
            self.late.push(flight.operation);
        }
    }

    /// A request is waited for no longer; a write may still arrive.
    fn give_up(&mut self, bounds: &Bounds, node: usize, kind: ErrorKind) {
        let it = Arc::make_mut(&mut self.nodes[node]);
        let flight = it.in_flight.take().expect("a request");
        let error = Error::new(kind, "");
        let reply = match flight.operation {
            Operation::Read => Reply::Read(Err(error)),
            Operation::Create(_) | Operation::Replace { .. } => Reply::Written(Err(error)),
        };
        if flight.answer.is_none() {
            self.late.push(flight.operation);
        }
        it.election.handle_reply(it.now, reply);
        self.drive(bounds, node);
    }

    /// What the driver does after each input: it takes the next request, publishes the answer, and
    /// passes events on.
    fn drive(&mut self, bounds: &Bounds, node: usize) {
        let Self { nodes, store, .. } = self;
        let it = Arc::make_mut(&mut nodes[node]);
        if it.in_flight.is_none()
            && let Some(request) = it.election.poll_request(it.now, store.wall())
        {
            let releases = matches!(&request.operation,
                Operation::Replace { record, .. } if !record.is_held());
            if releases && it.unfinished > 0 {
                self.broken = Some("a release over work that goes on");
            }
            it.in_flight = Some(Flight {
                operation: request.operation,
                deadline: request.deadline,
                answer: None,
                fate: Fate::Quick,
            });
        }
        it.publish();
        it.election.handle_published(it.now);
        it.publish();
        while let Some(event) = Arc::make_mut(&mut self.nodes[node]).election.poll_event() {
            self.told(bounds, node, &event);
        }
        Arc::make_mut(&mut self.nodes[node]).forget_what_does_not_matter();
    }

    fn told(&mut self, bounds: &Bounds, node: usize, event: &ElectionEvent) {
        match event {
            ElectionEvent::Acquired(term) => {
                if term.fencing_token <= self.last_token {
                    self.broken = Some("a token that is no greater than the last one");
                }
                self.last_token = term.fencing_token;
                self.reached = Some(match term.acquisition {
                    Acquisition::LockReleased => Reached::ProvenSuccessor,
                    Acquisition::Expired => Reached::Successor,
                    _ => Reached::Term,
                });
                let one_rate = bounds.clocks.iter().all(|it| *it == bounds.clocks[0]);
                let works_on = |(other, it): (usize, &Arc<Node>)| {
                    other != node && it.runs != Runs::Dead && it.election.work_until() > it.now
                };
                if one_rate && self.nodes.iter().enumerate().any(works_on) {
                    self.broken = Some("a term beside the work of another");
                }
                let it = Arc::make_mut(&mut self.nodes[node]);
                if std::mem::replace(&mut it.leads, true) || it.unfinished > 0 && !it.gave_grace() {
                    self.broken = Some("a term that begins within another");
                }
            }
            ElectionEvent::Lost(..) => {
                let it = Arc::make_mut(&mut self.nodes[node]);
                it.unfinished += 1;
                if !std::mem::replace(&mut it.leads, false) {
                    self.broken = Some("a term that ends twice");
                }
            }
            ElectionEvent::Stopped => {
                let it = Arc::make_mut(&mut self.nodes[node]);
                it.runs = Runs::Stopped;
                it.heard = None;
            }
            ElectionEvent::LeftToExpire(_)
            | ElectionEvent::LeaderChanged(_)
            | ElectionEvent::RenewalFailing(_)
            | ElectionEvent::Declined(_)
            | ElectionEvent::GivenBack(_) => {}
        }
    }

    /// Drops what can have no effect any more, and takes the state's measure.
    fn settle(&mut self, bounds: &Bounds) {
        let Self { late, store, .. } = self;
        late.retain(|operation| store.may_matter(operation, self.faults_left > 0));
        let listeners = self.nodes.iter().filter(|_| bounds.watched);
        let needed = listeners.filter_map(|node| node.needs_news_from());
        self.store
            .forget_until(needed.min().unwrap_or(ResourceVersion(u64::MAX)));

        let transitions = self.store.lease.as_ref();
        let mut canonical = Canonical::new(transitions.map_or(0, |lease| lease.record.transitions));
        for node in &self.nodes {
            canonical.add(node.now, node);
        }
        canonical.add(
            START,
            &(
                &self.store.lease,
                self.store.history(),
                &self.late,
                self.last_token,
            ),
        );
        let wait = self.no_start_until.saturating_sub(self.tick);
        let rest = (self.tick, self.faults_left, wait, self.broken, self.reached);
        canonical.add(START, &rest);
        self.key = canonical.finish();
    }
}

impl Node {
    fn start(bounds: &Bounds, node: usize, life: u8, now: Instant) -> Self {
        let letter = char::from(b'a' + u8::try_from(node).expect("few candidates"));
        let name = if bounds.same_name {
            letter.to_string()
        } else {
            format!("{letter}{life}")
        };
        let settings = Settings {
            lease_duration: LEASE,
            renew_deadline: RENEW,
            retry_period: RETRY,
            drain_timeout: RENEW,
            reclaim: bounds.reclaim,
            ..settings()
        };
        let election = Election::new(name, settings, NO_JITTER, now);
        let mut started = Self {
            name: letter.to_string(),
            now,
            election,
            life,
            runs: Runs::Yes,
            leader_until: Instant::ZERO,
            in_flight: None,
            heard: None,
            leads: false,
            unfinished: 0,
            stalled: false,
            paused: false,
            cut_off: false,
            deaf: false,
        };
        let noted = note(&started.process()).process;
        started.election.handle_process(Some(noted));
        started
    }

    /// What this process, and no other, notes of itself.
    fn process(&self) -> String {
        format!("{}{}", self.name, self.life)
    }

    /// What it does next without anybody else, if there is anything.
    fn by_itself(&self, bounds: &Bounds, node: usize, actions: &mut Vec<Action>) -> Option<()> {
        if self.runs != Runs::Yes || self.paused {
            return None;
        }
        if let Some(flight) = &self.in_flight {
            if flight.answer.is_some() && flight.fate == Fate::Quick && !self.cut_off {
                actions.push(Action::Answer(node));
            }
            if self.now >= flight.deadline {
                actions.push(Action::GiveUp(node));
                if self.may_land() {
                    actions.push(Action::Land(node));
                }
            }
        }
        if self
            .election
            .poll_timeout()
            .is_some_and(|due| due <= self.now)
        {
            actions.push(Action::Timer(node));
        }
        let may_watch = bounds.watched && self.heard.is_none() && !self.cut_off;
        if may_watch && self.election.watch_from().is_some() {
            actions.push(Action::WatchOpens(node));
        }
        (!actions.is_empty()).then_some(())
    }

    fn may_land(&self) -> bool {
        let is_open = |it: &Flight| it.answer.is_none() && it.fate == Fate::Quick;
        !self.cut_off && self.in_flight.as_ref().is_some_and(is_open)
    }

    fn is_troubled(&self) -> bool {
        let is_slow = |it: &Flight| it.fate == Fate::Slow;
        let waits = self.in_flight.as_ref().is_some_and(is_slow);
        waits || self.paused || self.cut_off || self.deaf
    }

    fn recover(&mut self) {
        self.paused = false;
        self.cut_off = false;
        self.deaf = false;
        if let Some(flight) = &mut self.in_flight
            && flight.fate == Fate::Slow
        {
            flight.fate = Fate::Quick;
        }
    }

    fn publish(&mut self) {
        let active = self.election.active_term();
        self.leader_until = active.map_or(Instant::ZERO, ActiveTerm::until);
    }

    /// As everybody is answered who asks, no matter how far its threads have come.
    fn is_leader(&self) -> bool {
        self.now < self.leader_until
    }

    /// Whether the work of a term that is over had its time, so that another may begin beside it.
    fn gave_grace(&self) -> bool {
        self.now >= self.election.grace_until()
    }

    fn handle(&mut self, store: &Store, action: Action) {
        let now = self.now;
        match action {
            Action::Timer(_) => self.election.handle_timeout(now),
            Action::Answer(_) => {
                let flight = self.in_flight.take();
                let answer = flight.and_then(|it| it.answer).expect("an answer");
                self.election.handle_reply(now, answer);
            }
            Action::WorkEnds(_) => {
                self.unfinished -= 1;
                self.election.handle_drained(now);
            }
            Action::Alive(_) => {
                self.stalled = false;
                self.election.handle_alive(now);
            }
            Action::WatchOpens(_) => {
                self.heard = self.election.watch_from();
                self.election.handle_observation(now, Observation::Watching);
            }
            Action::Hear(_) => {
                let heard = self.heard.expect("a watch");
                let (version, news) = store.next_after(heard).cloned().expect("news");
                self.heard = Some(version);
                self.election.handle_observation(now, news);
            }
            Action::Proof(_) => {
                let lease = self.election.provable().cloned().expect("a holder");
                let death = ProvenDeath {
                    uid: lease.uid,
                    version: lease.version,
                    proof: Proof::LockReleased,
                };
                self.election.handle_proof(now, &death);
            }
            _ => unreachable!("no input of a candidate's"),
        }
    }

    /// What only counts, is only told, or only spreads attempts, would make states different that go
    /// on alike. What a watch tells of versions that are known is passed over.
    fn forget_what_does_not_matter(&mut self) {
        self.election.random = Rng::with_seed(NO_JITTER);
        self.election.terms = 0;
        self.election.races_lost = 0;
        self.election.failing = None;
        self.election.notified_failures.clear();
        self.election.notified_holder = None;
        if let Some(heard) = &mut self.heard {
            *heard = (*heard).max(self.election.observed.newest());
        }
    }

    /// The version after which everything that happens must still be told to this candidate.
    fn needs_news_from(&self) -> Option<ResourceVersion> {
        if self.runs != Runs::Yes {
            return None;
        }
        let answer = self.in_flight.as_ref().and_then(|it| it.answer.as_ref());
        let answered = match answer {
            Some(Reply::Read(Ok(Some(lease))) | Reply::Written(Ok(lease))) => Some(lease.version),
            _ => None,
        };
        let known = self.election.watch_from();
        self.heard.into_iter().chain(known).chain(answered).min()
    }
}
