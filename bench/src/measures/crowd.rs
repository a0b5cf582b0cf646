//! What many candidates for one Lease ask of the API server.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use leasehold_tests::{Answer, CandidateProcess};

use super::server::ServerUse;
use super::{Bench, LIMIT, SETTLING, leader_of};

/// What `count` processes cost within `time`, beyond what the server does by itself.
pub(crate) fn crowd(
    bench: Bench<'_>,
    count: usize,
    time: Duration,
    by_itself: ServerUse,
) -> Result<ServerUse> {
    let lease = bench.lease("crowd");
    let mut candidates = (0..count)
        .map(|number| bench.start(&lease, number, None))
        .collect::<Result<Vec<CandidateProcess>>>()?;
    for candidate in &mut candidates {
        candidate.wait_for(Answer::Ready, LIMIT)?;
    }
    leader_of(&mut candidates)?;
    thread::sleep(SETTLING);
    Ok(ServerUse::within(bench.cluster, time)?.beyond(by_itself))
}
