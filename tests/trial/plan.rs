//! Which rounds there are, in which order: all of it follows from the seed.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Result, ensure};
use fastrand::Rng;
use leasehold_tests::Entrant;
use leasehold_tests::faults::{Fault, Touches};

use crate::round::Round;

const CANDIDATES: usize = 3;

pub(crate) struct Plan {
    random: Rng,
    /// Each fault with who is hit by it and whom it may meet.
    pairs: Vec<Pair>,
    /// How often to play each pair, if not without an end.
    times: Option<usize>,
    /// How often each was before.
    played: BTreeMap<(String, String), usize>,
    /// How often all of them have come, with those that are left until they come again.
    passes: usize,
    left: VecDeque<Pair>,
    begun: usize,
}

#[derive(Clone)]
struct Pair {
    fault: &'static Fault,
    hit: Entrant,
    others: Vec<Entrant>,
}

impl Plan {
    pub(crate) fn new(
        seed: u64,
        faults: Vec<&'static Fault>,
        candidates: &[Entrant],
        peers: &[Entrant],
        times: Option<usize>,
    ) -> Result<Self> {
        let mut pairs = Vec::new();
        for fault in faults {
            let of_ours: Vec<_> = candidates.iter().filter(|it| endures(fault, it)).collect();
            for hit in &of_ours {
                pairs.push(Pair {
                    fault,
                    hit: (*hit).clone(),
                    others: of_ours.iter().copied().cloned().collect(),
                });
            }
            for hit in peers.iter().filter(|it| endures(fault, it)) {
                pairs.push(Pair {
                    fault,
                    hit: hit.clone(),
                    others: vec![hit.clone()],
                });
            }
        }
        ensure!(!pairs.is_empty(), "nobody is to endure any of these faults");
        Ok(Self {
            random: Rng::with_seed(seed),
            pairs,
            times,
            played: BTreeMap::new(),
            passes: 0,
            left: VecDeque::new(),
            begun: 0,
        })
    }

    /// Goes on after so many rounds, which have played each pair so often.
    pub(crate) fn go_on_after(&mut self, rounds: usize, played: BTreeMap<(String, String), usize>) {
        self.begun = rounds;
        self.played = played;
    }

    /// None if each pair was played as often as wanted.
    pub(crate) fn next_round(&mut self) -> Option<Round> {
        while self.left.is_empty() {
            if self.times.is_some_and(|times| self.passes >= times) {
                return None;
            }
            self.passes += 1;
            let mut pairs = self.pairs.clone();
            self.random.shuffle(&mut pairs);
            pairs.retain(|pair| {
                let pair = (pair.fault.name.to_owned(), pair.hit.name.clone());
                self.played.get(&pair).is_none_or(|it| *it < self.passes)
            });
            self.left.extend(pairs);
        }
        let Pair { fault, hit, others } = self.left.pop_front()?;
        let mut lineup = vec![hit];
        while lineup.len() < CANDIDATES {
            lineup.extend(self.random.choice(&others).cloned());
        }
        self.begun += 1;
        Some(Round {
            number: self.begun,
            fault,
            lineup,
            random: self.random.fork(),
        })
    }
}

/// Whether a fault is one that such a candidate is made for.
fn endures(fault: &Fault, entrant: &Entrant) -> bool {
    match fault.touches {
        Touches::Candidates | Touches::Servers => true,
        // `leasehold run` cannot stop its command while it stands still itself, as its help says.
        Touches::Process => !entrant.is_run(),
        // Programs of Go, for one, do not ask the C library for the time.
        Touches::WallClocks => entrant.speaks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(seed: u64) -> Plan {
        let entrant = |name: &str| Entrant::new(name, &[name.to_owned()]);
        let candidates = ["a", "b", "c"].map(entrant);
        let peer = Entrant::peer("p", &["p".to_owned()]);
        Plan::new(seed, Fault::all().collect(), &candidates, &[peer], None).unwrap()
    }

    fn rounds(plan: &mut Plan, count: usize) -> Vec<(&'static str, String)> {
        let rounds = (0..count).map_while(|_| plan.next_round());
        let named = rounds.map(|it| (it.fault.name, it.lineup[0].name.clone()));
        named.collect()
    }

    #[test]
    fn each_is_hit_by_each_fault_before_any_is_again() {
        let mut plan = plan(1);
        let count = plan.pairs.len();
        let mut first = rounds(&mut plan, count);
        let mut second = rounds(&mut plan, count);
        assert_ne!(first, second);
        first.sort();
        first.dedup();
        assert_eq!(first.len(), count);
        second.sort();
        assert_eq!(first, second);
    }

    #[test]
    fn a_plan_goes_on_with_what_is_left() {
        let mut whole = plan(1);
        whole.times = Some(2);
        let count = whole.pairs.len();
        let all = rounds(&mut whole, 3 * count);
        assert_eq!(all.len(), 2 * count);

        let mut played = BTreeMap::new();
        for (fault, hit) in &all[..count + 3] {
            *played
                .entry((str::to_owned(fault), hit.clone()))
                .or_default() += 1;
        }
        let mut rest = plan(2);
        rest.times = Some(2);
        rest.go_on_after(count + 3, played);
        assert_eq!(rest.next_round().unwrap().number, count + 4);
        let mut left = rounds(&mut rest, 3 * count);
        assert_eq!(left.len(), count - 4);
        left.retain(|round| all[count..count + 3].contains(round));
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn rounds_follow_from_the_seed() {
        assert_eq!(rounds(&mut plan(7), 50), rounds(&mut plan(7), 50));
        assert_ne!(rounds(&mut plan(7), 50), rounds(&mut plan(8), 50));
    }

    #[test]
    fn other_clients_meet_their_like_alone() {
        let mut plan = plan(1);
        let rounds = (0..2 * plan.pairs.len()).map_while(|_| plan.next_round());
        for round in rounds {
            let peers = round.lineup.iter().filter(|it| !it.speaks).count();
            assert!([0, CANDIDATES].contains(&peers));
        }
    }
}
