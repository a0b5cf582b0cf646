//! `run_once` for languages that do the work by themselves: what is to be done comes as news.

use std::time::Duration;

use tokio::select;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::error::Result;
use crate::leadership::Term;
use crate::run_once::RunOnce;
use crate::runtime::{self, Runtime};

/// What is new in a call of `run_once`.
#[derive(Debug)]
pub enum OnceNews {
    /// The work is to be done now, under this term; then [`OnceCall::ended`] is due.
    Begun(Term),
    /// The last news: whether the work was done here. Where it has failed, that is what the call fails with.
    Finished(Result<bool>),
}

/// A call of `run_once`, which goes on until its last news, or until this is dropped.
#[derive(Debug)]
pub struct OnceCall {
    endings: UnboundedSender<Option<String>>,
    news: UnboundedReceiver<OnceNews>,
}

impl OnceCall {
    /// Begins one. The news wait until they are asked for.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::ErrorKind::Internal) where there is no background thread.
    pub fn begin(once: RunOnce) -> Result<Self> {
        let (endings, ended) = unbounded_channel();
        let (sender, news) = unbounded_channel();
        Runtime::get()?.spawn(go_on(once, sender, ended));
        Ok(Self { endings, news })
    }

    /// Waits for the next news, for at most `limit`; `None` when that has passed. Blocks the calling thread.
    pub fn next(&mut self, limit: Duration) -> Option<OnceNews> {
        runtime::block_on(self.news.recv(), Some(limit)).flatten()
    }

    /// What the call is told by, from any thread.
    pub fn endings(&self) -> Endings {
        Endings(self.endings.clone())
    }
}

/// Tells a call how its work has ended.
#[derive(Clone, Debug)]
pub struct Endings(UnboundedSender<Option<String>>);

impl Endings {
    /// The work has ended, with this failure or with none.
    pub fn ended(&self, failure: Option<String>) {
        // A call that has finished need not know.
        let _ = self.0.send(failure);
    }
}

async fn go_on(
    mut once: RunOnce,
    news: UnboundedSender<OnceNews>,
    mut ended: UnboundedReceiver<Option<String>>,
) {
    let outcome = loop {
        let begun = select! {
            begun = once.next() => begun,
            () = news.closed() => return,
        };
        match begun {
            Ok(Some(term)) => drop(news.send(OnceNews::Begun(term))),
            Ok(None) => break Ok(once.has_run()),
            Err(error) => break Err(error),
        }
        let failure = select! {
            Some(failure) = ended.recv() => failure,
            () = news.closed() => return,
        };
        match once.ended(failure).await {
            Ok(true) => break Ok(true),
            Ok(false) => {}
            Err(error) => break Err(error),
        }
    };
    let outcome = once.finish().await.and(outcome);
    // Nobody may wait for it any longer.
    let _ = news.send(OnceNews::Finished(outcome));
}
