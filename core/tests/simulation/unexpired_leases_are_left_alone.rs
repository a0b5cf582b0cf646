//! A Lease is not taken from its holder before the one that takes it has seen its record, and no
//! change of that, for as long as the record says, by the taker's clock; unless its holder is dead,
//! and proven to be.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::verdicts::{Violation, assert_holds};
use crate::world::Run;
use crate::world::timeline::{Holder, Kind, Meddling, Name, News, Stored, What, Who};

/// Clocks that drift are rounded to nanoseconds.
const SLACK: Duration = Duration::from_micros(1);

/// What tells one record from another. A label changes none of it, and who edits the duration may
/// put back what was there.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Record {
    /// The version in which it got its holder and its times.
    written: u64,
    lease_duration: Duration,
}

/// What a candidate has seen last, and since when it has seen nothing else.
struct Observed {
    version: u64,
    record: Record,
    since: Duration,
}

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    let mut present: Option<(Stored, Record)> = None;
    let mut records: BTreeMap<u64, Record> = BTreeMap::new();
    let mut observed: BTreeMap<Name, Observed> = BTreeMap::new();
    let mut dead: BTreeSet<Name> = BTreeSet::new();
    let takes_proofs = |name: Name| run.plan.candidates[name.slot].slowest_proof.is_some();
    let is_proven_dead = |holder: Holder, by: Name, dead: &BTreeSet<Name>| match holder {
        Holder::Candidate(holder) => {
            dead.contains(&holder) && takes_proofs(holder) && takes_proofs(by)
        }
        Holder::Nobody | Holder::Outsider => false,
    };
    for entry in &run.entries {
        match (entry.who, &entry.what) {
            (Who::Candidate(name), What::Dies) => drop(dead.insert(name)),
            (Who::Candidate(name), What::Hears(_, News::Lease(version))) => {
                see(&mut observed, name, *version, records[version], entry.at);
            }
            (who, What::Stores(stored)) => {
                if let (Who::Candidate(name), Kind::Acquire, Some((held, record))) =
                    (who, stored.kind, present)
                    && !matches!(held.holder, Holder::Nobody)
                    && held.holder != Holder::Candidate(name)
                    && !is_proven_dead(held.holder, name, &dead)
                {
                    let rate = run.plan.candidates[name.slot].rate;
                    let seen = observed.get(&name).filter(|seen| seen.record == record);
                    let age =
                        seen.map_or(Duration::ZERO, |seen| entry.at.saturating_sub(seen.since));
                    if age + SLACK < held.lease_duration.div_f64(rate) {
                        let what = format!(
                            "{name} takes the Lease {age:?} after it has seen v{}, which is valid for {:?}",
                            held.version, held.lease_duration,
                        );
                        return Violation::new(entry.at, what);
                    }
                }
                let record = follow(present, stored);
                records.insert(stored.version, record);
                present = Some((*stored, record));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The record that is stored after `before`.
fn follow(before: Option<(Stored, Record)>, stored: &Stored) -> Record {
    let is_edit = matches!(
        stored.kind,
        Kind::Foreign(Meddling::Label | Meddling::Shorten | Meddling::Lengthen)
    );
    let written = match before {
        Some((_, record)) if is_edit => record.written,
        _ => stored.version,
    };
    let lease_duration = stored.lease_duration;
    Record {
        written,
        lease_duration,
    }
}

/// Old news tells nothing: what is newer has been seen.
fn see(
    observed: &mut BTreeMap<Name, Observed>,
    name: Name,
    version: u64,
    record: Record,
    at: Duration,
) {
    let last = observed.get(&name);
    if last.is_some_and(|last| last.version >= version) {
        return;
    }
    let same = last.filter(|last| last.record == record);
    let since = same.map_or(at, |last| last.since);
    let seen = Observed {
        version,
        record,
        since,
    };
    observed.insert(name, seen);
}

#[test]
fn a_lease_is_taken_only_after_its_own_duration() {
    assert_holds(check);
}
