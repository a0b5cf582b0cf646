//! No firing of a job is begun twice, until somebody deletes the Lease, and none under a term that has ended;
//! and none is lost in silence.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::verdicts::{Violation, assert_holds};
use crate::world::Run;
use crate::world::timeline::{Kind, Meddling, Name, What, Who};

/// What rounding makes of the end of a term by two clocks.
const ROUNDING: Duration = Duration::from_micros(1);

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    let forgets = [Meddling::Delete, Meddling::Recreate];
    let is_forgotten = run.plan.meddlings.iter().any(|it| forgets.contains(it));
    let mut begun: BTreeMap<u64, Name> = BTreeMap::new();
    let mut fired = None;
    for (place, entry) in run.entries.iter().enumerate() {
        match (&entry.what, entry.who) {
            (What::Stores(stored), who) => {
                let is_gone = matches!(stored.kind, Kind::Foreign(it) if forgets.contains(&it));
                if stored.fired < fired && !is_gone {
                    let what = format!("the Lease forgets {fired:?}");
                    return Violation::new(entry.at, what);
                }
                if let (Some(firing), Who::Candidate(name), true) =
                    (stored.fired, who, stored.fired > fired)
                    && !is_accounted_for(run, name, firing)
                {
                    let what = format!("{name} records {firing}, and nobody is told");
                    return Violation::new(entry.at, what);
                }
                fired = stored.fired;
            }
            (What::Fires { firing, token }, Who::Candidate(name)) => {
                if let Some(before) = begun.insert(*firing, name)
                    && !is_forgotten
                {
                    let what = format!("{name} begins {firing} after {before}");
                    return Violation::new(entry.at, what);
                }
                if !leads(run, place, name, *token) {
                    let what = format!("{name} begins {firing} under a term that has ended");
                    return Violation::new(entry.at, what);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether who recorded a firing has begun it, or was told that it may count as begun, or has died.
fn is_accounted_for(run: &Run, name: Name, recorded: u64) -> bool {
    let entries = run.entries.iter();
    let of_candidate = entries.filter(|entry| entry.who == Who::Candidate(name));
    of_candidate
        .map(|entry| &entry.what)
        .any(|what| match what {
            What::Fires { firing, .. } | What::MayNotFire { firing, .. } => *firing == recorded,
            What::Dies => true,
            _ => false,
        })
}

/// Whether `name` leads under this token at the entry of this place.
fn leads(run: &Run, place: usize, name: Name, under: u64) -> bool {
    let at = run.entries[place].at;
    let is_its = |what: &What| matches!(what, What::Leads { token } if *token == under);
    let ends_before = |what: &What| matches!(what, What::LeadsNoMore { token, since } if *token == under && *since + ROUNDING < at);
    let of_candidate = |entry: &&crate::world::timeline::Entry| entry.who == Who::Candidate(name);
    let mut before = run.entries[..place].iter().filter(of_candidate);
    let mut all = run.entries.iter().filter(of_candidate);
    before.any(|entry| is_its(&entry.what)) && !all.any(|entry| ends_before(&entry.what))
}

#[test]
fn a_firing_is_begun_once_and_under_a_term() {
    assert_holds(check);
}
