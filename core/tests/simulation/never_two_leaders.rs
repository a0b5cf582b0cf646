//! At most one candidate leads at any instant, and between two leaders there is a gap: unless the
//! old one released the Lease, the next waited its whole lease duration after the last write that
//! the old one could count its renew deadline from. One that is dead, and proven to be, is waited for no
//! longer than it takes to know.
//!
//! Outsiders can break this. One who had seen the holder before the outsider came still waits for
//! it, so those stay bound; a candidate that had not seen it cannot know.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::verdicts::{Violation, assert_holds};
use crate::world::Run;
use crate::world::timeline::{Holder, Kind, Meddling, Name, News, Stored, What, Who};

/// Clocks that drift are rounded to nanoseconds.
const SLACK: Duration = Duration::from_micros(2);

/// One leadership.
#[derive(Clone, Copy)]
struct Term {
    name: Name,
    token: u64,
    begin: Duration,
    end: Option<Duration>,
}

/// What has been stored, and who has seen it.
#[derive(Default)]
struct History {
    stored: BTreeMap<u64, Stored>,
    seen: BTreeMap<Name, Vec<u64>>,
    dead: BTreeSet<Name>,
}

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    follow(run, |history, old, new| history.compare(run, old, new))
}

/// The shortest time between a term and one that had to wait for its lease duration, in the time that it is
/// promised to be at least.
pub(crate) fn smallest_margin(run: &Run) -> Option<f64> {
    let mut smallest: Option<f64> = None;
    let followed = follow(run, |history, old, new| {
        let needed = history.needed(run, old, new);
        if let Some(gap) = gap(old, new)
            && !needed.is_zero()
            && !history.is_excused(old, new)
        {
            let margin = gap.div_duration_f64(needed);
            smallest = Some(smallest.map_or(margin, |smallest| smallest.min(margin)));
        }
        Ok(())
    });
    followed.ok().and(smallest)
}

/// Calls `compare` for each term that begins, with each before it of another candidate.
fn follow(
    run: &Run,
    mut compare: impl FnMut(&History, &Term, &Term) -> Result<(), Violation>,
) -> Result<(), Violation> {
    let mut terms: Vec<Term> = Vec::new();
    let mut history = History::default();
    for entry in &run.entries {
        if let What::Stores(stored) = entry.what {
            history.stored.insert(stored.version, stored);
        }
        let Who::Candidate(name) = entry.who else {
            continue;
        };
        match entry.what {
            What::Hears(_, News::Lease(version)) => {
                // Old news tells nothing: what is newer has been seen.
                let seen = history.seen.entry(name).or_default();
                if seen.last().is_none_or(|newest| *newest < version) {
                    seen.push(version);
                }
            }
            What::Dies => drop(history.dead.insert(name)),
            What::LeadsNoMore { token, since } => {
                let ended = |term: &&mut Term| term.name == name && term.token == token;
                if let Some(term) = terms.iter_mut().rev().find(ended) {
                    term.end = Some(since);
                }
            }
            What::Leads { token } => {
                let begin = entry.at;
                let new = Term {
                    name,
                    token,
                    begin,
                    end: None,
                };
                for old in terms.iter().filter(|old| old.name != name) {
                    compare(&history, old, &new)?;
                }
                terms.push(new);
            }
            _ => {}
        }
    }
    Ok(())
}

impl History {
    fn compare(&self, run: &Run, old: &Term, new: &Term) -> Result<(), Violation> {
        let (gap, needed) = (gap(old, new), self.needed(run, old, new));
        if gap.is_some_and(|gap| gap + SLACK >= needed) || self.is_excused(old, new) {
            return Ok(());
        }
        let what = match gap {
            Some(gap) => format!(
                "{} leads {gap:?} after {}, and not {needed:?}",
                new.name, old.name
            ),
            None => format!("{} and {} lead", old.name, new.name),
        };
        Violation::new(new.begin, what)
    }

    /// How long after the old leader the new one may begin.
    fn needed(&self, run: &Run, old: &Term, new: &Term) -> Duration {
        if self.was_released(old, new) || self.is_proven_dead(run, old, new) {
            Duration::ZERO
        } else {
            least_gap(run, old.name, new.name)
        }
    }

    /// Whether the old leader released the Lease between the two terms.
    fn was_released(&self, old: &Term, new: &Term) -> bool {
        let between = old.token.min(new.token)..new.token;
        self.stored
            .range(between)
            .any(|(_, stored)| stored.kind == Kind::Release)
    }

    /// Whether the new leader could know that the old one was dead, and may not have waited.
    fn is_proven_dead(&self, run: &Run, old: &Term, new: &Term) -> bool {
        let takes_proofs = |name: Name| run.plan.candidates[name.slot].slowest_proof.is_some();
        self.dead.contains(&old.name) && takes_proofs(old.name) && takes_proofs(new.name)
    }

    /// Whether an outsider came between the two, when the new leader had not seen the old one.
    fn is_excused(&self, old: &Term, new: &Term) -> bool {
        let between = old.token.min(new.token)..old.token.max(new.token);
        self.stored.range(between).any(|(_, stored)| {
            let Kind::Foreign(meddling) = stored.kind else {
                return false;
            };
            match meddling {
                Meddling::Label | Meddling::Lengthen => false,
                // To know that the duration was longer, it must have seen the very same write.
                Meddling::Shorten => {
                    !self.has_seen(new.name, stored.version - 1..stored.version, old.name)
                }
                _ => !self.has_seen(new.name, old.token..stored.version, old.name),
            }
        })
    }

    fn has_seen(&self, who: Name, versions: std::ops::Range<u64>, holder: Name) -> bool {
        let is_holders = |version: &u64| {
            let stored = self.stored.get(version);
            stored.is_some_and(|stored| stored.holder == Holder::Candidate(holder))
        };
        let seen = self.seen.get(&who).into_iter().flatten();
        seen.filter(|version| versions.contains(version))
            .any(is_holders)
    }
}

/// How long nobody has led in between; `None` if they lead at once.
fn gap(old: &Term, new: &Term) -> Option<Duration> {
    old.end.and_then(|end| new.begin.checked_sub(end))
}

/// The new leader waits the old one's lease duration by its own clock, from an instant not before
/// that from which the old one counts its renew deadline by its clock.
fn least_gap(run: &Run, old: Name, new: Name) -> Duration {
    let (old, new) = (
        &run.plan.candidates[old.slot],
        &run.plan.candidates[new.slot],
    );
    let waits = old.lease_duration.div_f64(new.rate);
    waits.saturating_sub(old.renew_deadline.div_f64(old.rate))
}

#[test]
fn at_most_one_candidate_leads_and_the_old_one_stops_long_before_the_next() {
    assert_holds(check);
}
