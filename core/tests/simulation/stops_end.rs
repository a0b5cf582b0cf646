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

#[derive(Default)]
struct Stop {
    asked_at: Duration,
    held_up_since: Option<Duration>,
    held_up: Duration,
}

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    let mut stops: BTreeMap<Name, Stop> = BTreeMap::new();
    for entry in &run.entries {
        let Who::Candidate(name) = entry.who else {
            continue;
        };
        match (&entry.what, stops.get_mut(&name)) {
            (What::Stopping, _) => {
                let asked_at = entry.at;
                stops.insert(
                    name,
                    Stop {
                        asked_at,
                        ..Stop::default()
                    },
                );
            }
            (What::IsHeldUp(Mishap::Suspended | Mishap::Starved), Some(stop)) => {
                stop.held_up_since = Some(entry.at);
            }
            (What::IsLetGo(_), Some(stop)) => {
                let since = stop.held_up_since.take();
                stop.held_up +=
                    since.map_or(Duration::ZERO, |since| entry.at.saturating_sub(since));
            }
            (What::Ends, Some(stop)) => {
                let setup = &run.plan.candidates[name.slot];
                let allowed = (setup.drain_timeout + setup.renew_deadline).div_f64(setup.rate);
                let took = entry.at.saturating_sub(stop.asked_at + stop.held_up);
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
