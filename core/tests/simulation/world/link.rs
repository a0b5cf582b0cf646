//! The network between one candidate and the API server, and its weather.

use std::time::Duration;

use fastrand::Rng;
use leasehold::{Error, ErrorKind};
use tokio::sync::watch;

/// A request that neither side hurries takes this long at most, one way.
const SLOWEST: Duration = Duration::from_millis(15);

/// What is wrong with a link for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Weather {
    Fair,
    /// This share of the requests goes wrong.
    Flaky(f64),
    /// Nothing reaches the server; what it had accepted is still answered.
    RequestsLost,
    /// The server gets everything, and nothing comes back.
    RepliesLost,
    /// Nothing passes; connections stand and are silent.
    Partition,
    /// Each way takes up to this long.
    Slow(Duration),
    /// Each request takes just this long, there and back.
    Steady(Duration),
    /// Each request is refused.
    Refusing(ErrorKind),
    /// Each request is refused, with `Retry-After`.
    TooManyRequests(Duration),
    /// The watch stands and is silent.
    WatchSilent,
    /// What is due on a watch is lost, and all that comes after on the same one, also in fair weather.
    WatchDeaf,
    /// Each event of the watch comes this late.
    WatchLags(Duration),
    /// The watch tells old news again, as from another server's cache.
    WatchRepeats,
    /// The watch is not granted.
    WatchRefused,
}

/// How one request will fare.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    Answered,
    RequestLost,
    ReplyLost,
    /// It takes effect this much later, when its sender has long given up.
    Late(Duration),
    Refused(Error),
    /// It takes effect, and an error says that it did not.
    RefusedInVain(Error),
}

/// One candidate's link.
pub(crate) struct Link {
    weather: watch::Sender<Weather>,
    /// How late a write may take effect.
    latest: Duration,
}

impl Link {
    pub(crate) fn new(latest: Duration) -> Self {
        Self {
            weather: watch::Sender::new(Weather::Fair),
            latest,
        }
    }

    pub(crate) fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    pub(crate) fn weather(&self) -> Weather {
        *self.weather.borrow()
    }

    pub(crate) fn latency(&self, random: &mut Rng) -> Duration {
        let slowest = match self.weather() {
            Weather::Slow(slowest) => slowest,
            Weather::Steady(round_trip) => return round_trip / 2,
            _ => SLOWEST,
        };
        slowest.mul_f64(random.f64())
    }

    pub(crate) fn fate(&self, random: &mut Rng) -> Fate {
        if let Some(refusal) = self.refusal() {
            return Fate::Refused(refusal);
        }
        if self.loses_requests() {
            return Fate::RequestLost;
        }
        match self.weather() {
            Weather::Flaky(share) if random.f64() < share => {}
            _ => return Fate::Answered,
        }
        let failing = || Error::new(ErrorKind::Unavailable, "the server has a hiccup");
        match random.u8(..5) {
            0 => Fate::RequestLost,
            1 => Fate::ReplyLost,
            2 => Fate::Late(self.latest.mul_f64(random.f64())),
            3 => Fate::Refused(failing()),
            _ => Fate::RefusedInVain(failing()),
        }
    }

    fn refusal(&self) -> Option<Error> {
        match self.weather() {
            Weather::Refusing(kind) => Some(Error::new(kind, "refused")),
            Weather::TooManyRequests(wait) => Some(
                Error::new(ErrorKind::Unavailable, "too many requests")
                    .with_retry_after(Some(wait)),
            ),
            _ => None,
        }
    }

    pub(crate) fn loses_requests(&self) -> bool {
        matches!(self.weather(), Weather::RequestsLost | Weather::Partition)
    }

    pub(crate) fn loses_replies(&self) -> bool {
        matches!(self.weather(), Weather::RepliesLost | Weather::Partition)
    }

    pub(crate) fn silences_watch(&self) -> bool {
        self.loses_replies() || self.weather() == Weather::WatchSilent
    }

    /// Why a watch cannot be opened, or go on.
    pub(crate) fn watch_refusal(&self) -> Option<Error> {
        match self.weather() {
            Weather::WatchRefused => Some(Error::new(ErrorKind::Forbidden, "no verb `watch`")),
            _ => self.refusal(),
        }
    }

    /// Waits for weather of which `is_wanted` holds.
    pub(crate) async fn until(&self, is_wanted: impl Fn(&Self) -> bool) {
        let mut changes = self.weather.subscribe();
        // Cannot fail: the sender is here.
        let _ = changes.wait_for(|_| is_wanted(self)).await;
    }
}
