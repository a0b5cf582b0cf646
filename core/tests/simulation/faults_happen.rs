//! The other promises are worth something only where they are put to the test: over all runs, each
//! kind of fault happens, and each way in which a term can
//! begin and end.

use std::collections::{BTreeMap, BTreeSet};

use leasehold::{Acquisition, LostReason};

use crate::verdicts::{happened, has_run_all};
use crate::world::Run;
use crate::world::timeline::{Asked, Entry, Kind, Meddling, Name, Told, What, Who};

/// What happens in a run, each once.
pub(crate) fn kinds(run: &Run) -> BTreeSet<String> {
    let named = run.entries.iter().filter_map(kind);
    named
        .chain(late_writes(run))
        .chain(interrupted_work(run))
        .collect()
}

fn kind(entry: &Entry) -> Option<String> {
    match &entry.what {
        What::IsHeldUp(mishap) => Some(format!("{mishap:?}")),
        What::Weather(weather) => Some(first_word(&format!("{weather:?}"))),
        What::Stores(stored) => Some(format!("{:?}", stored.kind)),
        What::Told(Told::Acquired { acquisition, .. }) => Some(format!("Acquired: {acquisition}")),
        What::Told(Told::Lost { reason, .. }) => Some(format!("Lost: {reason}")),
        What::Hears(_, news) => Some(first_word(&format!("{news:?}"))),
        What::IsRestored => Some("IsRestored".to_owned()),
        What::Dies => Some("Dies".to_owned()),
        What::SteppingDown => Some("SteppingDown".to_owned()),
        What::Stopping => Some("Stopping".to_owned()),
        What::ServerFails => Some("ServerFails".to_owned()),
        What::Forgoes(why) => Some(format!("Forgoes: {why}")),
        What::WorkFails { .. } => Some("WorkFails".to_owned()),
        What::SaysDone { .. } => Some("SaysDone".to_owned()),
        What::Fires { .. } => Some("Fires".to_owned()),
        What::MayNotFire { why, .. } => Some(format!("MayNotFire: {why}")),
        What::GivesUp { why, .. } => Some(format!("GivesUp: {why}")),
        _ => None,
    }
}

/// Writes that took effect after their sender had sent another request, or had died.
fn late_writes(run: &Run) -> Option<String> {
    let mut writing: Vec<Name> = Vec::new();
    for entry in &run.entries {
        let Who::Candidate(name) = entry.who else {
            continue;
        };
        match &entry.what {
            What::Sends(_, Asked::Write(_)) => writing.push(name),
            What::Sends(..) | What::Dies => writing.retain(|writer| *writer != name),
            What::Stores(_) if !writing.contains(&name) => return Some("late write".to_owned()),
            _ => {}
        }
    }
    None
}

/// Work that somebody has begun whom it was then taken from.
fn interrupted_work(run: &Run) -> Option<String> {
    let mut begun = BTreeMap::new();
    for entry in &run.entries {
        match (&entry.what, entry.who) {
            (What::Works { key, .. }, Who::Candidate(name)) => {
                let before = begun.insert(*key, name);
                if before.is_some_and(|before| before != name) {
                    return Some("interrupted work".to_owned());
                }
            }
            (What::WorkFails { key }, _) => drop(begun.remove(key)),
            _ => {}
        }
    }
    None
}

pub(crate) fn first_word(text: &str) -> String {
    text.split(['(', ' ']).next().unwrap_or_default().to_owned()
}

/// All that is to happen.
pub(crate) fn possible() -> Vec<String> {
    let weathers = "RequestsLost RepliesLost Partition Slow Steady Refusing TooManyRequests WatchSilent \
                    WatchDeaf WatchLags WatchRepeats WatchRefused";
    let mishaps = "Suspended Starved Stalled Deaf Dies IsRestored SteppingDown Stopping ServerFails WorkFails SaysDone";
    let news = "Lease NoLease Deleted Written Watching WatchEnds Conflict TooOld Fails";
    let words = [weathers, mishaps, news]
        .into_iter()
        .flat_map(str::split_whitespace);
    let writes = [Kind::Create, Kind::Acquire, Kind::Renew, Kind::Release];
    let meddlings = Meddling::ALL.map(Kind::Foreign);
    words
        .map(str::to_owned)
        .chain(
            writes
                .iter()
                .chain(&meddlings)
                .map(|kind| format!("{kind:?}")),
        )
        .chain(
            LostReason::ALL
                .iter()
                .map(|reason| format!("Lost: {reason}")),
        )
        .chain(
            Acquisition::ALL
                .iter()
                .map(|how| format!("Acquired: {how}")),
        )
        .chain(
            [
                "late write",
                "GivesUp: work_failed",
                "interrupted work",
                "Fires",
                "Forgoes: timed_out",
                "MayNotFire: leadership_lost",
            ]
            .map(str::to_owned),
        )
        .collect()
}

#[test]
fn each_kind_of_fault_happens_and_each_way_to_lose_a_term() {
    if !has_run_all() {
        return;
    }
    let expected = possible();
    let missing: Vec<_> = expected
        .iter()
        .filter(|kind| !happened().contains_key(*kind))
        .collect();
    println!(
        "kinds: {} of {} reached",
        expected.len() - missing.len(),
        expected.len()
    );
    assert!(missing.is_empty(), "never happened: {missing:?}");
}
