//! An application that has shown no sign of life for the stall timeout does not lead, and its
//! Lease is neither acquired nor renewed.
//!
//! The election's thread sees to that. While it cannot run, the answer ends with the term, whose
//! deadline nobody extends.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::verdicts::{Violation, assert_holds};
use crate::world::Run;
use crate::world::chaos::Mishap;
use crate::world::timeline::{Asked, Kind, Name, What, Who};

/// Timers are set by the true clock: on a fast one a nap of a second ends late.
const SLACK: Duration = Duration::from_millis(200);

/// The election's thread: by how many mishaps, and until when it was.
#[derive(Default)]
struct HeldUp {
    by: u32,
    until: Duration,
}

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    let mut stalled_from: BTreeMap<Name, Duration> = BTreeMap::new();
    let mut held_up: BTreeMap<Name, HeldUp> = BTreeMap::new();
    let mut leading: BTreeMap<Name, bool> = BTreeMap::new();
    for entry in &run.entries {
        let stalled = |name| {
            stalled_from
                .get(&name)
                .is_some_and(|from| *from <= entry.at)
        };
        let can_run = |name| {
            let held_up = held_up.get(name);
            held_up.is_none_or(|it| it.by == 0 && it.until + SLACK < entry.at)
        };
        let leader = leading
            .iter()
            .find(|(name, leads)| **leads && stalled(**name) && can_run(name));
        if let Some((name, _)) = leader {
            return Violation::new(entry.at, format!("{name} is stalled and leads"));
        }
        let Who::Candidate(name) = entry.who else {
            continue;
        };
        let setup = &run.plan.candidates[name.slot];
        match &entry.what {
            What::IsHeldUp(Mishap::Stalled) if setup.has_heart => {
                let timeout = setup.stall_timeout.div_f64(setup.rate);
                stalled_from.insert(name, entry.at + timeout + SLACK);
            }
            What::IsLetGo(Mishap::Stalled) => drop(stalled_from.remove(&name)),
            What::IsHeldUp(Mishap::Suspended | Mishap::Starved) => {
                held_up.entry(name).or_default().by += 1;
            }
            What::IsLetGo(Mishap::Suspended | Mishap::Starved) => {
                let held_up = held_up.entry(name).or_default();
                held_up.by -= 1;
                held_up.until = entry.at;
            }
            What::Leads { .. } => drop(leading.insert(name, true)),
            What::LeadsNoMore { .. } => drop(leading.insert(name, false)),
            What::Sends(_, Asked::Write(kind)) if stalled(name) && *kind != Kind::Release => {
                return Violation::new(entry.at, format!("{name} is stalled and sends {kind:?}"));
            }
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn an_application_without_a_sign_of_life_neither_leads_nor_renews() {
    assert_holds(check);
}
