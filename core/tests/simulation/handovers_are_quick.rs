//! A release is followed by the next leader within a few round trips, and a crash by the next
//! leader as soon as the Lease runs out: nobody waits for the next poll.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::world::plan::{CANDIDATES, Plan};
use crate::world::process::Process;
use crate::world::{World, in_virtual_time};

/// The release there and back, the event to the others, and the next leader's write.
const ROUND_TRIPS: Duration = Duration::from_millis(100);

#[test]
fn a_leader_that_stops_is_followed_within_round_trips() {
    for seed in 0..20 {
        in_virtual_time(Plan::calm(seed), async |world| {
            let (leader, _others) = leader_and_others(world).await;
            let stopped_at = Instant::now();
            leader.stop(world).await;
            let followed_after = next_leader(world, stopped_at).await;
            assert!(
                followed_after <= ROUND_TRIPS,
                "seed {seed}: {followed_after:?}"
            );
        });
    }
}

#[test]
fn a_leader_that_steps_down_is_followed_by_another_within_round_trips() {
    for seed in 0..20 {
        in_virtual_time(Plan::calm(seed), async |world| {
            let (leader, _others) = leader_and_others(world).await;
            let told_at = Instant::now();
            leader.step_down(world);
            // Until the command has reached it.
            sleep(Duration::from_millis(1)).await;
            let followed_after = next_leader(world, told_at).await;
            assert!(
                followed_after <= ROUND_TRIPS,
                "seed {seed}: {followed_after:?}"
            );
            assert_ne!(world.witness.leader(), Some(leader.name), "seed {seed}");
        });
    }
}

#[test]
fn a_leader_that_dies_is_followed_when_its_lease_has_run_out() {
    for seed in 0..20 {
        in_virtual_time(Plan::calm(seed), async |world| {
            let (leader, _others) = leader_and_others(world).await;
            // At some point between two renewals.
            sleep(Duration::from_millis(100 * seed)).await;
            let died_at = Instant::now();
            leader.crash(world).await;
            let followed_after = next_leader(world, died_at).await;
            let lease = world.plan.longest_lease();
            let retry = world.plan.candidates[0].retry_period;
            let expected = lease.saturating_sub(retry + ROUND_TRIPS)..=lease + ROUND_TRIPS;
            assert!(
                expected.contains(&followed_after),
                "seed {seed}: {followed_after:?}"
            );
        });
    }
}

/// Three candidates of which one has led for a while.
async fn leader_and_others(world: &std::sync::Arc<World>) -> (Process, Vec<Process>) {
    let mut processes: Vec<_> = (0..CANDIDATES)
        .map(|slot| Process::start(world, slot))
        .collect();
    sleep(world.plan.longest_lease() * 2).await;
    let leader = world
        .leader_of(&processes)
        .await
        .expect("one of them leads");
    (processes.remove(leader), processes)
}

/// How long after `since` somebody leads.
async fn next_leader(world: &World, since: Instant) -> Duration {
    while world.witness.leader().is_none() {
        sleep(Duration::from_millis(1)).await;
        assert!(since.elapsed() < Duration::from_secs(60), "nobody leads");
    }
    since.elapsed()
}
