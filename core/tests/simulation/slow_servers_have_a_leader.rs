//! No matter how long an answer takes, if it is less than the renew deadline: somebody leads.

use std::time::Duration;

use tokio::time::sleep;

use crate::world::in_virtual_time;
use crate::world::link::Weather;
use crate::world::plan::Plan;
use crate::world::process::Process;

/// In hundredths of the renew deadline.
const ROUND_TRIPS: [u32; 7] = [0, 10, 24, 30, 50, 75, 95];

#[test]
fn somebody_leads_if_answers_take_less_than_the_renew_deadline() {
    for share in ROUND_TRIPS {
        for seed in 0..4 {
            in_virtual_time(Plan::calm(seed), async |world| {
                let renew_deadline = world.plan.candidates[0].renew_deadline;
                let round_trip = renew_deadline * share / 100;
                for link in &world.links {
                    link.set(Weather::Steady(round_trip));
                }
                let _processes: Vec<_> = (0..world.links.len())
                    .map(|slot| Process::start(world, slot))
                    .collect();
                sleep(world.plan.patience()).await;
                let led = led_within(world, world.plan.patience()).await;
                // A term lasts for what its answer has left of the renew deadline.
                let least = renew_deadline
                    .saturating_sub(round_trip)
                    .min(renew_deadline / 20);
                assert!(led >= least, "{round_trip:?}, seed {seed}: led for {led:?}");
            });
        }
    }
}

/// For how long somebody led within `time`.
async fn led_within(world: &crate::world::World, time: Duration) -> Duration {
    let step = Duration::from_millis(5);
    let mut led = Duration::ZERO;
    let end = tokio::time::Instant::now() + time;
    while tokio::time::Instant::now() < end {
        sleep(step).await;
        if world.witness.leader().is_some() {
            led += step;
        }
    }
    led
}
