//! With a watch, a standby asks the API server for nothing, and the leader renews once each retry
//! period.

use std::time::Duration;

use tokio::time::sleep;

use crate::world::plan::Plan;
use crate::world::timeline::{Asked, Kind, Name, Phase, What, Who};
use crate::world::{Run, World, in_virtual_time};

const HOUR: Duration = Duration::from_secs(3_600);
/// A renewal that was answered late in one period is none the earlier in the next.
const SLACK: Duration = Duration::from_millis(50);
const WATCH_ENDS: u32 = 6;

#[test]
fn in_an_hour_standbys_send_nothing_and_the_leader_renews_each_retry_period() {
    let (run, leader) = an_hour(async |_| sleep(HOUR).await);
    let [standbys, renewals] = requests(&run, leader);
    assert_eq!(standbys, []);

    let period = run.plan.candidates[0].retry_period;
    let expected = usize::try_from(HOUR.as_millis() / period.as_millis()).unwrap();
    assert!(renewals.len().abs_diff(expected) < 10, "{}", renewals.len());
    for pair in renewals.windows(2) {
        assert_eq!(pair[1].1, Asked::Write(Kind::Renew));
        let between = pair[1].0.saturating_sub(pair[0].0);
        assert!((period..=period + SLACK).contains(&between), "{between:?}");
    }
}

#[test]
fn a_watch_that_the_server_ends_costs_a_standby_one_read() {
    let (run, leader) = an_hour(async |world| {
        for _ in 0..WATCH_ENDS {
            sleep(HOUR / WATCH_ENDS).await;
            world.server.store.end_watches();
        }
        sleep(SLACK).await;
    });
    let [standbys, _] = requests(&run, leader);
    assert!(standbys.iter().all(|(_, asked)| *asked == Asked::Read));
    let most = (run.plan.candidates.len() - 1) * WATCH_ENDS as usize;
    assert!(standbys.len() <= most, "{}", standbys.len());
}

/// A run in which `script` begins when one candidate leads; and who that is.
fn an_hour(script: impl AsyncFnOnce(&World)) -> (Run, Name) {
    let mut leader = None;
    let run = in_virtual_time(Plan::calm(1), async |world| {
        let (process, _others) = world.elect().await;
        leader = Some(process.name);
        world.enter(Phase::Calm);
        script(world).await;
    });
    (run, leader.expect("the script elects one"))
}

/// What was asked since all is calm: by the standbys, and by the leader.
fn requests(run: &Run, leader: Name) -> [Vec<(Duration, Asked)>; 2] {
    let is_calm = |what: &What| matches!(what, What::Phase(Phase::Calm));
    let calm = run.entries.iter().skip_while(|entry| !is_calm(&entry.what));
    let mut requests = [Vec::new(), Vec::new()];
    for entry in calm {
        if let What::Sends(_, asked) = entry.what {
            let by_leader = entry.who == Who::Candidate(leader);
            requests[usize::from(by_leader)].push((entry.at, asked));
        }
    }
    requests
}
