//! A call of `run_once` whose work is another language's: it is told when to do it, and says how it went.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::sync::Arc;
use std::task::Poll;

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use crate::error::Result;
use crate::leader_election::LeaderElection;
use crate::leadership::Term;
use crate::run_once::{RunOnce, RunOnceError};
use crate::shared::Shared;

/// One call of `run_once`, which goes on while somebody waits for its [`next`](Self::next) news. Dropped,
/// it leaves the work to others, and does not wait for the end of an election that was started for it.
#[must_use = "the work is left to others when this is dropped"]
pub struct OnceCall {
    shared: Arc<Shared>,
    /// Until it is over.
    call: Option<BoxFuture<'static, Outcome>>,
    begun: UnboundedReceiver<OnceWork>,
    holder: Option<oneshot::Receiver<Infallible>>,
}

type Outcome = std::result::Result<Option<()>, RunOnceError<String>>;

/// What comes of such a call.
#[derive(Debug)]
pub enum OnceNews {
    /// The work is to be done now. There will be more news.
    Begun(OnceWork),
    /// It is done, and whether that was here.
    Done(bool),
    /// It has failed here, as was said last.
    Failed,
}

/// Work that has begun, and counts as unfinished until it is said to have [`ended`](Self::ended).
#[derive(Debug)]
pub struct OnceWork {
    /// What it is done under.
    pub term: Term,
    ended: oneshot::Sender<Option<String>>,
}

/// Has a call go on for whose news another thread waits, until this is dropped.
#[derive(Debug)]
pub struct OnceHold(#[expect(dead_code, reason = "its end says it")] oneshot::Sender<Infallible>);

impl OnceCall {
    /// Starts the election where it does not run, which blocks as [`start`](LeaderElection::start) does.
    ///
    /// # Errors
    /// As [`run_once`](LeaderElection::run_once).
    pub async fn begin(election: &LeaderElection, key: &str) -> Result<Self> {
        Ok(Self::of(election.once(key).await?))
    }

    /// The same, of an election that runs; `None` where it does not, or stops. Never blocks.
    ///
    /// # Errors
    /// As [`run_once`](LeaderElection::run_once).
    pub fn of_running(election: &LeaderElection, key: &str) -> Result<Option<Self>> {
        Ok(election.once_if_running(key)?.map(Self::of))
    }

    fn of(once: RunOnce) -> Self {
        let shared = once.shared().clone();
        let (sender, begun) = unbounded_channel();
        let work = move |term: &Term, _| {
            let (ended, has_ended) = oneshot::channel();
            let term = term.clone();
            // Who waits for the outcome has the receiver.
            let _ = sender.send(OnceWork { term, ended });
            async move {
                // Unlike a future, it cannot be dropped with its term: it ends by itself.
                Some(match has_ended.await {
                    Ok(None) => Ok(()),
                    Ok(Some(failure)) => Err(failure),
                    Err(_) => Err("it ended without a word".to_owned()),
                })
            }
        };
        Self {
            shared,
            call: Some(once.drive(work).boxed()),
            begun,
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
            if let Poll::Ready(Some(work)) = self.begun.poll_recv(context) {
                return Poll::Ready(Ok(Some(OnceNews::Begun(work))));
            }
            if let Some(holder) = &mut self.holder
                && holder.poll_unpin(context).is_ready()
            {
                return Poll::Ready(Ok(None));
            }
            call.poll_unpin(context).map(|outcome| match outcome {
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
        let call = self.call.take();
        if self.shared.leadership().check_process().is_err() {
            // Another thread may have held the locks that it takes, when the process was forked.
            mem::forget(call);
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
        // Otherwise the call was given up.
        let _ = self.ended.send(failure);
    }
}
