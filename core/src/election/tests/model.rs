//! Every course of events of two or three candidates within a bound: so many faults of some kinds, at
//! any time until so many ticks have passed. The machine is the real one; `stateright` goes through
//! all states that it and a store can come to, each once, and shortest courses first.
//!
//! A lease lasts three ticks, a term two after its last renewal, and renewals come with each tick.
//! `LEASEHOLD_MODEL_FAULTS` and `LEASEHOLD_MODEL_TICKS` set bounds that a test has no time for; it
//! then says how far it has come.

mod canonical;
mod store;
mod world;

use std::collections::BTreeMap;
use std::env;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use stateright::report::{ReportData, ReportDiscovery, Reporter};
use stateright::{Checker, HasDiscoveries, Model, Property};

use self::Kind::{
    BrokenInto, Crash, CutOff, Deleted, Emptied, Error, Lost, Pause, Slow, Stall, StepDown, Stop,
    WatchEnds, WatchLags,
};
use self::world::{Action, Bounds, Kind, Proofs, Reached, World};

const FAULTS: &str = "LEASEHOLD_MODEL_FAULTS";
const TICKS: &str = "LEASEHOLD_MODEL_TICKS";

const ONE_LEADER: &str = "at most one leader at any instant";
const RULES: &str = "tokens grow; terms begin and end in turn, and beside nobody's work";
const A_LEADER: &str = "there can be a leader again";
const A_TERM: &str = "a leader";
const SUCCESSOR: &str = "a leader after one whose Lease has expired";
const PROVEN_SUCCESSOR: &str = "a leader after one that was proven dead";

#[test]
fn two_candidates_whose_messages_are_late_or_lost() {
    for (watched, ticks) in [(true, 5), (false, 4)] {
        let bounds = Bounds {
            watched,
            ..bounds(
                ticks,
                1,
                &[Pause, CutOff, Slow, Lost, Error, WatchLags, WatchEnds],
            )
        };
        check(bounds, &[A_TERM, SUCCESSOR]);
    }
}

#[test]
fn two_candidates_that_die_and_start_again() {
    for (same_name, reclaim) in [(false, false), (true, false), (true, true)] {
        let bounds = Bounds {
            same_name,
            reclaim,
            proofs: Proofs::True,
            ..bounds(4, 1, &[Crash])
        };
        check(bounds, &[A_TERM, PROVEN_SUCCESSOR]);
    }
}

#[test]
fn two_candidates_whose_lease_is_edited() {
    for watched in [true, false] {
        let bounds = Bounds {
            watched,
            // Who breaks in is dead at once.
            proofs: Proofs::True,
            ..bounds(4, 1, &[Deleted, Emptied, BrokenInto])
        };
        check(bounds, &[A_TERM]);
    }
}

#[test]
fn two_candidates_whose_applications_leave() {
    let bounds = bounds(4, 1, &[StepDown, Stop, Stall]);
    check(bounds, &[A_TERM]);
}

#[test]
fn two_candidates_whose_clocks_differ_as_much_as_they_may() {
    for clocks in [[2, 3], [3, 2]] {
        let bounds = Bounds {
            clocks: clocks.to_vec(),
            ..bounds(5, 1, &[Pause, CutOff])
        };
        check(bounds, &[A_TERM, SUCCESSOR]);
    }
}

#[test]
fn three_candidates() {
    let bounds = Bounds {
        clocks: vec![2, 2, 2],
        ..bounds(3, 1, &[Crash, Lost])
    };
    check(bounds, &[A_TERM]);
}

/// What the model is worth: it finds what must not be done.
#[test]
fn a_false_proof_is_found_as_two_leaders() {
    let bounds = Bounds {
        proofs: Proofs::False,
        ..bounds(4, 0, &[])
    };
    assert_eq!(failures(bounds), [ONE_LEADER]);
}

#[test]
fn clocks_that_differ_more_than_they_may_are_found_as_two_leaders() {
    let bounds = Bounds {
        clocks: vec![1, 2],
        ..bounds(5, 1, &[Pause])
    };
    assert_eq!(failures(bounds), [ONE_LEADER]);
}

impl Hash for World {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Model for Bounds {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if world.tick() < self.ticks {
            world.actions(self, actions);
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        Some(world.after(self, action))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE_LEADER, |_, world: &World| world.leaders() <= 1),
            Property::always(RULES, |_, world: &World| world.broken.is_none()),
            // Where the bound is: it can be come to from everywhere, since time goes on everywhere.
            Property::always(A_LEADER, |bounds: &Self, world: &World| {
                world.tick() < bounds.ticks || world.can_have_a_leader(bounds)
            }),
            Property::sometimes(A_TERM, |_, it: &World| it.reached == Some(Reached::Term)),
            Property::sometimes(SUCCESSOR, |_, it: &World| {
                it.reached == Some(Reached::Successor)
            }),
            Property::sometimes(PROVEN_SUCCESSOR, |_, it: &World| {
                it.reached == Some(Reached::ProvenSuccessor)
            }),
        ]
    }
}

/// Two candidates with watches and clocks of one rate, and no deaths that become known.
fn bounds(ticks: u32, faults: u8, kinds: &[Kind]) -> Bounds {
    Bounds {
        clocks: vec![2, 2],
        ticks: number(TICKS).unwrap_or(ticks),
        faults: number(FAULTS).unwrap_or(faults),
        kinds: kinds.to_vec(),
        watched: true,
        same_name: false,
        reclaim: false,
        proofs: Proofs::None,
    }
}

fn number<T: std::str::FromStr>(variable: &str) -> Option<T> {
    let text = env::var(variable).ok()?;
    let number = text.parse().ok();
    Some(number.unwrap_or_else(|| panic!("{variable}={text}: a small number is wanted")))
}

/// Nothing is broken within the bounds, and what must be reached is.
#[track_caller]
fn check(bounds: Bounds, reached: &[&'static str]) {
    let discoveries = discoveries(bounds);
    for (name, course) in &discoveries {
        let is_failure = [ONE_LEADER, RULES, A_LEADER].contains(name);
        assert!(!is_failure, "not always: {name}\n{course}");
    }
    for name in reached {
        assert!(discoveries.contains_key(name), "never: {name}");
    }
}

/// Which properties are broken, in order.
fn failures(bounds: Bounds) -> Vec<&'static str> {
    let mut names: Vec<_> = discoveries(bounds).into_keys().collect();
    names.retain(|name| [ONE_LEADER, A_LEADER].contains(name));
    names
}

/// What was found, and by which course of events.
fn discoveries(bounds: Bounds) -> BTreeMap<&'static str, String> {
    let mut progress = Progress(format!("{bounds:?}"));
    let checker = bounds
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join_and_report(&mut progress);
    let discoveries = checker.discoveries().into_iter();
    let course = |actions: Vec<Action>| format!("{actions:?}");
    discoveries
        .map(|(name, path)| (name, course(path.into_actions())))
        .collect()
}

/// Says how far a check has come.
struct Progress(String);

impl Reporter<Bounds> for Progress {
    fn report_checking(&mut self, data: ReportData) {
        let is_long = env::var_os(FAULTS).is_some() || env::var_os(TICKS).is_some();
        if data.done || is_long {
            println!(
                "{}: {} states, {} transitions, depth {}, {:.0} s{}",
                self.0,
                data.unique_states,
                data.total_states,
                data.max_depth,
                data.duration.as_secs_f64(),
                if data.done { ", all" } else { "" }
            );
        }
    }

    fn report_discoveries(
        &mut self,
        _: &Bounds,
        _: BTreeMap<&'static str, ReportDiscovery<Bounds>>,
    ) {
    }

    fn delay(&self) -> Duration {
        Duration::from_millis(200)
    }
}
