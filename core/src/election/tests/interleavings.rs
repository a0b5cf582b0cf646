//! Three candidates under a hundred random courses of events: requests that are slow, lost,
//! answered late, or land after they were given up; watches that lag and break; applications that
//! stop, crash, step down, stall and finish their work late; machines that sleep; hands that edit; and
//! proofs that a process which crashed is dead, to some candidates sooner than to others.
//!
//! No matter what happens, no two lead at once, and when it is over somebody leads. Each course is
//! drawn from a seed, which a failure names. `LEASEHOLD_COURSES` sets how many there are, and
//! `LEASEHOLD_COURSES_FROM` which is the first.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, fmt, fs, thread};

use fastrand::Rng;
use serde_json::json;

use super::harness::*;
use crate::clock::{Instant, WallTime};
use crate::election::{
    Election, ElectionEvent, Observation, Operation, ProvenDeath, Reply, Request, Settings,
};
use crate::error::{Error, ErrorKind};
use crate::lease_record::{
    Acquisition, HolderNote, HolderProcess, LeaseRecord, Proof, ResourceVersion,
};
use crate::lease_store::memory::MemoryStore;

const DEFAULT_COURSES: u64 = 100;
/// Trouble for so many seconds, and then peace for as long as an election may take.
const TROUBLE: f64 = 200.0;
const PEACE: f64 = 120.0;
const INTRUDER: &str = "intruder";

#[test]
fn no_two_lead_at_once_and_in_the_end_somebody_leads() {
    let from = number("LEASEHOLD_COURSES_FROM").unwrap_or_default();
    let courses = number("LEASEHOLD_COURSES").unwrap_or(DEFAULT_COURSES);
    let next = AtomicU64::new(from);
    let run = || {
        let mut sum = Sum::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= from + courses {
                return sum;
            }
            sum.add(&Course::new(seed).run());
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let sum = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let sums = running.into_iter().map(|it| it.join().expect("a course"));
        sums.fold(Sum::default(), |sum, it| sum.and(&it))
    });
    println!(
        "courses: {courses} seeds, {:.0} virtual seconds, {} terms, {} after a proof",
        sum.seconds, sum.terms, sum.proven
    );
    // For `cargo xtask simulate`, which adds up many of them.
    if let Some(file) = env::var_os("LEASEHOLD_COURSES_REPORT") {
        let report = json!({
            "courses": courses,
            "seconds": sum.seconds,
            "terms": sum.terms,
            "proven": sum.proven,
        });
        fs::write(file, report.to_string()).expect("the report's file can be written");
    }
    assert!(sum.terms > 5 * courses, "little happened: {}", sum.terms);
    assert!(sum.proven > courses / 2, "few were proven: {}", sum.proven);
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|error| panic!("{variable} = {text}: {error}")))
}

/// What happened in some courses.
#[derive(Default)]
struct Sum {
    terms: u64,
    proven: u64,
    seconds: f64,
}

impl Sum {
    fn add(&mut self, course: &Course) {
        self.terms += course.terms;
        self.proven += course.proven_terms;
        self.seconds += course.now.since(instant(0.0)).as_secs_f64();
    }

    fn and(self, other: &Self) -> Self {
        Self {
            terms: self.terms + other.terms,
            proven: self.proven + other.proven,
            seconds: self.seconds + other.seconds,
        }
    }
}

/// What is to happen to a candidate.
#[derive(Debug)]
enum Due {
    /// Its process starts; the last one, if it still runs, was killed.
    Start,
    Timer,
    /// A request reaches the store; its answer takes so long, or is lost.
    Land(u64, Request, Option<f64>),
    Answer(u64, Reply),
    /// What the watch knew at this version reaches the candidate.
    Hear(ResourceVersion),
    WatchEnds,
    WatchOpens,
    Drained,
    Alive,
    /// It becomes known that the writer of this version is dead.
    Proof(ProvenDeath),
}

struct Course {
    seed: u64,
    random: Rng,
    store: MemoryStore,
    now: Instant,
    due: BTreeMap<(Instant, u64), (usize, u64, Due)>,
    count: u64,
    nodes: Vec<Node>,
    watched_version: ResourceVersion,
    last_token: ResourceVersion,
    terms: u64,
    /// Those that followed on a holder that was proven dead.
    proven_terms: u64,
    /// Which life of which candidate each acquisition is of, by holder and acquire time.
    acquired: BTreeMap<(String, Option<WallTime>), (usize, u64)>,
    /// No process starts before this instant, since the Lease was deleted or broken into: it could
    /// not know who held the Lease before.
    no_start_until: Instant,
}

struct Node {
    election: Election,
    /// Counts its processes, so that nothing meant for one reaches the next.
    life: u64,
    leader_until: Instant,
    in_flight: Option<u64>,
    timer: Option<Instant>,
    heard: Option<ResourceVersion>,
    unfinished: u32,
    leads: bool,
    stopped: bool,
    /// Killed: nothing of it goes on.
    dead: bool,
    /// The version whose writer's death is about to become known to it.
    proving: Option<ResourceVersion>,
    asleep_until: Instant,
    cut_off_until: Instant,
}

impl Course {
    fn new(seed: u64) -> Self {
        let now = instant(0.0);
        let nodes = (0..3).map(|node| Node::start(seed, node, 0, now));
        let mut course = Self {
            seed,
            random: Rng::with_seed(seed),
            store: MemoryStore::new(),
            now,
            due: BTreeMap::new(),
            count: 0,
            nodes: nodes.collect(),
            watched_version: ResourceVersion::default(),
            last_token: ResourceVersion::default(),
            terms: 0,
            proven_terms: 0,
            acquired: BTreeMap::new(),
            no_start_until: now,
        };
        for node in 0..3 {
            course.after(0.0, node, Due::Timer);
            course.after(0.5, node, Due::WatchOpens);
        }
        course
    }

    fn run(mut self) -> Self {
        let mut trouble = instant(1.0);
        while self.now < instant(TROUBLE + PEACE) {
            if trouble < instant(TROUBLE) && self.next_due() > trouble {
                self.now = self.now.max(trouble);
                self.make_trouble();
                trouble = self.now + secs(self.random.f64() * 8.0);
            } else if let Some(((at, _), (node, life, due))) = self.due.pop_first() {
                self.now = self.now.max(at);
                self.happen(node, life, due);
            } else {
                break;
            }
            self.spread_news();
            self.spread_proofs();
            self.check();
        }
        let leaders = self.nodes.iter().filter(|node| node.is_leader(self.now));
        assert_eq!(leaders.count(), 1, "nobody leads: {self}");
        self
    }

    fn next_due(&self) -> Instant {
        self.due.keys().next().map_or(self.now, |(at, _)| *at)
    }

    fn after(&mut self, seconds: f64, node: usize, due: Due) {
        self.at(self.now + secs(seconds), node, due);
    }

    fn at(&mut self, at: Instant, node: usize, due: Due) {
        self.count += 1;
        let life = self.nodes[node].life;
        self.due.insert((at, self.count), (node, life, due));
    }

    fn peace(&self) -> bool {
        self.now >= instant(TROUBLE)
    }

    // ---- what happens --------------------------------------------------------------------------

    fn happen(&mut self, node: usize, life: u64, due: Due) {
        if let Due::Land(id, request, answer) = due {
            let reply = execute(&self.store, request.operation);
            if let Reply::Written(Ok(lease)) = &reply
                && lease.record.is_held()
            {
                let LeaseRecord {
                    holder,
                    acquire_time,
                    ..
                } = lease.record.clone();
                self.acquired.insert((holder, acquire_time), (node, life));
            }
            if let Some(seconds) = answer {
                self.count += 1;
                let key = (self.now + secs(seconds), self.count);
                self.due.insert(key, (node, life, Due::Answer(id, reply)));
            }
            return;
        }
        let now = self.now;
        let it = &mut self.nodes[node];
        if life != it.life || it.stopped && !matches!(due, Due::Start) {
            return;
        }
        if now < it.asleep_until {
            self.at(self.nodes[node].asleep_until, node, due);
            return;
        }
        match due {
            Due::Land(..) => unreachable!("has landed"),
            Due::Start if now < self.no_start_until => {
                self.at(self.no_start_until, node, Due::Start);
                return;
            }
            Due::Start => {
                *it = Node::start(self.seed, node, life + 1, now);
                self.after(0.5, node, Due::WatchOpens);
            }
            Due::Timer if it.timer.is_some_and(|timer| timer > now) => return,
            Due::Timer => {
                it.timer = None;
                it.election.handle_timeout(now);
            }
            Due::Answer(id, reply) if it.in_flight == Some(id) => {
                it.in_flight = None;
                it.election.handle_reply(now, reply);
            }
            Due::Answer(..) => return,
            Due::Hear(version) => it.hear(now, &self.store, version),
            Due::WatchEnds => {
                it.heard = None;
                it.election
                    .handle_observation(now, Observation::NotWatching);
            }
            Due::WatchOpens if it.heard.is_some() => return,
            Due::WatchOpens => {
                it.heard = it.election.watch_from();
                if it.heard.is_none() {
                    self.after(1.0, node, Due::WatchOpens);
                    return;
                }
                it.election.handle_observation(now, Observation::Watching);
                self.after(0.01, node, Due::Hear(self.watched_version));
            }
            Due::Drained => {
                it.unfinished -= 1;
                it.election.handle_drained(now);
            }
            Due::Alive => it.election.handle_alive(now),
            Due::Proof(death) => it.election.handle_proof(now, &death),
        }
        self.drive(node);
    }

    /// What a driver does after each input.
    fn drive(&mut self, node: usize) {
        let now = self.now;
        for round in 0.. {
            assert!(round < 20, "a hot loop: {self}");
            self.listen(node);
            let it = &mut self.nodes[node];
            it.leader_until = it
                .election
                .active_term()
                .map_or(Instant::ZERO, |leadership| leadership.leader_until);
            it.election.handle_published(now);
            let wall = now.as_nanos() / 1_000 + 1_000_000_000_000;
            let wall = WallTime::from_micros(i64::try_from(wall).unwrap());
            let Some(request) = it.election.poll_request(now, wall) else {
                break;
            };
            self.send(node, request);
        }
        self.listen(node);
        let it = &mut self.nodes[node];
        if let Some(timeout) = it.election.poll_timeout() {
            assert!(timeout > now, "due in the past: {self}");
            if it.timer.is_none_or(|timer| timeout < timer) {
                it.timer = Some(timeout);
                self.at(timeout, node, Due::Timer);
            }
        }
    }

    fn listen(&mut self, node: usize) {
        while let Some(event) = self.nodes[node].election.poll_event() {
            match event {
                ElectionEvent::Acquired(term) => {
                    self.terms += 1;
                    self.proven_terms += u64::from(term.acquisition == Acquisition::LockReleased);
                    assert!(term.fencing_token > self.last_token, "a token: {self}");
                    self.last_token = term.fencing_token;
                    let works_on = |(other, it): (usize, &Node)| {
                        other != node && !it.dead && it.election.work_until() > self.now
                    };
                    let overlap = self.nodes.iter().enumerate().any(works_on);
                    assert!(!overlap, "work beside a leader: {self}");
                    let it = &mut self.nodes[node];
                    assert!(!std::mem::replace(&mut it.leads, true), "silently: {self}");
                    it.unfinished += 1;
                }
                ElectionEvent::Lost(..) => {
                    let it = &mut self.nodes[node];
                    assert!(std::mem::replace(&mut it.leads, false), "twice: {self}");
                    let late = if self.peace() { 0.1 } else { 40.0 };
                    let work = [0.0, 0.01, 3.0, late][self.random.usize(..4)];
                    self.after(work, node, Due::Drained);
                }
                ElectionEvent::Stopped => {
                    self.nodes[node].stopped = true;
                    let pause = self.random.f64() * 5.0;
                    self.after(pause, node, Due::Start);
                }
                ElectionEvent::LeftToExpire(_)
                | ElectionEvent::LeaderChanged(_)
                | ElectionEvent::RenewalFailing(_)
                | ElectionEvent::Declined(_)
                | ElectionEvent::GivenBack(_) => {}
            }
        }
    }

    /// A request sets out, and meets its fate.
    fn send(&mut self, node: usize, request: Request) {
        let releases = matches!(&request.operation,
            Operation::Replace { record, .. } if !record.is_held());
        let id = self.count;
        let it = &mut self.nodes[node];
        assert!(
            !releases || it.unfinished == 0,
            "released over work: {self}"
        );
        assert!(it.in_flight.replace(id).is_none(), "two at once: {self}");
        let is_read = matches!(request.operation, Operation::Read);
        let error = |kind| {
            let error = Error::new(kind, "fate").with_retry_after(Some(secs(1.0)));
            if is_read {
                Reply::Read(Err(error))
            } else {
                Reply::Written(Err(error))
            }
        };
        self.at(
            request.deadline,
            node,
            Due::Answer(id, error(ErrorKind::TimedOut)),
        );

        let quick = 0.001 + self.random.f64() * 0.02;
        let slow = self.random.f64() * 3.0;
        let cut_off = self.now < self.nodes[node].cut_off_until;
        let fate = match self.random.u8(..100) {
            _ if self.peace() => 0,
            fate if cut_off => 80 + fate % 15,
            fate => fate,
        };
        match fate {
            0..65 => self.after(quick, node, Due::Land(id, request, Some(quick))),
            65..80 => self.after(slow, node, Due::Land(id, request, Some(slow / 2.0))),
            80..85 => {}
            85..95 => self.after(slow * 10.0, node, Due::Land(id, request, None)),
            95..98 => self.after(quick, node, Due::Answer(id, error(ErrorKind::Unavailable))),
            _ => {
                self.after(quick, node, Due::Land(id, request, None));
                self.after(slow, node, Due::Answer(id, error(ErrorKind::Unavailable)));
            }
        }
    }

    /// Each change is told to each watch, by and by.
    fn spread_news(&mut self) {
        let Some((version, _)) = news(&self.store, self.watched_version).pop() else {
            return;
        };
        self.watched_version = version;
        for node in 0..self.nodes.len() {
            let punctual = self.peace() || self.random.u8(..10) < 9;
            let lag = self.random.f64() * if punctual { 0.005 } else { 4.0 };
            self.after(lag, node, Due::Hear(version));
        }
    }

    /// That a process has died becomes known to each candidate that follows it, if at all, by and by.
    fn spread_proofs(&mut self) {
        for node in 0..self.nodes.len() {
            let it = &self.nodes[node];
            let Some(lease) = it.election.provable().filter(|_| !it.stopped) else {
                continue;
            };
            let LeaseRecord {
                holder,
                acquire_time,
                ..
            } = lease.record.clone();
            let writer = self.acquired.get(&(holder, acquire_time));
            let is_dead = writer.is_some_and(|(other, life)| {
                let other = &self.nodes[*other];
                other.life != *life || other.dead
            });
            if is_dead && it.proving != Some(lease.version) {
                let death = ProvenDeath {
                    uid: lease.uid.clone(),
                    version: lease.version,
                    proof: Proof::LockReleased,
                };
                self.nodes[node].proving = Some(death.version);
                let longest = [0.0, 0.001, 0.5, 20.0][self.random.usize(..4)];
                let delay = longest * self.random.f64();
                self.after(delay, node, Due::Proof(death));
            }
        }
    }

    fn make_trouble(&mut self) {
        let node = self.random.usize(..self.nodes.len());
        let lasts = self.random.f64() * 30.0;
        let until = self.now + secs(lasts);
        let now = self.now;
        let it = &mut self.nodes[node];
        match self.random.u8(..16) {
            0 => it.asleep_until = until,
            1 | 2 => it.cut_off_until = until,
            3 | 4 => {
                self.at(now, node, Due::WatchEnds);
                self.after(lasts, node, Due::WatchOpens);
            }
            5 if !it.stopped => {
                it.life += 1;
                it.stopped = true;
                it.dead = true;
                it.leader_until = Instant::ZERO;
                self.after(lasts / 10.0, node, Due::Start);
            }
            6 | 7 if !it.stopped => it.election.handle_stop(now, None),
            8 if now >= it.asleep_until => it.election.handle_step_down(now),
            9 if now >= it.asleep_until => {
                it.election.handle_stall(now);
                self.after(lasts, node, Due::Alive);
            }
            10 => self.edit(|record| record.holder.clear()),
            11 => self.edit(|record| record.lease_duration_seconds = Some(25)),
            12 => {
                let labels = ["metadata", "labels", "seen"];
                self.store.set_field(&labels, self.now.as_nanos());
            }
            13 => self.delete(),
            14 => self.break_in(node),
            15 => self.intruder_releases(),
            _ => {}
        }
        let it = &self.nodes[node];
        if now >= it.asleep_until && !it.stopped {
            self.drive(node);
        }
    }

    fn edit(&mut self, change: fn(&mut LeaseRecord)) {
        self.store.edit(change);
    }

    /// Somebody deletes the Lease: not while a candidate takes it for absent, for that one would
    /// not know that it was held. The page on safety says not to.
    fn delete(&mut self) {
        let mut running = self.nodes.iter().filter(|it| !it.stopped);
        let unaware = running.any(|it| it.election.observed.lease().is_none());
        if !unaware && self.store.delete() {
            self.no_start_until = self.now + secs(30.0);
        }
    }

    /// A client that keeps no rules takes the Lease from its holder, and at times releases it
    /// before anybody has heard of it, or is dead at once and known to be. Not while a candidate does not know that holder: it would
    /// not wait for it. The page on safety says not to.
    fn break_in(&mut self, node: usize) {
        let held = self.store.edit(|_| {}).map(|lease| lease.record);
        let Some(held) = held.filter(LeaseRecord::is_held) else {
            return;
        };
        let mut running = self.nodes.iter().filter(|it| !it.stopped);
        if running.any(|it| it.election.observed.holder() != Some(&held.holder)) {
            return;
        }
        self.no_start_until = self.now + secs(30.0);
        self.store.put_foreign(LeaseRecord {
            transitions: held.transitions + 1,
            note: Some(Box::new(HolderNote {
                acquisition: Acquisition::Regained,
                process: HolderProcess::default(),
            })),
            ..held_by(INTRUDER, 3)
        });
        if self.random.bool() {
            let acquire_time = held_by(INTRUDER, 3).acquire_time;
            self.acquired
                .insert((INTRUDER.to_owned(), acquire_time), (node, u64::MAX));
        }
        if self.random.bool() {
            self.intruder_releases();
        }
    }

    fn intruder_releases(&mut self) {
        self.edit(|record| {
            if record.holder == INTRUDER {
                record.holder.clear();
                record.lease_duration_seconds = Some(1);
            }
        });
    }

    fn check(&self) {
        let leaders = self.nodes.iter().filter(|it| it.is_leader(self.now));
        assert!(leaders.count() <= 1, "two lead: {self}");
    }
}

impl Node {
    /// In some courses a candidate has one name for all its lives, and in some of these it takes up
    /// what its last life has left.
    fn start(seed: u64, node: usize, life: u64, now: Instant) -> Self {
        let identity = match seed % 4 {
            0 | 1 => format!("{node}.{life}"),
            _ => node.to_string(),
        };
        let settings = Settings {
            reclaim: seed % 4 == 3,
            ..settings()
        };
        let mut election = Election::new(identity, settings, seed + life, now);
        election.handle_process(Some(HolderProcess::default()));
        Self {
            election,
            life,
            leader_until: Instant::ZERO,
            in_flight: None,
            timer: None,
            heard: None,
            unfinished: 0,
            leads: false,
            stopped: false,
            dead: false,
            proving: None,
            asleep_until: now,
            cut_off_until: now,
        }
    }

    fn is_leader(&self, now: Instant) -> bool {
        now < self.leader_until
    }

    /// The watch tells what it knew at `version`, if it stands.
    fn hear(&mut self, now: Instant, store: &MemoryStore, version: ResourceVersion) {
        let Some(heard) = self.heard else { return };
        for (version, observation) in news(store, heard)
            .into_iter()
            .take_while(|(at, _)| *at <= version)
        {
            self.heard = Some(version);
            self.election.handle_observation(now, observation);
        }
    }
}

impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.now.since(instant(0.0)).as_secs_f64();
        write!(f, "seed {} at second {seconds:.6}", self.seed)
    }
}
