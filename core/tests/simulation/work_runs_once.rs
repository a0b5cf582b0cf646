//! The work of one key is never done by two candidates at once, and never again after the Lease remembers
//! that it was, until somebody deletes the Lease.
//!
//! Outsiders that write over a holder can break the first, as they can have two candidates lead.

use std::collections::BTreeMap;

use crate::verdicts::{Violation, assert_holds};
use crate::world::Run;
use crate::world::timeline::{Kind, Meddling, What, Who};

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    let has_outsiders = run.plan.meddlings != [Meddling::Label];
    // Who has taken the last step of the work of a key, and all who have before.
    let mut steps: BTreeMap<u32, Vec<(Who, u64)>> = BTreeMap::new();
    let mut done = 0;
    for entry in &run.entries {
        match entry.what {
            What::Stores(stored) => {
                let is_gone = matches!(
                    stored.kind,
                    Kind::Foreign(Meddling::Delete | Meddling::Recreate)
                );
                if !is_gone && stored.done & done != done {
                    let what = format!("the Lease forgets {:b}", done & !stored.done);
                    return Violation::new(entry.at, what);
                }
                done = stored.done;
            }
            What::Works { key, token } => {
                if done & (1 << key) != 0 {
                    let what = format!("{} does the work of key {key} again", entry.who);
                    return Violation::new(entry.at, what);
                }
                let steps = steps.entry(key).or_default();
                let step = (entry.who, token);
                if steps.last() != Some(&step) {
                    if steps.contains(&step) && !has_outsiders {
                        let what = format!("{} goes on after another has begun {key}", entry.who);
                        return Violation::new(entry.at, what);
                    }
                    steps.push(step);
                }
            }
            What::SaysDone { key } if done & (1 << key) == 0 && !has_outsiders => {
                let what = format!("{} is told that {key} is done, which is not", entry.who);
                return Violation::new(entry.at, what);
            }
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn the_work_of_a_key_is_done_by_one_at_a_time_and_once_and_for_all() {
    assert_holds(check);
}
