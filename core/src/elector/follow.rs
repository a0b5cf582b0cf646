//! The driver of those who only look: the same loop, with nothing to publish, drain or stop.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::select;
use tokio::sync::mpsc::UnboundedSender;

use super::watcher::Watcher;
use super::{answer, send};
use crate::clock::Clock;
use crate::election::{Election, Reply, Settings, Sighting};
use crate::lease_store::LeaseStore;

/// Follows a Lease until nobody listens any more. Each sighting tells something new.
pub(crate) async fn follow(
    lease: String,
    store: Arc<dyn LeaseStore>,
    settings: Settings,
    clock: Clock,
    sightings: UnboundedSender<Sighting>,
) {
    let store = store.as_ref();
    let mut watcher = Watcher::new(&lease, store, clock, settings.retry_period);
    let longest_wait = settings.lease_duration;
    let mut election = Election::new(settings, clock.now()).observing_only();
    let mut in_flight: Option<BoxFuture<'_, Reply>> = None;
    let mut told = election.sighting(clock.now());
    loop {
        if let Some(request) = election.poll_request(clock.now(), clock.wall()) {
            in_flight = Some(Box::pin(send(store, clock, request)));
        }
        // What a candidate is told of, a sighting has.
        while election.poll_event().is_some() {}
        let sighting = election.sighting(clock.now());
        if sighting.is_news_after(&told) {
            told = sighting.clone();
            // Where nobody listens any more, this ends below.
            let _ = sightings.send(sighting);
        }
        let watch_from = election.watch_from();
        let longest = clock.now() + longest_wait;
        let wake_at = election
            .poll_timeout()
            .map_or(longest, |due| due.min(longest));
        select! {
            biased;
            () = sightings.closed() => return,
            reply = answer(&mut in_flight) => election.handle_reply(clock.now(), reply),
            observation = watcher.next(watch_from) => {
                election.handle_observation(clock.now(), observation);
            }
            () = clock.sleep_until(wake_at) => election.handle_timeout(clock.now()),
        }
    }
}
