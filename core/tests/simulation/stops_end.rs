//! A stop ends within the drain timeout and the renew deadline, not counting the time for which
//! its process was held up.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::verdicts::{Violation, assert_holds};
use crate::world::Run;
use crate::world::chaos::Mishap;
use crate::world::timeline::{Name, What, Who};

/// Timers are set by the true clock: on a fast one a nap of a second ends late.
const SLACK: Duration = Duration::from_millis(500);

/// One that is asked to stop, or held up.
#[derive(Default)]
struct Candidate {
    asked_at: Option<Duration>,
    /// By so many mishaps at once, and since when.
    held_up_by: u32,
    held_up_since: Duration,
    /// For how long since it was asked.
    held_up: Duration,
}

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    let mut candidates: BTreeMap<Name, Candidate> = BTreeMap::new();
    for entry in &run.entries {
        let Who::Candidate(name) = entry.who else {
            continue;
        };
        let candidate = candidates.entry(name).or_default();
        match &entry.what {
            What::Stopping => {
                candidate.asked_at = Some(entry.at);
                candidate.held_up_since = entry.at;
            }
            What::IsHeldUp(Mishap::Suspended | Mishap::Starved) => {
                if candidate.held_up_by == 0 {
                    candidate.held_up_since = entry.at;
                }
                candidate.held_up_by += 1;
            }
            What::IsLetGo(Mishap::Suspended | Mishap::Starved) => {
                candidate.held_up_by -= 1;
                if candidate.held_up_by == 0 && candidate.asked_at.is_some() {
                    candidate.held_up += entry.at.saturating_sub(candidate.held_up_since);
                }
            }
            What::Ends => {
                let Some(asked_at) = candidate.asked_at else {
                    continue;
                };
                let setup = &run.plan.candidates[name.slot];
                let allowed = (setup.drain_timeout + setup.renew_deadline).div_f64(setup.rate);
                let took = entry.at.saturating_sub(asked_at + candidate.held_up);
                if took > allowed + SLACK {
                    return Violation::new(entry.at, format!("{name} took {took:?} to stop"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn a_stop_takes_the_drain_timeout_and_the_renew_deadline_at_most() {
    assert_holds(check);
}
