//! Waiting for what elections tell.

use std::thread;
use std::time::{Duration, Instant};

use leasehold::{Event, Loss, Subscription, Term};

/// How long a test waits for something that must happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

pub(crate) fn next(events: &mut Subscription) -> Event {
    events
        .recv_timeout(LIMIT)
        .expect("an event within the limit")
}

/// Waits for the next term.
pub(crate) fn acquired(events: &mut Subscription) -> Term {
    loop {
        if let Event::Acquired(term) = next(events) {
            return term;
        }
    }
}

/// Waits for the end of a term. Its work goes on until the loss is dropped.
pub(crate) fn loss(events: &mut Subscription) -> Loss {
    loop {
        if let Event::Lost(loss) = next(events) {
            return loss;
        }
    }
}

/// Waits until `condition` holds.
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < deadline, "never happened: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
