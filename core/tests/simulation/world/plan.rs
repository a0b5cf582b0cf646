//! What a seed stands for: the candidates' settings, and what may go wrong in a run.
//!
//! Each run allows some kinds of fault and not the others, because faults hide each other: where
//! everything fails all the time, nobody leads and nothing is tested (Groce, "Swarm Testing").

use std::time::{Duration, SystemTime};

use fastrand::Rng;
use leasehold::clock::WallTime;
use leasehold::{Config, ErrorKind};

use super::chaos::Fortune;
use super::link::Weather;
use super::timeline::{Meddling, Name};

pub(crate) const CANDIDATES: usize = 3;

/// For how many lease durations things go wrong: ten minutes with client-go's settings.
const LENGTH: u32 = 40;
/// How far a clock may be off the true one. Two clocks then differ by less than the ratio of lease
/// duration and renew deadline, which is what the protocol can bear.
const DRIFT: f64 = 0.05;
const FIRST_WALL_TIME: i64 = 1_790_000_000_000_000;
const DAY: i64 = 86_400_000_000;

/// A job with a schedule, whose firings are numbered.
pub(crate) const JOB: &str = "job";

/// Lease duration, renew deadline and retry period, in milliseconds. client-go's first.
const TIMINGS: [(u64, u64, u64); 5] = [
    (15_000, 10_000, 2_000),
    (6_000, 4_000, 1_000),
    (60_000, 40_000, 5_000),
    (15_000, 13_000, 10_000),
    SHORTEST,
];

/// A holder's duration is then that of a release.
const SHORTEST: (u64, u64, u64) = (1_000, 700, 200);

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) candidates: Vec<Setup>,
    /// How long things go wrong.
    pub(crate) length: Duration,
    /// The mean time between two faults of one kind at one place.
    pub(crate) gap: Duration,
    /// The share of requests that go wrong by themselves.
    pub(crate) flakiness: f64,
    /// The share of lost terms whose work goes on for a while.
    pub(crate) slowness: f64,
    pub(crate) weathers: Vec<Weather>,
    pub(crate) fortunes: Vec<Fortune>,
    pub(crate) meddlings: Vec<Meddling>,
    pub(crate) outages: bool,
    /// Whether they want the Lease for one piece of work after another, as a lock.
    pub(crate) locks: bool,
    /// Whether the candidates have work that is to run once.
    pub(crate) works: bool,
    /// The time between two firings of the candidates' job, if they have one.
    pub(crate) fires_each: Option<Duration>,
}

/// One candidate's settings.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) lease_duration: Duration,
    pub(crate) renew_deadline: Duration,
    pub(crate) retry_period: Duration,
    pub(crate) drain_timeout: Duration,
    pub(crate) stall_timeout: Duration,
    pub(crate) release_on_stop: bool,
    /// The speed of its clock.
    pub(crate) rate: f64,
    pub(crate) wall_origin: WallTime,
    /// Whether each of its lives has the same identity.
    pub(crate) same_identity: bool,
    /// Whether it gives signs of life.
    pub(crate) has_heart: bool,
    /// How long a proof may take that another is dead; `None` if it neither takes nor leaves any.
    pub(crate) slowest_proof: Option<Duration>,
}

impl Plan {
    /// Three candidates with client-go's settings, and nothing goes wrong.
    pub(crate) fn calm(seed: u64) -> Self {
        Self {
            seed,
            candidates: vec![Setup::new(TIMINGS[0]); CANDIDATES],
            length: Duration::ZERO,
            gap: Duration::MAX,
            flakiness: 0.0,
            slowness: 0.0,
            weathers: Vec::new(),
            fortunes: Vec::new(),
            meddlings: Vec::new(),
            outages: false,
            locks: false,
            works: false,
            fires_each: None,
        }
    }

    pub(crate) fn drawn(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let random = &mut random;
        let candidates = draw_candidates(random);
        let longest = candidates.iter().map(|it| it.lease_duration).max();
        let lease = longest.unwrap_or_default();
        let mut plan = Self {
            seed,
            length: lease * LENGTH,
            gap: lease.mul_f64(0.5 + 5.5 * random.f64()),
            flakiness: pick(random, [0.0, 0.02, 0.1, 0.3]),
            slowness: pick(random, [0.0, 0.2, 0.8]),
            weathers: draw_weathers(random, lease),
            fortunes: some_of(random, Fortune::ALL),
            meddlings: draw_meddlings(random),
            outages: random.bool(),
            locks: false,
            works: false,
            fires_each: None,
            candidates,
        };
        // Last, so that all else stays what a seed stands for.
        let proofs = random.u8(..3) > 0;
        for candidate in &mut plan.candidates {
            let slowest = candidate.lease_duration.mul_f64(random.f64());
            let takes_part = proofs && random.u8(..4) > 0;
            candidate.slowest_proof = takes_part.then_some(slowest);
        }
        plan.works = random.bool();
        // Each costs a request.
        let retry = plan.candidates.iter().map(|it| it.retry_period).max();
        let gap = retry.unwrap_or_default() * 2 + lease.mul_f64(random.f64());
        plan.fires_each = (random.u8(..3) > 0).then_some(gap);
        if random.bool() {
            plan.fortunes.push(Fortune::Worsens);
        }
        if random.u8(..4) == 0 {
            plan.fortunes.push(Fortune::IsRestored);
        }
        plan.locks = random.u8(..8) == 0;
        if plan.locks {
            // Work for leaders.
            plan.works = false;
            plan.fires_each = None;
        }
        plan
    }

    pub(crate) fn longest_lease(&self) -> Duration {
        let longest = self.candidates.iter().map(|it| it.lease_duration).max();
        longest.unwrap_or_default()
    }

    /// Within this time somebody must lead once nothing is in the way any more: a lease that an
    /// outsider lengthened expires, after work that had until its drain timeout.
    pub(crate) fn patience(&self) -> Duration {
        let drain = self.candidates.iter().map(|it| it.drain_timeout).max();
        self.longest_lease() * 4 + drain.unwrap_or_default()
    }

    /// Another source of random numbers for each `purpose`, so that none disturbs the others.
    pub(crate) fn random_for(&self, purpose: &str, number: u64) -> Rng {
        let mixed = purpose.bytes().map(u64::from).chain([number, self.seed]);
        let mut random = Rng::with_seed(0);
        for value in mixed {
            random = Rng::with_seed(random.u64(..) ^ value);
        }
        random
    }
}

/// When the firing of this number is due, which has come by each candidate's clock.
pub(crate) fn due(firing: u64) -> SystemTime {
    let first = WallTime::from_micros(FIRST_WALL_TIME - 2 * DAY);
    SystemTime::from(first) + Duration::from_secs(firing)
}

/// The number of the firing that is due then.
pub(crate) fn number_of(due: WallTime) -> u64 {
    let since = SystemTime::from(due).duration_since(self::due(0));
    since.expect("a firing of a candidate's").as_secs()
}

impl Setup {
    fn new((lease, renew, retry): (u64, u64, u64)) -> Self {
        let lease_duration = Duration::from_millis(lease);
        Self {
            lease_duration,
            renew_deadline: Duration::from_millis(renew),
            retry_period: Duration::from_millis(retry),
            drain_timeout: lease_duration.mul_f64(4.0 / 3.0),
            stall_timeout: lease_duration * 2,
            release_on_stop: true,
            rate: 1.0,
            wall_origin: WallTime::from_micros(FIRST_WALL_TIME),
            same_identity: false,
            has_heart: false,
            slowest_proof: None,
        }
    }

    pub(crate) fn config(&self, name: Name) -> Config {
        let name = name.to_string();
        let identity = if self.same_identity {
            &name[..1]
        } else {
            &name
        };
        Config::new("simulated")
            .identity(identity)
            .lease_duration(self.lease_duration)
            .renew_deadline(self.renew_deadline)
            .retry_period(self.retry_period)
            .drain_timeout(self.drain_timeout)
            .stall_timeout(self.stall_timeout)
            .release_on_stop(self.release_on_stop)
            .reclaim(false)
    }
}

fn draw_candidates(random: &mut Rng) -> Vec<Setup> {
    // Half of all runs have client-go's settings, and some mix settings, as during an upgrade.
    let common = if random.bool() {
        TIMINGS[0]
    } else {
        pick(random, TIMINGS)
    };
    let mixed = common != SHORTEST && random.u8(..5) == 0;
    let drift = if random.u8(..3) == 0 { DRIFT } else { 0.0 };
    let same_identity = random.u8(..5) == 0;
    let draw = |_| {
        let timing = if mixed {
            pick(random, &TIMINGS[..4])
        } else {
            &common
        };
        let wall_offset = random.i64(-DAY..DAY);
        Setup {
            release_on_stop: random.u8(..5) > 0,
            rate: 1.0 + drift * (2.0 * random.f64() - 1.0),
            wall_origin: WallTime::from_micros(FIRST_WALL_TIME + wall_offset),
            same_identity,
            has_heart: random.bool(),
            ..Setup::new(*timing)
        }
    };
    (0..CANDIDATES).map(draw).collect()
}

fn draw_weathers(random: &mut Rng, lease: Duration) -> Vec<Weather> {
    let mut up_to = |share: f64| lease.mul_f64(share * random.f64());
    let all = [
        Weather::RequestsLost,
        Weather::RepliesLost,
        Weather::Partition,
        Weather::Partition,
        Weather::Slow(up_to(0.3)),
        Weather::Steady(up_to(0.65)),
        Weather::Refusing(ErrorKind::Unavailable),
        Weather::Refusing(ErrorKind::Forbidden),
        Weather::Refusing(ErrorKind::Unauthorized),
        Weather::TooManyRequests(up_to(1.0)),
        Weather::WatchSilent,
        Weather::WatchDeaf,
        Weather::WatchLags(up_to(0.7)),
        Weather::WatchRepeats,
        Weather::WatchRefused,
    ];
    some_of(random, all)
}

/// Half of all runs have no outsider that breaks the protocol.
fn draw_meddlings(random: &mut Rng) -> Vec<Meddling> {
    if random.bool() {
        return vec![Meddling::Label];
    }
    some_of(random, Meddling::ALL)
}

fn some_of<T>(random: &mut Rng, all: impl IntoIterator<Item = T>) -> Vec<T> {
    all.into_iter().filter(|_| random.bool()).collect()
}

fn pick<T>(random: &mut Rng, from: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>) -> T {
    random
        .choice(from)
        .expect("there is something to pick from")
}
