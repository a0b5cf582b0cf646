//! No matter what goes wrong, a candidate does not storm the API server.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::verdicts::{Violation, assert_holds};
use crate::world::Run;
use crate::world::timeline::{Name, What, Who};

/// The most requests within one retry period: a few rounds of a lost race or of a broken watch.
const MOST: usize = 8;

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    let mut sent: BTreeMap<Name, VecDeque<Duration>> = BTreeMap::new();
    for entry in &run.entries {
        if let (Who::Candidate(name), What::Sends(..)) = (entry.who, &entry.what) {
            let period = run.plan.candidates[name.slot].retry_period;
            let recent = sent.entry(name).or_default();
            recent.push_back(entry.at);
            while recent
                .front()
                .is_some_and(|first| *first + period < entry.at)
            {
                recent.pop_front();
            }
            if recent.len() > MOST {
                let what = format!("{name} sends {} requests within {period:?}", recent.len());
                return Violation::new(entry.at, what);
            }
        }
    }
    Ok(())
}

#[test]
fn a_retry_period_sees_a_handful_of_requests() {
    assert_holds(check);
}
