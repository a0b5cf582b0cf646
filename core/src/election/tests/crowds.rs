//! How many write when a Lease becomes free, and how long it stays so: a race whose requests and news
//! take their time.

use std::time::Duration;

use super::harness::*;
use super::schedule::{Happens, Schedule};
use crate::clock::Instant;
use crate::lease_store::memory::MemoryStore;

/// From a request to its effect, and from there to its answer.
const ONE_WAY: Duration = Duration::from_millis(3);
/// The least and the most from a change to the news of it.
const NEWS: (Duration, u32) = (Duration::from_millis(3), 2_000);
/// From a release to the winner's write if nobody waits.
const AT_ONCE: Duration = Duration::from_millis(3 + 2 + 3);

struct Crowd {
    store: MemoryStore,
    candidates: Vec<Candidate>,
    leader: usize,
    now: Instant,
    next: Schedule<usize>,
    random: fastrand::Rng,
    attempts: usize,
    landed_at: Instant,
}

impl Crowd {
    /// One leads, the others follow.
    fn of(size: usize) -> Self {
        let store = MemoryStore::new();
        let mut candidates = vec![leader("0", &store)];
        candidates[0].hear();
        for number in 1..size {
            candidates.push(standby(number, &store, instant(0.0)));
        }
        Self {
            store,
            candidates,
            leader: 0,
            now: instant(0.0),
            next: Schedule::new(),
            random: fastrand::Rng::with_seed(1),
            attempts: 0,
            landed_at: instant(0.0),
        }
    }

    /// The leader steps down. Returns how many have tried to follow, and after what time one did.
    fn race(&mut self) -> (usize, Duration) {
        self.attempts = 0;
        let former = &mut self.candidates[self.leader];
        former.at_instant(self.now).step_down().drained();
        former.expect("release").answer();
        let released_at = self.now;
        self.tell_all();
        while let Some((at, happens, who)) = self.next.pop() {
            self.now = at;
            let candidate = &mut self.candidates[who];
            candidate.at_instant(at);
            match happens {
                Happens::Hears => _ = candidate.hear(),
                Happens::Lands => {
                    let before = stored(&self.store).version;
                    candidate.land();
                    self.next.push(at + ONE_WAY, Happens::IsAnswered, who);
                    if stored(&self.store).version > before {
                        self.leader = who;
                        self.landed_at = at;
                        self.tell_all();
                    }
                    continue;
                }
                Happens::IsAnswered => _ = candidate.answer(),
                Happens::IsDue => {}
            }
            self.go_on(who);
        }
        self.candidates[self.leader].assert_leader();
        (self.attempts, self.landed_at.since(released_at))
    }

    fn tell_all(&mut self) {
        for who in 0..self.candidates.len() {
            let late = Duration::from_micros(self.random.u32(..NEWS.1).into());
            let at = self.now + NEWS.0 + late;
            self.next.push(at, Happens::Hears, who);
        }
    }

    fn go_on(&mut self, who: usize) {
        let candidate = &mut self.candidates[who];
        if let Some(asked) = candidate.try_ask() {
            self.attempts += usize::from(asked == "acquire");
            self.next.push(self.now + ONE_WAY, Happens::Lands, who);
        } else if let Some(due) = candidate.election.poll_timeout()
            && due > self.now
            && due < self.now + secs(1.0)
        {
            self.next.push(due, Happens::IsDue, who);
        }
    }

    /// A new process takes the place of one that has stepped down.
    fn replace(&mut self, who: usize) {
        self.candidates[who] = standby(who, &self.store, self.now);
    }
}

fn standby(number: usize, store: &MemoryStore, now: Instant) -> Candidate {
    let seed = u64::try_from(number).unwrap();
    let mut candidate = candidate_with_seed(store, settings(), seed);
    candidate.at_instant(now).expect("read").answer();
    candidate.hear();
    candidate
}

#[test]
fn a_crowd_learns_to_spread_its_attempts() {
    let mut crowd = Crowd::of(1_000);
    let races: Vec<_> = (0..12).map(|_| crowd.race()).collect();
    for (attempts, after) in &races[8..] {
        assert!(*attempts < 100, "{races:?}");
        assert!(*after < AT_ONCE * 2, "{races:?}");
    }
}

#[test]
fn a_few_go_on_at_once() {
    for size in [2, 3] {
        let mut crowd = Crowd::of(size);
        let mut waits = Duration::ZERO;
        for _ in 0..100 {
            let former = crowd.leader;
            let (_, after) = crowd.race();
            waits += after.saturating_sub(AT_ONCE);
            crowd.replace(former);
        }
        assert_eq!(waits, Duration::ZERO, "{size} candidates");
    }
}

#[test]
fn who_is_left_of_a_crowd_waits_once() {
    let mut crowd = Crowd::of(1_000);
    for _ in 0..10 {
        crowd.race();
    }
    crowd.candidates.swap(0, crowd.leader);
    crowd.leader = 0;
    crowd.candidates.truncate(2);
    let waits: Vec<_> = (0..4)
        .map(|_| {
            let former = crowd.leader;
            let (_, after) = crowd.race();
            crowd.replace(former);
            after
        })
        .collect();
    assert!(
        waits[0] < settings().retry_period / 8 + AT_ONCE,
        "{waits:?}"
    );
    assert!(waits[1..].iter().all(|it| *it <= AT_ONCE), "{waits:?}");
}

#[test]
fn who_loses_race_after_race_spreads_its_attempts_over_more_and_more_time() {
    let wait = |lost: u8, seed| {
        let store = store_with(released());
        let mut a = candidate_with_seed(&store, settings(), seed);
        a.expect("read").answer();
        for _ in 0..lost {
            store.put_foreign(released());
            a.hear();
            let due = a.next_timeout().unwrap();
            a.at_instant(a.now().max(instant(due))).expect("acquire");
            store.put_foreign(held_by("b", 15));
            a.answer().hear();
        }
        store.put_foreign(released());
        a.hear();
        instant(a.next_timeout().unwrap())
            .since(a.now())
            .as_secs_f64()
    };
    let spreads = [0.0, 0.0, 0.0, 0.008, 0.064, 0.25, 0.25];
    for (lost, spread) in (0..).zip(spreads) {
        let waits = (0..100).map(|seed| wait(lost, seed));
        let longest = waits.fold(0.0, f64::max);
        assert!(longest <= spread + 1e-6, "{lost} lost: {longest}");
        assert!(longest >= spread * 0.9, "{lost} lost: {longest}");
    }
}
