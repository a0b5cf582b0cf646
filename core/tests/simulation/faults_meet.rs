//! Faults hide in each other's company: over all runs, each of them strikes a leader and a follower, and
//! one that each other fault holds at that moment.

use std::collections::{BTreeMap, BTreeSet};

use crate::faults_happen::first_word;
use crate::verdicts::{happened, has_run_all};
use crate::world::Run;
use crate::world::chaos::Mishap;
use crate::world::link::Weather;
use crate::world::timeline::{Entry, Kind, Meddling, Name, What, Who};

/// What may be wrong with a candidate for a while, by its kind: of one kind, one thing at a time.
const WEATHERS: &str = "RequestsLost RepliesLost Partition Slow Steady Refusing TooManyRequests \
                        WatchSilent WatchDeaf WatchLags WatchRepeats WatchRefused";
const NO_SERVER: &str = "ServerFails";
/// What happens to it in a moment.
const ENDS: &str = "Dies IsRestored SteppingDown Stopping";

/// The meetings of a run, each once.
pub(crate) fn meetings(run: &Run) -> BTreeSet<String> {
    let mut meetings = BTreeSet::new();
    let mut candidates: BTreeMap<Name, Condition> = BTreeMap::new();
    let mut server_is_down = false;
    for entry in &run.entries {
        note(&mut candidates, entry);
        let struck = strike(entry);
        for (name, condition) in &candidates {
            let is_struck = !matches!(entry.who, Who::Candidate(other) if other != *name);
            if let Some(strike) = struck.as_ref().filter(|_| is_struck) {
                let server = server_is_down.then_some(NO_SERVER);
                let held = condition.held_by.iter().map(String::as_str).chain(server);
                meetings.extend(held.map(|held| meeting(strike, held)));
                meetings.insert(meeting(strike, condition.role()));
            }
        }
        after(&mut candidates, &mut server_is_down, entry);
    }
    meetings
}

fn meeting(strike: &str, held: &str) -> String {
    format!("{strike} meets {held}")
}

/// How a candidate is.
#[derive(Default)]
struct Condition {
    leads: bool,
    held_by: BTreeSet<String>,
}

impl Condition {
    fn role(&self) -> &'static str {
        if self.leads { "leader" } else { "follower" }
    }
}

/// What strikes with this entry: the one it is about, or everybody.
fn strike(entry: &Entry) -> Option<String> {
    match &entry.what {
        What::IsHeldUp(mishap) => Some(format!("{mishap:?}")),
        What::Weather(Weather::Fair | Weather::Flaky(_)) => None,
        What::Weather(weather) => Some(first_word(&format!("{weather:?}"))),
        What::ServerFails => Some(NO_SERVER.to_owned()),
        What::Dies => Some("Dies".to_owned()),
        What::IsRestored => Some("IsRestored".to_owned()),
        What::SteppingDown => Some("SteppingDown".to_owned()),
        What::Stopping => Some("Stopping".to_owned()),
        What::Stores(stored) => match stored.kind {
            Kind::Foreign(meddling) => Some(format!("{meddling:?}")),
            _ => None,
        },
        _ => None,
    }
}

/// What this entry changes before it strikes.
fn note(candidates: &mut BTreeMap<Name, Condition>, entry: &Entry) {
    let Who::Candidate(name) = entry.who else {
        return;
    };
    match &entry.what {
        What::Starts => drop(candidates.insert(name, Condition::default())),
        What::Weather(_) => {
            let condition = candidates.entry(name).or_default();
            condition
                .held_by
                .retain(|held| !names(WEATHERS).any(|it| it == held));
        }
        _ => {}
    }
}

/// What it changes from then on.
fn after(candidates: &mut BTreeMap<Name, Condition>, server_is_down: &mut bool, entry: &Entry) {
    match entry.what {
        What::ServerFails => *server_is_down = true,
        What::ServerRecovers => *server_is_down = false,
        _ => {}
    }
    let Who::Candidate(name) = entry.who else {
        return;
    };
    let condition = candidates.entry(name).or_default();
    match &entry.what {
        What::Leads { .. } => condition.leads = true,
        What::LeadsNoMore { .. } => condition.leads = false,
        What::IsHeldUp(_) | What::Weather(_) => condition.held_by.extend(strike(entry)),
        What::IsLetGo(mishap) => drop(condition.held_by.remove(&format!("{mishap:?}"))),
        What::Dies | What::Ends => drop(candidates.remove(&name)),
        _ => {}
    }
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

/// All meetings that can be.
pub(crate) fn possible() -> Vec<String> {
    let mishaps = Mishap::ALL.map(|it| format!("{it:?}"));
    let mishaps: Vec<_> = mishaps.iter().map(String::as_str).collect();
    let meddlings = Meddling::ALL.map(|it| format!("{it:?}"));
    let weathers: Vec<_> = names(WEATHERS).collect();
    let ends = names(ENDS);
    let strikes = mishaps.iter().copied().chain(weathers.iter().copied());
    let strikes = strikes.chain(ends).chain([NO_SERVER]);
    let strikes = strikes.chain(meddlings.iter().map(String::as_str));
    let held = mishaps.iter().chain(&weathers).copied();
    let held: Vec<_> = held.chain([NO_SERVER, "leader", "follower"]).collect();
    let may_meet = |strike: &str, held: &str| {
        let both = |kind: &[&str]| kind.contains(&strike) && kind.contains(&held);
        let at_once = both(&weathers) || both(&[NO_SERVER]) || strike == held;
        // One that stands still as a whole does nothing but die.
        let does = names("IsRestored SteppingDown Stopping").any(|it| it == strike);
        let stands_still = held == mishaps[0] && (does || mishaps.contains(&strike));
        !at_once && !stands_still
    };
    let pairs = strikes.flat_map(|strike| held.iter().map(move |held| (strike, *held)));
    pairs
        .filter(|(strike, held)| may_meet(strike, held))
        .map(|(strike, held)| meeting(strike, held))
        .collect()
}

#[test]
fn each_fault_strikes_leaders_and_followers_and_those_that_another_fault_holds() {
    if !has_run_all() {
        return;
    }
    let possible = possible();
    let missing: Vec<_> = possible
        .iter()
        .filter(|meeting| !happened().contains_key(*meeting))
        .collect();
    println!(
        "pairs: {} of {} reached",
        possible.len() - missing.len(),
        possible.len()
    );
    assert!(
        missing.is_empty(),
        "{} of {} never happened: {missing:#?}",
        missing.len(),
        possible.len()
    );
}
