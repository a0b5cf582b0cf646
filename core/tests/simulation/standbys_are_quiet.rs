//! With a watch, a standby asks the API server for nothing, and the leader renews once each retry
//! period.

use std::time::Duration;

use tokio::time::sleep;

use crate::world::plan::{CANDIDATES, Plan};
use crate::world::process::Process;
use crate::world::timeline::{Asked, Kind, Phase, What, Who};
use crate::world::{Run, in_virtual_time};

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn in_an_hour_standbys_send_nothing_and_the_leader_renews_each_retry_period() {
    let run = an_hour_of_peace();
    let from = run
        .entries
        .iter()
        .position(|entry| matches!(entry.what, What::Phase(Phase::Calm)));
    let hour = &run.entries[from.expect("the script says so")..];
    let leader = hour.iter().find_map(|entry| match entry.what {
        What::Hears(Some(_), _) => Some(entry.who),
        _ => None,
    });
    let requests = |of: fn(&Who, &Option<Who>) -> bool| {
        let sent = hour.iter().filter_map(|entry| match entry.what {
            What::Sends(_, asked) if of(&entry.who, &leader) => Some((entry.at, asked)),
            _ => None,
        });
        sent.collect::<Vec<_>>()
    };

    let standbys = requests(|who, leader| Some(*who) != *leader);
    assert_eq!(standbys, []);

    let renewals = requests(|who, leader| Some(*who) == *leader);
    assert!(
        renewals
            .iter()
            .all(|(_, asked)| *asked == Asked::Write(Kind::Renew))
    );
    let period = run.plan.candidates[0].retry_period;
    let slack = Duration::from_millis(50);
    for pair in renewals.windows(2) {
        let between = pair[1].0.saturating_sub(pair[0].0);
        assert!(
            between >= period && between <= period + slack,
            "{between:?}"
        );
    }
    assert!(renewals.len() > 1_700, "{}", renewals.len());
}

fn an_hour_of_peace() -> Run {
    in_virtual_time(Plan::calm(1), async |world| {
        let _processes: Vec<_> = (0..CANDIDATES)
            .map(|slot| Process::start(world, slot))
            .collect();
        sleep(Duration::from_secs(10)).await;
        world.enter(Phase::Calm);
        sleep(HOUR).await;
    })
}
