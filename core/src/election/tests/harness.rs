//! One candidate and the store it talks to, played by hand or run in virtual time.
//!
//! Times are seconds since the start of a test. Nothing happens by itself except in [`run`]: a test
//! moves the clock with `at`, takes the request that is due with `expect`, lets it `land` in the
//! store, and answers it or fails it.

use std::iter;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};

use super::super::{
    Election, ElectionEvent, LostReason, Observation, Operation, ProvenDeath, Recorded, Reply,
    Request, Role, Settings, TermRecord,
};
use crate::clock::{Instant, WallTime};
use crate::elector::written;
use crate::error::{Error, ErrorKind};
use crate::lease_record::{LeaseRecord, MemoryChange, Proof, ResourceVersion, StoredLease};
use crate::lease_store::memory::MemoryStore;
use crate::lease_store::{LeaseStore, WatchEvent};

/// The machine has been up for a while when a test starts.
pub(super) const START: Instant = Instant::from_nanos(1_000_000_000_000);
const SEED: u64 = 7;
const WALL_START: i64 = 1_800_000_000_000_000;
/// More requests than this without time passing is a hot loop.
const MOST_REQUESTS_AT_ONCE: usize = 20;

/// 15, 10 and 2 seconds; work stops within 30.
pub(super) fn settings() -> Settings {
    Settings {
        lease_duration: secs(15.0),
        renew_deadline: secs(10.0),
        retry_period: secs(2.0),
        drain_timeout: secs(30.0),
        release_on_stop: true,
        reclaim: false,
        spread: Duration::ZERO,
        preference: 0,
    }
}

/// A candidate that has just started, at second zero.
pub(super) fn candidate(identity: &str, store: &MemoryStore) -> Candidate {
    candidate_of(
        Election::new(identity.to_owned(), settings(), SEED, START),
        store,
    )
}

pub(super) fn candidate_with(store: &MemoryStore, settings: Settings) -> Candidate {
    candidate_with_seed(store, settings, SEED)
}

pub(super) fn candidate_with_seed(store: &MemoryStore, settings: Settings, seed: u64) -> Candidate {
    candidate_of(Election::new("a".to_owned(), settings, seed, START), store)
}

pub(super) fn candidate_of(election: Election, store: &MemoryStore) -> Candidate {
    Candidate {
        election,
        store: store.clone(),
        watches: true,
        heard: None,
        now: START,
        wall_ahead: 0,
        in_transit: None,
        landed: None,
        asked: Vec::new(),
        events: Vec::new(),
        works_on: false,
    }
}

/// A candidate that leads since second zero, by a store that answers at once.
pub(super) fn leader(identity: &str, store: &MemoryStore) -> Candidate {
    leading(candidate(identity, store))
}

pub(super) fn leader_with(store: &MemoryStore, settings: Settings) -> Candidate {
    leading(candidate_with(store, settings))
}

fn leading(mut leader: Candidate) -> Candidate {
    leader.expect("read").answer();
    leader.ask();
    leader.answer().assert_leader();
    leader.asked.clear();
    leader.events.clear();
    leader
}

/// A record as some other candidate writes it.
pub(super) fn held_by(holder: &str, duration: i32) -> LeaseRecord {
    LeaseRecord {
        holder: holder.to_owned(),
        lease_duration_seconds: Some(duration),
        acquire_time: Some(WallTime::from_micros(WALL_START)),
        renew_time: Some(WallTime::from_micros(WALL_START)),
        transitions: 4,
        ..LeaseRecord::default()
    }
}

/// A record as its last holder leaves it when it releases.
pub(super) fn released() -> LeaseRecord {
    held_by("", 1)
}

/// A store in which somebody holds the Lease.
pub(super) fn store_held_by(holder: &str, duration: i32) -> MemoryStore {
    store_with(held_by(holder, duration))
}

pub(super) fn store_with(record: LeaseRecord) -> MemoryStore {
    let store = MemoryStore::new();
    store.put_foreign(record);
    store
}

/// What a holder does every retry period.
pub(super) fn renewed(record: &mut LeaseRecord) {
    record.renew_time = record
        .renew_time
        .map(|time| WallTime::from_micros(time.as_micros() + 2_000_000));
}

pub(super) fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

pub(super) fn instant(seconds: f64) -> Instant {
    START + secs(seconds)
}

/// Runs `candidates` until `end`, by a store that answers at once.
pub(super) fn run(candidates: &mut [&mut Candidate], end: f64) {
    let end = instant(end);
    loop {
        let mut requests = 0;
        while candidates.iter_mut().any(|candidate| candidate.step()) {
            requests += 1;
            assert!(requests < MOST_REQUESTS_AT_ONCE, "a hot loop");
        }
        if candidates.iter().all(|candidate| candidate.now == end) {
            break;
        }
        let next = candidates
            .iter()
            .filter_map(|candidate| candidate.election.poll_timeout())
            .fold(end, Instant::min);
        for candidate in candidates.iter_mut() {
            assert!(
                next > candidate.now,
                "something is due, and nothing is asked"
            );
            candidate.at_instant(next);
        }
    }
}

pub(super) struct Candidate {
    pub(super) election: Election,
    pub(super) store: MemoryStore,
    /// Whether `run` keeps a watch open.
    pub(super) watches: bool,
    /// The version up to which the watch has reported what happened.
    heard: Option<ResourceVersion>,
    now: Instant,
    /// By how many microseconds its wall clock is ahead of the tests' own.
    wall_ahead: i64,
    in_transit: Option<Request>,
    landed: Option<Reply>,
    asked: Vec<&'static str>,
    events: Vec<String>,
    /// Whether work goes on when a term ends on the spot. When one ends in order, a test says when
    /// the work has ended.
    works_on: bool,
}

impl Candidate {
    pub(super) fn without_watch(mut self) -> Self {
        self.watches = false;
        self
    }

    // ---- time ----------------------------------------------------------------------------------

    /// Time passes, here and nowhere else.
    pub(super) fn at(&mut self, seconds: f64) -> &mut Self {
        self.at_instant(instant(seconds))
    }

    pub(super) fn at_instant(&mut self, now: Instant) -> &mut Self {
        self.now = now;
        self.election.handle_timeout(now);
        self.listen()
    }

    /// The process sleeps: time passes, and nobody says so.
    pub(super) fn sleep_until(&mut self, seconds: f64) -> &mut Self {
        self.now = instant(seconds);
        self
    }

    pub(super) fn wall(&self) -> WallTime {
        let micros = i64::try_from(self.now.since(START).as_micros()).unwrap();
        WallTime::from_micros((WALL_START + micros).saturating_add(self.wall_ahead))
    }

    /// Somebody sets the machine's wall clock, to so many seconds from what it should be.
    pub(super) fn set_wall_ahead(&mut self, seconds: i64) -> &mut Self {
        self.wall_ahead = seconds.saturating_mul(1_000_000);
        self
    }

    pub(super) fn now(&self) -> Instant {
        self.now
    }

    pub(super) fn run_until(&mut self, end: f64) -> &mut Self {
        run(&mut [self], end);
        self
    }

    /// The next instant at which something is due, in seconds since the start.
    pub(super) fn next_timeout(&self) -> Option<f64> {
        let timeout = self.election.poll_timeout()?;
        Some(timeout.since(START).as_secs_f64())
    }

    // ---- requests ------------------------------------------------------------------------------

    /// Sends the request that is due, and tells what it is.
    pub(super) fn ask(&mut self) -> &'static str {
        let name = self.try_ask();
        name.expect("a request is due")
    }

    pub(super) fn try_ask(&mut self) -> Option<&'static str> {
        let request = self.election.poll_request(self.now, self.wall());
        self.listen();
        let request = request?;
        assert!(self.in_transit.is_none(), "two requests in flight");
        assert!(request.deadline > self.now, "no time for an answer");
        let name = name(&request.operation);
        self.asked.push(name);
        self.in_transit = Some(request);
        Some(name)
    }

    #[track_caller]
    pub(super) fn expect(&mut self, name: &str) -> &mut Self {
        assert_eq!(self.ask(), name);
        self
    }

    #[track_caller]
    pub(super) fn expect_nothing_due(&mut self) -> &mut Self {
        assert_eq!(self.try_ask(), None);
        self
    }

    /// When the request in transit is given up, in seconds since the start.
    pub(super) fn request_deadline(&self) -> f64 {
        let request = self.in_transit.as_ref().expect("a request in transit");
        request.deadline.since(START).as_secs_f64()
    }

    /// The record that the request in transit writes.
    pub(super) fn written(&self) -> LeaseRecord {
        match self.in_transit.as_ref().map(|request| &request.operation) {
            Some(Operation::Create(record) | Operation::Replace { record, .. }) => record.clone(),
            _ => panic!("no write is in transit"),
        }
    }

    /// The request in transit takes effect in the store; its answer is still under way.
    pub(super) fn land(&mut self) -> &mut Self {
        let request = self.in_transit.as_ref().expect("a request in transit");
        self.landed = Some(execute(&self.store, request.operation.clone()));
        self
    }

    /// The request in transit, for a network that delivers it when nobody waits for it any more.
    pub(super) fn request(&self) -> Request {
        self.in_transit.clone().expect("a request in transit")
    }

    pub(super) fn land_late(&mut self, request: Request) -> &mut Self {
        execute(&self.store, request.operation);
        self
    }

    /// The store's answer arrives.
    pub(super) fn answer(&mut self) -> &mut Self {
        if self.landed.is_none() {
            self.land();
        }
        let reply = self.landed.take().expect("an answer");
        self.reply(reply)
    }

    /// The request in transit is answered with an error, whether it has landed or not.
    pub(super) fn fail(&mut self, kind: ErrorKind) -> &mut Self {
        self.fail_with(Error::new(kind, "as the test says"))
    }

    /// Work goes on when a term ends on the spot, until it is `drained`.
    pub(super) fn works_on(&mut self) -> &mut Self {
        self.works_on = true;
        self
    }

    /// The write in transit comes too late: somebody else was first.
    pub(super) fn conflict(&mut self) -> &mut Self {
        self.reply(Reply::Conflict("somebody else was first".to_owned()))
    }

    pub(super) fn time_out(&mut self) -> &mut Self {
        self.fail(ErrorKind::TimedOut)
    }

    pub(super) fn fail_with(&mut self, error: Error) -> &mut Self {
        let request = self.in_transit.as_ref().expect("a request in transit");
        let reply = match request.operation {
            Operation::Read => Reply::Read(Err(error)),
            Operation::Create(_) | Operation::Replace { .. } => Reply::Written(Err(error)),
        };
        self.reply(reply)
    }

    pub(super) fn reply(&mut self, reply: Reply) -> &mut Self {
        self.in_transit = None;
        self.landed = None;
        self.election.handle_reply(self.now, reply);
        self.listen()
    }

    /// What has been asked since the last call.
    pub(super) fn asked(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.asked)
    }

    // ---- the watch -----------------------------------------------------------------------------

    /// The watch tells what has happened since it last did. The first time, it opens.
    pub(super) fn hear(&mut self) -> &mut Self {
        let Some(from) = self.heard.or(self.election.watch_from()) else {
            return self;
        };
        if self.heard.is_none() {
            self.observe(Observation::Watching);
        }
        self.heard = Some(from);
        for (version, observation) in news(&self.store, from) {
            self.heard = Some(version);
            self.observe(observation);
        }
        self
    }

    pub(super) fn observe(&mut self, observation: Observation) -> &mut Self {
        self.election.handle_observation(self.now, observation);
        self.listen()
    }

    /// It becomes known that the writer of what is stored is dead.
    pub(super) fn prove(&mut self) -> &mut Self {
        let lease = stored(&self.store);
        self.prove_version(&lease.uid, lease.version)
    }

    pub(super) fn prove_version(&mut self, uid: &str, version: ResourceVersion) -> &mut Self {
        let death = ProvenDeath {
            uid: uid.to_owned(),
            version,
            proof: Proof::LockReleased,
        };
        self.election.handle_proof(self.now, &death);
        self.listen()
    }

    // ---- the application -----------------------------------------------------------------------

    pub(super) fn stop(&mut self) -> &mut Self {
        self.stop_within(None)
    }

    pub(super) fn stop_within(&mut self, drain_timeout: Option<Duration>) -> &mut Self {
        self.election.handle_stop(self.now, drain_timeout);
        self.listen()
    }

    pub(super) fn step_down(&mut self) -> &mut Self {
        self.election.handle_step_down(self.now);
        self.listen()
    }

    pub(super) fn drained(&mut self) -> &mut Self {
        self.election.handle_drained(self.now);
        self.listen()
    }

    /// The application wants a change recorded under the present term, or the last.
    pub(super) fn record(&mut self, change: MemoryChange) -> &mut Self {
        let term = self.election.terms;
        self.election.handle_record(self.now, term, change);
        self.listen()
    }

    pub(super) fn stall(&mut self) -> &mut Self {
        self.election.handle_stall(self.now);
        self.listen()
    }

    pub(super) fn alive(&mut self) -> &mut Self {
        self.election.handle_alive(self.now);
        self.listen()
    }

    pub(super) fn held_back(&mut self) -> &mut Self {
        self.election.handle_held_back();
        self.listen()
    }

    pub(super) fn published(&mut self) -> &mut Self {
        self.election.handle_published(self.now);
        self.listen()
    }

    // ---- what can be seen ----------------------------------------------------------------------

    pub(super) fn is_leader(&self) -> bool {
        let active = self.election.active_term();
        active.is_some_and(|active| self.now < active.until())
    }

    #[track_caller]
    pub(super) fn assert_leader(&mut self) -> &mut Self {
        assert!(self.is_leader(), "{:?}", self.election);
        self
    }

    #[track_caller]
    pub(super) fn assert_not_leader(&mut self) -> &mut Self {
        assert!(!self.is_leader());
        self
    }

    /// The last term is lost, is reported as such, and for this reason.
    #[track_caller]
    pub(super) fn assert_lost(&mut self, reason: LostReason) -> &mut Self {
        self.assert_not_leader();
        let events = self.terms();
        let last = events.last().expect("a term that ended");
        assert!(last.ends_with(&format!(": {reason}")), "{last}");
        self
    }

    pub(super) fn role(&self) -> Role {
        self.election.role()
    }

    pub(super) fn why_not_leading(&self) -> String {
        let why = self.election.why_not_leading(self.now);
        why.expect("not leading")
    }

    pub(super) fn term(&self) -> TermRecord {
        self.election.active_term().expect("leading").term.clone()
    }

    /// When the record was last seen to change, in seconds since the start.
    pub(super) fn observed_at(&self) -> f64 {
        let changed_at = self.election.observed.changed_at();
        changed_at.expect("a record").since(START).as_secs_f64()
    }

    pub(super) fn leader_until(&self) -> f64 {
        let active = self.election.active_term().expect("leading");
        active.until().since(START).as_secs_f64()
    }

    pub(super) fn work_until(&self) -> f64 {
        self.election.work_until().since(START).as_secs_f64()
    }

    /// What has become of changes since the last call, by their numbers.
    pub(super) fn recorded(&mut self) -> Vec<(u64, Recorded)> {
        iter::from_fn(|| self.election.poll_recorded()).collect()
    }

    /// All events since the last call.
    pub(super) fn events(&mut self) -> Vec<String> {
        std::mem::take(&mut self.events)
    }

    /// The beginnings and ends of terms among the events since the last call.
    pub(super) fn terms(&mut self) -> Vec<String> {
        let mut events = self.events();
        events.retain(|event| event.contains("term"));
        events
    }

    fn listen(&mut self) -> &mut Self {
        while let Some(event) = self.election.poll_event() {
            let in_order = [LostReason::Stopped, LostReason::SteppedDown];
            if let ElectionEvent::Lost(_, reason) = &event
                && !self.works_on
                && !in_order.contains(reason)
            {
                self.election.handle_drained(self.now);
            }
            self.events.push(match event {
                ElectionEvent::Acquired(term) => format!("term {} acquired", term.number),
                ElectionEvent::Lost(term, reason) => format!("term {} lost: {reason}", term.number),
                ElectionEvent::LeftToExpire(term) => {
                    format!("term {} left to expire", term.number)
                }
                ElectionEvent::LeaderChanged(Some(holder)) => format!("{holder} holds the Lease"),
                ElectionEvent::LeaderChanged(None) => "nobody holds the Lease".to_owned(),
                ElectionEvent::RenewalFailing(error) => format!("failing: {:?}", error.kind()),
                ElectionEvent::Declined(None) => "declined".to_owned(),
                ElectionEvent::Declined(Some(error)) => format!("declined: {:?}", error.kind()),
                ElectionEvent::GivenBack(true) => "given back".to_owned(),
                ElectionEvent::GivenBack(false) => "not given back".to_owned(),
                ElectionEvent::Stopped => "stopped".to_owned(),
            });
        }
        self
    }

    /// One request at the present instant; whether there was one.
    fn step(&mut self) -> bool {
        if self.watches {
            self.hear();
        }
        let asked = self.try_ask().is_some();
        if asked {
            self.answer();
        }
        asked
    }
}

fn name(operation: &Operation) -> &'static str {
    match operation {
        Operation::Read => "read",
        Operation::Create(_) => "create",
        Operation::Replace { record, .. } if !record.is_held() => "release",
        Operation::Replace { record, .. } if record.acquire_time == record.renew_time => "acquire",
        Operation::Replace { .. } => "renew",
    }
}

pub(super) fn execute(store: &MemoryStore, operation: Operation) -> Reply {
    fn at_once<T>(reply: Option<T>) -> T {
        reply.expect("the memory store answers at once")
    }
    match operation {
        Operation::Read => Reply::Read(at_once(store.read().now_or_never()).map_err(Error::from)),
        Operation::Create(record) => written(at_once(store.create(record).now_or_never())),
        Operation::Replace { seen, record } => {
            written(at_once(store.replace(seen, record).now_or_never()))
        }
    }
}

/// The Lease as it is stored.
pub(super) fn stored(store: &MemoryStore) -> StoredLease {
    store.get().expect("a Lease")
}

/// All that a watch tells about what has happened since a version.
pub(super) fn news(
    store: &MemoryStore,
    from: ResourceVersion,
) -> Vec<(ResourceVersion, Observation)> {
    let mut news = Vec::new();
    let mut watch = store.watch(from);
    while let Some(Some(Ok(event))) = watch.next().now_or_never() {
        match event {
            WatchEvent::Opened => {}
            WatchEvent::Changed(lease) => news.push((lease.version, change(lease))),
            WatchEvent::Deleted(version) => news.push((version, deletion(version))),
            WatchEvent::LeftOut => unreachable!("nothing is left out"),
            WatchEvent::Bookmark(_) => unreachable!("the past has no bookmarks"),
        }
    }
    news
}

/// What a watch tells about the Lease as it is stored.
pub(super) fn changed(store: &MemoryStore) -> Observation {
    change(stored(store))
}

/// What a watch tells that leaves nothing out.
pub(super) fn change(lease: StoredLease) -> Observation {
    Observation::Changed {
        lease,
        complete: true,
    }
}

pub(super) fn deletion(version: ResourceVersion) -> Observation {
    Observation::Deleted {
        version,
        complete: true,
    }
}
