//! A Lease is not taken from its holder before it has gone without a change for as long as its
//! record says, by the clock of the one that takes it; unless its holder is dead, and proven to be.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::verdicts::{Violation, assert_holds};
use crate::world::Run;
use crate::world::timeline::{Holder, Kind, Meddling, Name, Stored, What, Who};

/// Clocks that drift are rounded to nanoseconds.
const SLACK: Duration = Duration::from_micros(1);

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    let mut present: Option<(Duration, Stored)> = None;
    let mut dead: BTreeSet<Name> = BTreeSet::new();
    let takes_proofs = |name: Name| run.plan.candidates[name.slot].slowest_proof.is_some();
    let is_proven_dead = |holder: Holder, by: Name, dead: &BTreeSet<Name>| match holder {
        Holder::Candidate(holder) => {
            dead.contains(&holder) && takes_proofs(holder) && takes_proofs(by)
        }
        Holder::Nobody | Holder::Outsider => false,
    };
    for entry in &run.entries {
        if let (Who::Candidate(name), What::Dies) = (entry.who, &entry.what) {
            dead.insert(name);
        }
        let What::Stores(stored) = &entry.what else {
            continue;
        };
        if let (Who::Candidate(name), Kind::Acquire, Some((since, held))) =
            (entry.who, stored.kind, present)
            && !matches!(held.holder, Holder::Nobody)
            && held.holder != Holder::Candidate(name)
            && !is_proven_dead(held.holder, name, &dead)
        {
            let rate = run.plan.candidates[name.slot].rate;
            let age = entry.at.checked_sub(since).unwrap();
            if age + SLACK < held.lease_duration.div_f64(rate) {
                let what = format!(
                    "{name} takes the Lease {age:?} after v{}, which is valid for {:?}",
                    held.version, held.lease_duration,
                );
                return Violation::new(entry.at, what);
            }
        }
        // A label does not change the record.
        if stored.kind != Kind::Foreign(Meddling::Label) {
            present = Some((entry.at, *stored));
        }
    }
    Ok(())
}

#[test]
fn a_lease_is_taken_only_after_its_own_duration() {
    assert_holds(check);
}
