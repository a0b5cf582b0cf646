//! The driver of those who only look: the same loop, with nothing to publish, drain or stop.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::select;
use tokio::sync::mpsc::UnboundedSender;

use super::watcher::Watcher;
use super::{answer, send};
use crate::clock::Clock;
use crate::election::{Election, LeaseSnapshot, Reply, Settings};
use crate::lease_store::LeaseStore;

/// Follows a Lease until nobody listens any more. Each snapshot tells something new.
pub(crate) async fn follow(
    lease: String,
    store: Arc<dyn LeaseStore>,
    settings: Settings,
    mut election: Election,
    seed: u64,
    clock: Clock,
    snapshots: UnboundedSender<LeaseSnapshot>,
) {
    let store = store.as_ref();
    let mut watcher = Watcher::new(&lease, store, clock, settings.retry_period, seed);
    let longest_wait = settings.lease_duration;
    let mut in_flight: Option<BoxFuture<'_, Reply>> = None;
    let mut last = election.lease_snapshot(clock.now());
    loop {
        if let Some(request) = election.poll_request(clock.now(), clock.wall()) {
            in_flight = Some(Box::pin(send(store, clock, request)));
        }
        // What a candidate is notified of, a snapshot has.
        while election.poll_event().is_some() {}
        let snapshot = election.lease_snapshot(clock.now());
        if snapshot.is_news_after(&last) {
            last = snapshot.clone();
            // Where nobody listens any more, this ends below.
            let _ = snapshots.send(snapshot);
        }
        let watch_from = election.watch_from();
        let longest = clock.now() + longest_wait;
        let wake_at = election
            .poll_timeout()
            .map_or(longest, |due| due.min(longest));
        select! {
            biased;
            () = snapshots.closed() => return,
            reply = answer(&mut in_flight) => election.handle_reply(clock.now(), reply),
            observation = watcher.next(watch_from) => {
                election.handle_observation(clock.now(), observation);
            }
            () = clock.sleep_until(wake_at) => election.handle_timeout(clock.now()),
        }
    }
}
