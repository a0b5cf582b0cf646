//! A release is followed by the next leader within a few round trips, and a crash by the next
//! leader as soon as the Lease expires: nobody waits for the next poll.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::world::in_virtual_time;
use crate::world::plan::Plan;

/// The release there and back, the event to the others, and the next leader's write.
pub(crate) const ROUND_TRIPS: Duration = Duration::from_millis(100);

#[test]
fn a_leader_that_stops_is_followed_within_round_trips() {
    for seed in 0..20 {
        in_virtual_time(Plan::calm(seed), async |world| {
            let (leader, _others) = world.elect().await;
            let stopped_at = Instant::now();
            leader.stop(world).await;
            let followed_after = world.next_leader_after(stopped_at).await;
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
            let (leader, _others) = world.elect().await;
            let told_at = Instant::now();
            leader.step_down(world);
            // Until the command has reached it.
            sleep(Duration::from_millis(1)).await;
            let followed_after = world.next_leader_after(told_at).await;
            assert!(
                followed_after <= ROUND_TRIPS,
                "seed {seed}: {followed_after:?}"
            );
            assert_ne!(world.witness.leader(), Some(leader.name), "seed {seed}");
        });
    }
}

#[test]
fn a_leader_that_is_proven_dead_is_followed_within_round_trips() {
    for seed in 0..20 {
        let mut plan = Plan::calm(seed);
        for candidate in &mut plan.candidates {
            candidate.slowest_proof = Some(Duration::ZERO);
        }
        in_virtual_time(plan, async |world| {
            let (leader, _others) = world.elect().await;
            let died_at = Instant::now();
            leader.crash(world).await;
            let followed_after = world.next_leader_after(died_at).await;
            assert!(
                followed_after <= ROUND_TRIPS,
                "seed {seed}: {followed_after:?}"
            );
        });
    }
}

#[test]
fn a_leader_that_dies_is_followed_when_its_lease_has_expired() {
    for seed in 0..20 {
        in_virtual_time(Plan::calm(seed), async |world| {
            let (leader, _others) = world.elect().await;
            // At some point between two renewals.
            sleep(Duration::from_millis(100 * seed)).await;
            let died_at = Instant::now();
            leader.crash(world).await;
            let followed_after = world.next_leader_after(died_at).await;
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
