//! The Lease is released only after the work of every term has ended, and renewed until then.

use std::collections::{BTreeMap, BTreeSet};

use crate::verdicts::{Violation, assert_holds};
use crate::world::Run;
use crate::world::timeline::{Asked, Kind, Name, What, Who};

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    let mut working: BTreeMap<Name, BTreeSet<u64>> = BTreeMap::new();
    for entry in &run.entries {
        let Who::Candidate(name) = entry.who else {
            continue;
        };
        let working = working.entry(name).or_default();
        match &entry.what {
            What::Leads { token } => drop(working.insert(*token)),
            What::WorkEnds { token } => drop(working.remove(token)),
            What::Sends(_, Asked::Write(Kind::Release)) if !working.is_empty() => {
                let what = format!("{name} releases the Lease over the work of {working:?}");
                return Violation::new(entry.at, what);
            }
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn no_lease_is_released_over_unfinished_work() {
    assert_holds(check);
}
