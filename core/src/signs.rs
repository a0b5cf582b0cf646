//! What a cluster is shown of who leads, beside the Lease: an Event at each change of leader, and a
//! route to the leader for clients. Each has a task of its own, which the election waits for in three
//! places only, each within a limit: before a term begins for the application, so that the route
//! leads here when the answer turns true; before the Lease is released, so that it no longer does when
//! another acquires; and before a run ends, so that its last Event is written.
//!
//! Nothing here decides who leads. What fails is tried again or left out.

use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt, pending};
use tokio::select;
use tokio::sync::mpsc::{self, Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing::{debug, warn};

use crate::clock::{Clock, Instant};
use crate::election::TermRecord;
use crate::error::{Error, ErrorKind, Result};
use crate::lease_record::ResourceVersion;
use crate::lease_store::kubernetes::{LeaderChange, LeaderEvents, LeaderRoute, Route};

/// How many Events may wait for a slow API server; more are left out.
const MOST_WAITING_EVENTS: usize = 16;

/// What writes the signs of one election.
#[derive(Default)]
pub(crate) struct SignWriters {
    pub(crate) events: Option<LeaderEvents>,
    pub(crate) route: Option<LeaderRoute>,
}

/// By what its tasks go.
#[derive(Clone)]
pub(crate) struct Pace {
    pub(crate) clock: Clock,
    /// How long the election waits for a sign.
    pub(crate) patience: Duration,
    /// How long a sign may take, for which nobody waits so long.
    pub(crate) request_limit: Duration,
    /// The time between attempts that fail.
    pub(crate) retry_period: Duration,
    /// How often a leader looks whether the route still leads here.
    pub(crate) check_period: Duration,
}

/// The signs of one election while it runs. Its tasks end when this is dropped.
pub(crate) struct Signs {
    lease: String,
    identity: String,
    pace: Pace,
    events: Option<(Sender<LeaderChange>, JoinHandle<()>)>,
    route: Option<UnboundedSender<Order>>,
    /// The last term that the route was to lead here for, while it is.
    here: Option<ResourceVersion>,
}

/// What the route is to say, and who waits for the first attempt.
struct Order {
    route: Route,
    tried: oneshot::Sender<()>,
}

impl SignWriters {
    /// Starts what there is to start; `None` if that is nothing.
    pub(crate) fn start(self, lease: &str, identity: &str, pace: Pace) -> Option<Signs> {
        if self.events.is_none() && self.route.is_none() {
            return None;
        }
        let events = self.events.map(|events| {
            let (sender, changes) = mpsc::channel(MOST_WAITING_EVENTS);
            let task = write_events(events, changes, lease.to_owned(), pace.clone());
            (sender, tokio::spawn(task))
        });
        let route = self.route.map(|route| {
            let (sender, orders) = mpsc::unbounded_channel();
            let keeper = RouteKeeper {
                route,
                lease: lease.to_owned(),
                identity: identity.to_owned(),
                pace: pace.clone(),
                wanted: None,
                due: Some(pace.clock.now()),
                tried: None,
                warned_of: None,
            };
            tokio::spawn(keeper.run(orders));
            sender
        });
        Some(Signs {
            lease: lease.to_owned(),
            identity: identity.to_owned(),
            pace,
            events,
            route,
            here: None,
        })
    }
}

impl Signs {
    /// Has the route lead here, under this term. The future ends when that has been tried, or has
    /// taken too long. `None` if there is no route.
    pub(crate) fn lead_here(&mut self, term: &TermRecord) -> Option<BoxFuture<'static, ()>> {
        self.here = Some(term.fencing_token);
        self.order(Route::Here(term.fencing_token), self.pace.patience)
    }

    /// The same for the end of a term, after which no address is left. Takes no longer than half of
    /// the time left for the term's work.
    pub(crate) fn lead_away(
        &mut self,
        term: &TermRecord,
        time_left: Duration,
    ) -> Option<BoxFuture<'static, ()>> {
        // The next term has begun already, and leads the route here.
        if self.here.is_some_and(|here| here > term.fencing_token) {
            return None;
        }
        self.here = None;
        let limit = self.pace.patience.min(time_left / 2);
        self.order(Route::Away(term.fencing_token), limit)
    }

    /// Has the route no longer lead here, if it did: the term has ended by a defect.
    pub(crate) fn withdraw(&mut self) {
        if let Some(token) = self.here.take() {
            // Nobody waits for it.
            drop(self.order(Route::Away(token), Duration::ZERO));
        }
    }

    fn order(&self, route: Route, limit: Duration) -> Option<BoxFuture<'static, ()>> {
        let (tried, outcome) = oneshot::channel();
        // The task ends with this.
        self.route.as_ref()?.send(Order { route, tried }).ok()?;
        let clock = self.pace.clock;
        let late = clock.now() + limit;
        let waiting = async move {
            select! {
                // An error is that another order has taken its place.
                _ = outcome => {}
                () = clock.sleep_until(late) => {}
            }
        };
        Some(waiting.boxed())
    }

    /// Writes an Event about this term, soon.
    pub(crate) fn tell(&self, term: &TermRecord, leads: bool) {
        let Some((events, _)) = &self.events else {
            return;
        };
        let change = LeaderChange {
            identity: self.identity.clone(),
            leads,
            uid: term.uid.clone(),
            at: self.pace.clock.wall(),
        };
        if events.try_send(change).is_err() {
            debug!(
                lease = self.lease,
                "dropping an Event: too many are waiting"
            );
        }
    }

    /// Waits until the last Event has been written, or that has taken too long.
    pub(crate) async fn finish(&mut self) {
        if let Some((events, task)) = self.events.take() {
            drop(events);
            let clock = self.pace.clock;
            let late = clock.now() + self.pace.patience;
            select! {
                _ = task => {}
                () = clock.sleep_until(late) => {}
            }
        }
    }
}

async fn write_events(
    events: LeaderEvents,
    mut changes: Receiver<LeaderChange>,
    lease: String,
    pace: Pace,
) {
    while let Some(change) = changes.recv().await {
        if let Err(error) = within(&pace, events.write(&change)).await {
            // Nobody needs them: not even an election that may not write them has anything to complain of.
            debug!(lease, %error, "cannot write an Event");
        }
    }
}

/// Keeps the route as it was last ordered to be.
struct RouteKeeper {
    route: LeaderRoute,
    lease: String,
    identity: String,
    pace: Pace,
    wanted: Option<Route>,
    /// When to look at it next; `None` until the next order.
    due: Option<Instant>,
    tried: Option<oneshot::Sender<()>>,
    /// The kind of error that was logged, until it succeeds again.
    warned_of: Option<ErrorKind>,
}

impl RouteKeeper {
    async fn run(mut self, mut orders: UnboundedReceiver<Order>) {
        loop {
            let attempt = self.attempt();
            let outcome = select! {
                biased;
                order = orders.recv() => match order {
                    // An attempt under way is given up. Should it take effect later than what comes
                    // now, it is refused: it is conditional on what was there before.
                    Some(order) => {
                        self.wanted = Some(order.route);
                        self.tried = Some(order.tried);
                        self.due = Some(self.pace.clock.now());
                        continue;
                    }
                    None => return,
                },
                outcome = attempt => outcome,
            };
            self.handle(outcome);
        }
    }

    async fn attempt(&self) -> Result<()> {
        match self.due {
            Some(due) => self.pace.clock.sleep_until(due).await,
            None => pending().await,
        }
        match self.wanted {
            // There is nothing to do yet; but this opens a connection, and reports a slice that is not there.
            None => within(&self.pace, self.route.check()).await,
            Some(route) => within(&self.pace, self.route.lead(route, &self.identity)).await,
        }
    }

    fn handle(&mut self, outcome: Result<()>) {
        // Nobody may wait.
        let _ = self.tried.take().map(|tried| tried.send(()));
        let (lease, now) = (&self.lease, self.pace.clock.now());
        self.due = match (&outcome, self.wanted) {
            (Err(_), Some(_)) => Some(now + self.pace.retry_period),
            // Somebody may have applied its manifest again.
            (Ok(()), Some(Route::Here(_))) => Some(now + self.pace.check_period),
            (_, None) | (Ok(()), Some(Route::Away(_))) => None,
        };
        match outcome {
            Ok(()) => {
                if self.warned_of.take().is_some() {
                    debug!(lease, "the route to the leader can be written again");
                }
            }
            Err(error) if self.warned_of != Some(error.kind()) => {
                warn!(lease, %error, "the route to the leader cannot be written");
                self.warned_of = Some(error.kind());
            }
            Err(error) => debug!(lease, %error, "the route to the leader cannot be written"),
        }
    }
}

/// Gives up a request that takes too long.
async fn within(pace: &Pace, request: impl Future<Output = Result<()>>) -> Result<()> {
    let deadline = pace.clock.now() + pace.request_limit;
    select! {
        biased;
        outcome = request => outcome,
        () = pace.clock.sleep_until(deadline) => {
            let message = format!("no answer within {:.1?}", pace.request_limit);
            Err(Error::new(ErrorKind::TimedOut, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::WallTime;
    use crate::lease_record::Acquisition;

    fn term(number: u64) -> TermRecord {
        TermRecord {
            number,
            fencing_token: ResourceVersion(number),
            transitions: 0,
            uid: "uid".to_owned(),
            acquired_at: WallTime::default(),
            acquisition: Acquisition::Free,
        }
    }

    #[tokio::test]
    async fn the_end_of_a_term_does_not_lead_away_the_route_of_the_next() {
        let (sender, mut orders) = mpsc::unbounded_channel();
        let clock = Clock::suspend_aware();
        let mut signs = Signs {
            lease: "jobs".to_owned(),
            identity: "a".to_owned(),
            pace: Pace {
                clock,
                patience: Duration::from_secs(1),
                request_limit: Duration::from_secs(10),
                retry_period: Duration::from_secs(2),
                check_period: Duration::from_secs(15),
            },
            events: None,
            route: Some(sender),
            here: None,
        };
        drop(signs.lead_here(&term(1)));
        drop(signs.lead_here(&term(2)));
        drop(signs.lead_away(&term(1), Duration::ZERO));
        let mut last = None;
        while let Ok(order) = orders.try_recv() {
            last = Some(order.route);
        }
        assert_eq!(last, Some(Route::Here(term(2).fencing_token)));
    }
}
