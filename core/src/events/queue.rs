//! The events that wait for one listener.
//!
//! Invariant: a listener that does not read costs a bounded amount of memory, and misses no
//! beginning and no end of a term. News of a holder or of an error is superseded by later news, so
//! the oldest of it gives way; terms follow each other slowly, since a `Lost` that waits here is
//! unfinished work.
//!
//! Invariant: a listener never hears of what happens after it was removed, no matter how late its
//! thread looks. A `Lost` of that time still counts as unfinished work until the receiver is
//! dropped: a service that is removed may need a while to stop.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Event;

/// So many events wait before news gives way.
const MOST_WAITING: usize = 64;

/// A queue for one listener, and what fills it.
pub(crate) fn queue() -> (EventSender, EventReceiver) {
    let queue = Arc::new(Queue::default());
    (EventSender(queue.clone()), EventReceiver(queue))
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Event>,
    /// Once the listener is removed: how many of those that wait it still receives.
    left: Option<usize>,
    /// One of both sides is gone.
    is_closed: bool,
}

impl State {
    fn next(&mut self) -> Next {
        if let Some(left) = &mut self.left {
            let Some(fewer) = left.checked_sub(1) else {
                return Next::End;
            };
            *left = fewer;
        }
        match self.waiting.pop_front() {
            Some(event) => Next::Event(event),
            None if self.is_closed => Next::End,
            None => Next::Later,
        }
    }
}

enum Next {
    Event(Event),
    Later,
    End,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing more is sent.
    fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_one();
    }
}

/// The election's side.
#[derive(Debug)]
pub(crate) struct EventSender(Arc<Queue>);

impl EventSender {
    /// Returns whether anybody still listens.
    pub(crate) fn send(&self, event: Event) -> bool {
        let mut state = self.0.state();
        if state.is_closed {
            return false;
        }
        if state.left.is_some() {
            if matches!(event, Event::Lost(_)) {
                state.waiting.push_back(event);
            }
            return true;
        }
        state.waiting.push_back(event);
        if state.waiting.len() > MOST_WAITING
            && let Some(oldest) = state.waiting.iter().position(is_news)
        {
            state.waiting.remove(oldest);
        }
        drop(state);
        self.0.changed.notify_one();
        true
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.state().is_closed
    }
}

impl Drop for EventSender {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The listener's side.
#[derive(Debug)]
pub(crate) struct EventReceiver(Arc<Queue>);

impl EventReceiver {
    /// What removes the listener when it is dropped.
    pub(crate) fn removal(&self) -> Removal {
        Removal(self.0.clone())
    }

    /// The next event; `None` when no other will come. Cancel-safe.
    pub(crate) async fn recv(&mut self) -> Option<Event> {
        loop {
            let next = self.0.state().next();
            match next {
                Next::Event(event) => return Some(event),
                Next::End => return None,
                Next::Later => {}
            }
            // It keeps one notification that came before this line.
            self.0.changed.notified().await;
        }
    }
}

impl Drop for EventReceiver {
    fn drop(&mut self) {
        self.0.close();
        // Without the lock: the end of the work of a `Lost` wakes the election.
        let _unread = std::mem::take(&mut self.0.state().waiting);
    }
}

/// Removes a listener when it is dropped: it receives what waits by then, and nothing later.
#[derive(Debug)]
pub(crate) struct Removal(Arc<Queue>);

impl Drop for Removal {
    fn drop(&mut self) {
        let mut state = self.0.state();
        let waiting = state.waiting.len();
        state.left.get_or_insert(waiting);
        drop(state);
        self.0.changed.notify_one();
    }
}

fn is_news(event: &Event) -> bool {
    matches!(event, Event::LeaderChanged(_) | Event::RenewalFailing(_))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::error::{Error, ErrorKind};

    fn leader(number: usize) -> Event {
        Event::LeaderChanged(Some(number.to_string()))
    }

    fn failing() -> Event {
        Event::RenewalFailing(Error::new(ErrorKind::Unavailable, "again"))
    }

    fn all(receiver: &mut EventReceiver) -> Vec<Event> {
        std::iter::from_fn(|| receiver.recv().now_or_never().flatten()).collect()
    }

    #[test]
    fn a_listener_that_does_not_read_costs_a_bounded_amount_of_memory() {
        let (sender, mut receiver) = queue();
        for number in 0..10_000 {
            assert!(sender.send(leader(number)));
            assert!(sender.send(failing()));
        }
        let waiting = all(&mut receiver);
        assert_eq!(waiting.len(), MOST_WAITING);
        let latest = waiting.iter().rev().find_map(|event| match event {
            Event::LeaderChanged(holder) => holder.clone(),
            _ => None,
        });
        assert_eq!(latest.as_deref(), Some("9999"), "the latest news stays");
    }

    #[test]
    fn news_gives_way_and_nothing_else_does() {
        let (sender, mut receiver) = queue();
        for number in 0..MOST_WAITING {
            assert!(sender.send(Event::Stopped));
            assert!(sender.send(leader(number)));
        }
        let waiting = all(&mut receiver);
        let stopped = waiting.iter().filter(|it| matches!(it, Event::Stopped));
        assert_eq!(stopped.count(), MOST_WAITING);
    }

    #[test]
    fn what_waits_is_told_after_the_election_is_gone_and_nothing_after_the_listener_is() {
        let (sender, mut receiver) = queue();
        sender.send(leader(1));
        drop(sender);
        assert_eq!(all(&mut receiver).len(), 1);
        assert!(
            receiver
                .recv()
                .now_or_never()
                .is_some_and(|end| end.is_none())
        );

        let (sender, receiver) = queue();
        drop(receiver);
        assert!(sender.is_closed());
        assert!(!sender.send(leader(1)));
    }
}
