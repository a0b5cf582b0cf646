//! The Lease is released only after the work of every term has ended, and renewed until then.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::handovers_are_quick::ROUND_TRIPS;
use crate::verdicts::{Violation, assert_holds};
use crate::world::plan::Plan;
use crate::world::timeline::{Asked, Kind, Name, Phase, What, Who};
use crate::world::{Run, in_virtual_time};

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

#[test]
fn a_leader_renews_while_its_work_ends_and_leaves_the_lease_to_expire_when_time_is_up() {
    let (mut in_time, mut too_late) = (0, 0);
    for seed in 0..40 {
        let plan = Plan {
            slowness: 1.0,
            ..Plan::calm(seed)
        };
        let setup = plan.candidates[0].clone();
        let run = in_virtual_time(plan, async |world| {
            let (leader, _others) = world.elect().await;
            world.enter(Phase::Farewell);
            let told_at = Instant::now();
            leader.stop(world).await;
            world.next_leader_after(told_at).await;
        });
        let later = |wanted| after_farewell(&run, wanted);
        let work = later(|what| matches!(what, What::WorkEnds { .. }));
        let release = later(|what| matches!(what, What::Sends(_, Asked::Write(Kind::Release))));
        let next = later(|what| matches!(what, What::Leads { .. })).expect("somebody does");
        match work {
            Some(work) if work <= setup.drain_timeout => {
                in_time += 1;
                assert!(
                    (work..=work + ROUND_TRIPS).contains(&next),
                    "seed {seed}: {next:?}"
                );
            }
            _ => {
                too_late += 1;
                let last_renewal = setup
                    .drain_timeout
                    .saturating_sub(setup.retry_period + ROUND_TRIPS);
                assert!(
                    next >= last_renewal + setup.lease_duration,
                    "seed {seed}: {next:?}"
                );
                assert_eq!(release, None, "seed {seed}");
            }
        }
    }
    assert!(
        in_time > 0 && too_late > 0,
        "{in_time} in time, {too_late} too late"
    );
}

/// How long after the leader was told to stop the first thing of a kind happened.
fn after_farewell(run: &Run, wanted: fn(&What) -> bool) -> Option<Duration> {
    let is_farewell = |what: &What| matches!(what, What::Phase(Phase::Farewell));
    let mut entries = run
        .entries
        .iter()
        .skip_while(|entry| !is_farewell(&entry.what));
    let told_at = entries.next().expect("the script says farewell").at;
    let first = entries.find(|entry| wanted(&entry.what))?;
    Some(first.at.saturating_sub(told_at))
}
