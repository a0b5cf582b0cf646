//! A call of `run_once` whose work is another language's: it learns when to do it, and says how it
//! went.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, ready};

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use futures_util::future::select;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use crate::error::{Error, ErrorKind, Result};
use crate::leader_election::LeaderElection;
use crate::leadership::Term;
use crate::run_once::{RunOnce, RunOnceError};
use crate::runtime::Runtime;
use crate::shared::{End, Shared};

/// One call of `run_once`, which goes on while somebody waits for its [`next`](Self::next) news. Dropped,
/// it leaves work to others that has not ended, and does not wait for the end of an election that was
/// started for it.
#[must_use = "the work is left to others when this is dropped"]
pub struct OnceCall {
    shared: Arc<Shared>,
    /// Until it is over.
    call: Option<BoxFuture<'static, Outcome>>,
    begun: UnboundedReceiver<(OnceWork, End)>,
    /// The work that was reported last.
    told: Option<Told>,
    holder: Option<oneshot::Receiver<Infallible>>,
}

struct Told {
    has_ended: Arc<AtomicBool>,
    /// Of its term.
    end: End,
}

type Outcome = std::result::Result<Option<()>, RunOnceError<String>>;

/// What comes of such a call.
#[derive(Debug)]
pub enum OnceNews {
    /// Do the work now. There will be more news.
    Begun(OnceWork),
    /// It is done, and whether that was here.
    Done(bool),
    /// It has failed here, as was said last.
    Failed,
}

/// Work that has begun, and counts as unfinished until it is said to have [`ended`](Self::ended). To be
/// dropped if its term is no longer valid when it would begin: the next news say what comes instead.
#[derive(Debug)]
pub struct OnceWork {
    /// What it is done under.
    pub term: Term,
    has_ended: Arc<AtomicBool>,
    ended: oneshot::Sender<Option<String>>,
}

/// Has a call go on for whose news another thread waits, until this is dropped.
#[derive(Debug)]
pub struct OnceHold(#[expect(dead_code, reason = "its end says it")] oneshot::Sender<Infallible>);

impl OnceCall {
    /// Starts the election if it does not run, which blocks as [`start`](LeaderElection::start)
    /// does.
    ///
    /// # Errors
    /// As [`run_once`](LeaderElection::run_once).
    pub async fn begin(election: &LeaderElection, key: &str) -> Result<Self> {
        Ok(Self::of(election.once(key).await?))
    }

    /// As [`begin`](Self::begin), for a listener of this election. The end of the election waits for its
    /// listeners, so this fails if it stops, and the call does not wait for that end.
    ///
    /// # Errors
    /// As [`run_once`](LeaderElection::run_once).
    pub async fn begin_in_listener(election: &LeaderElection, key: &str) -> Result<Self> {
        match election.once_if_running(key)? {
            Some(once) => Ok(Self::of(once.in_listener())),
            None if election.is_running() => Err(Error::new(
                ErrorKind::Closed,
                "the election is stopping, and waits for its listeners before: call this elsewhere",
            )),
            None => Ok(Self::of(election.once(key).await?.in_listener())),
        }
    }

    /// The same, of an election that runs; `None` if it does not, or stops. Never blocks.
    ///
    /// # Errors
    /// As [`run_once`](LeaderElection::run_once).
    pub fn of_running(election: &LeaderElection, key: &str) -> Result<Option<Self>> {
        Ok(election.once_if_running(key)?.map(Self::of))
    }

    fn of(once: RunOnce) -> Self {
        let shared = once.shared().clone();
        let (sender, begun) = unbounded_channel();
        let work = move |term: &Term, end| {
            let (ended, outcome) = oneshot::channel();
            let term = term.clone();
            let work = OnceWork {
                term: term.clone(),
                has_ended: Arc::default(),
                ended,
            };
            // The one who waits for the outcome has the receiver.
            let _ = sender.send((work, end));
            async move {
                // Unlike a future, it cannot be dropped with its term: it ends by itself.
                match outcome.await {
                    Ok(None) => Some(Ok(())),
                    Ok(Some(failure)) => Some(Err(failure)),
                    Err(_) if term.is_valid() => Some(Err("it ended without a word".to_owned())),
                    Err(_) => None,
                }
            }
        };
        Self {
            shared,
            call: Some(once.drive(work).boxed()),
            begun,
            told: None,
            holder: None,
        }
    }

    /// From now on the call goes on for as long as this is there.
    pub fn hold(&mut self) -> OnceHold {
        let (sender, holder) = oneshot::channel();
        self.holder = Some(holder);
        OnceHold(sender)
    }

    /// Waits for news; `None` when there will be none. Nothing is lost when the future is dropped before.
    ///
    /// # Errors
    /// As [`run_once`](LeaderElection::run_once), but for those of the work.
    pub async fn next(&mut self) -> Result<Option<OnceNews>> {
        let news = poll_fn(|context| {
            let Some(call) = &mut self.call else {
                return Poll::Ready(Ok(None));
            };
            if let Poll::Ready(Some((work, end))) = self.begun.poll_recv(context) {
                let has_ended = work.has_ended.clone();
                self.told = Some(Told { has_ended, end });
                return Poll::Ready(Ok(Some(OnceNews::Begun(work))));
            }
            if let Some(holder) = &mut self.holder
                && holder.poll_unpin(context).is_ready()
            {
                return Poll::Ready(Ok(None));
            }
            let outcome = ready!(call.poll_unpin(context));
            self.call = None;
            Poll::Ready(match outcome {
                Ok(done) => Ok(Some(OnceNews::Done(done.is_some()))),
                Err(RunOnceError::Work(_)) => Ok(Some(OnceNews::Failed)),
                Err(RunOnceError::Election(error)) => Err(error),
            })
        })
        .await;
        if !matches!(news, Ok(Some(OnceNews::Begun(_)))) {
            self.end();
        }
        news
    }

    fn end(&mut self) {
        let Some(call) = self.call.take() else {
            return;
        };
        if self.shared.leadership().check_process().is_err() {
            // Another thread may have held the locks that it takes, when the process was forked.
            return mem::forget(call);
        }
        let told = self.told.take();
        if let Some(told) = told.filter(|it| it.has_ended.load(Ordering::Acquire))
            && let Ok(runtime) = Runtime::get()
        {
            // How it went is still recorded, if its term lasts.
            runtime.spawn(select(told.end, call).map(drop));
        }
    }
}

impl Drop for OnceCall {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for OnceCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceCall").finish_non_exhaustive()
    }
}

impl OnceWork {
    /// It has ended, with this failure or with none. Whether that is settled, or it has to be done again
    /// since its term had ended before, the next news say.
    pub fn ended(self, failure: Option<String>) {
        self.has_ended.store(true, Ordering::Release);
        // Otherwise the call was given up.
        let _ = self.ended.send(failure);
    }
}
