//! One candidate's way to the API server: slow, lossy, and out of the candidate's hands.
//!
//! A request travels in a task of its own. Its sender may give up, be paused or die: the request
//! takes effect nevertheless, perhaps long after.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fastrand::Rng;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream};
use leasehold::lease_record::{LeaseRecord, ResourceVersion, StoredLease};
use leasehold::lease_store::{LeaseStore, Result, StoreError, WatchEvent};
use leasehold::{Error, ErrorKind};
use tokio::select;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::api_server::{ApiServer, Request};
use super::link::{Fate, Link, Weather};
use super::timeline::{Asked, Name, News, Timeline, What};

/// The share of a watch's events after which an old one is told again, in such weather.
const REPEATED: f64 = 0.3;

#[derive(Clone)]
pub(crate) struct FaultyStore {
    pub(crate) name: Name,
    pub(crate) server: Arc<ApiServer>,
    pub(crate) link: Arc<Link>,
    pub(crate) timeline: Arc<Timeline>,
    pub(crate) dice: Arc<Dice>,
}

/// What one process draws, and how many requests it has sent.
pub(crate) struct Dice {
    random: Mutex<Rng>,
    requests: AtomicU32,
}

impl Dice {
    pub(crate) fn new(random: Rng) -> Self {
        Self {
            random: Mutex::new(random),
            requests: AtomicU32::new(0),
        }
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        draw(&mut self.random.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl FaultyStore {
    async fn ask(&self, request: Request) -> Result<Option<StoredLease>> {
        let number = self.dice.requests.fetch_add(1, Ordering::Relaxed);
        let asked = request.asked();
        self.timeline.note_of(self.name, What::Sends(number, asked));
        let (reply, answer) = oneshot::channel();
        let travels = self.clone().carry(request, reply);
        tokio::spawn(travels);
        let Ok(answer) = answer.await else {
            return std::future::pending().await;
        };
        let news = match (&answer, asked) {
            (Err(error), _) => News::from(error),
            (Ok(None), _) => News::NoLease,
            (Ok(Some(lease)), Asked::Read) => News::Lease(lease.version.0),
            (Ok(Some(lease)), Asked::Write(_)) => News::Written(lease.version.0),
        };
        self.timeline
            .note_of(self.name, What::Hears(Some(number), news));
        answer
    }

    /// Carries one request to the server and its answer back. A lost one is never answered.
    async fn carry(self, request: Request, reply: oneshot::Sender<Result<Option<StoredLease>>>) {
        let fate = self.dice.draw(|random| self.link.fate(random));
        sleep(self.latency()).await;
        let answer = match &fate {
            Fate::RequestLost => return,
            Fate::Refused(error) => Err(error.clone().into()),
            Fate::Late(delay) => {
                sleep(*delay).await;
                self.server.serve(self.name, request).await
            }
            Fate::RefusedInVain(error) => {
                let answer = self.server.serve(self.name, request).await;
                answer.and(Err(error.clone().into()))
            }
            Fate::Answered | Fate::ReplyLost => self.server.serve(self.name, request).await,
        };
        sleep(self.latency()).await;
        if !matches!(fate, Fate::ReplyLost) && !self.link.loses_replies() {
            // The caller may have given up.
            let _ = reply.send(answer);
        }
    }

    /// Carries a watch's events until one side ends it.
    async fn stream(self, from: ResourceVersion, told: UnboundedSender<Result<WatchEvent>>) {
        let end = select! {
            biased;
            () = told.closed() => return,
            end = self.tell_all(from, &told) => end,
        };
        if let Some(error) = end {
            // A watcher that has gone away misses nothing.
            let _ = told.send(Err(error));
        }
    }

    /// Tells all there is; the error with which it ends, if any.
    async fn tell_all(
        &self,
        from: ResourceVersion,
        told: &UnboundedSender<Result<WatchEvent>>,
    ) -> Option<StoreError> {
        sleep(self.latency()).await;
        if self.link.loses_requests() || self.link.silences_watch() {
            self.link
                .until(|link| !link.loses_requests() && !link.silences_watch())
                .await;
            return Some(broken().into());
        }
        if let Some(refusal) = self.link.watch_refusal() {
            return Some(refusal.into());
        }
        if let Err(down) = self.server.check() {
            return Some(down);
        }
        let mut events = self.server.store.watch(from);
        loop {
            let event = select! {
                biased;
                () = self.link.until(|link| link.watch_refusal().is_some()) => return None,
                event = events.next() => match event? {
                    Ok(event) => event,
                    Err(error) => return Some(error),
                },
            };
            sleep(self.latency()).await;
            if self.link.weather() == Weather::WatchDeaf {
                return std::future::pending().await;
            }
            if let Weather::WatchLags(lag) = self.link.weather() {
                sleep(lag).await;
            }
            if self.link.silences_watch() {
                self.link.until(|link| !link.silences_watch()).await;
                // The connection may have survived, and all that was sent on it.
                if self.dice.draw(fastrand::Rng::bool) {
                    return Some(broken().into());
                }
            }
            // Fails only for a watcher that has gone away, which ends this task as well.
            let _ = told.send(Ok(event));
            if self.link.weather() == Weather::WatchRepeats
                && self.dice.draw(|random| random.f64() < REPEATED)
                && let Some(old) = self.dice.draw(|random| self.server.outdated(random))
            {
                let _ = told.send(Ok(WatchEvent::Changed(old)));
            }
        }
    }

    fn latency(&self) -> std::time::Duration {
        self.dice.draw(|random| self.link.latency(random))
    }

    fn note_watch(&self, event: Option<&Result<WatchEvent>>) {
        let news = match event {
            None => News::WatchEnds,
            Some(Err(error)) => News::from(error),
            Some(Ok(WatchEvent::Opened)) => News::Watching,
            Some(Ok(WatchEvent::Changed(lease))) => News::Lease(lease.version.0),
            Some(Ok(WatchEvent::Deleted(version))) => News::Deleted(version.0),
            Some(Ok(WatchEvent::Bookmark(_) | WatchEvent::LeftOut)) => return,
        };
        self.timeline.note_of(self.name, What::Hears(None, news));
    }
}

impl LeaseStore for FaultyStore {
    fn read(&self) -> BoxFuture<'_, Result<Option<StoredLease>>> {
        Box::pin(self.ask(Request::Read))
    }

    fn create(&self, record: LeaseRecord) -> BoxFuture<'_, Result<StoredLease>> {
        Box::pin(async { written(self.ask(Request::Create(record)).await) })
    }

    fn replace(
        &self,
        seen: StoredLease,
        record: LeaseRecord,
    ) -> BoxFuture<'_, Result<StoredLease>> {
        Box::pin(async { written(self.ask(Request::Replace(seen, record)).await) })
    }

    fn watch(&self, from: ResourceVersion) -> BoxStream<'_, Result<WatchEvent>> {
        let (told, mut events) = unbounded_channel();
        tokio::spawn(self.clone().stream(from, told));
        Box::pin(stream::poll_fn(move |context| {
            let event = events.poll_recv(context);
            if let std::task::Poll::Ready(event) = &event {
                self.note_watch(event.as_ref());
            }
            event
        }))
    }
}

fn written(answer: Result<Option<StoredLease>>) -> Result<StoredLease> {
    answer.map(|lease| lease.expect("a write answers with what it wrote"))
}

fn broken() -> Error {
    Error::new(ErrorKind::Unavailable, "the connection is broken")
}
