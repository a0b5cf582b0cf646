//! Work that is done once and for all, no matter who leads: a migration of a database, an initialisation. What
//! the Lease remembers of it, and who may change that, is the election's to know; here is who waits for
//! what.

use std::fmt;
use std::mem;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use tracing::{info, warn};

use crate::config::Mode;
use crate::election::Recorded;
use crate::error::{Error, ErrorKind, Result};
use crate::events::Work;
use crate::leadership::Term;
use crate::lease_record::{Begun, Memory, MemoryChange};
use crate::runtime;
use crate::shared::{Command, End, Shared, View};

/// How often work may be begun that fails or is interrupted, before all give it up.
pub const MOST_ATTEMPTS: u32 = 5;

/// Why `run_once` has not done its work, and found nobody else who has.
#[derive(Debug)]
pub enum RunOnceError<E> {
    /// The work has failed here, with this error. Another candidate may begin it again.
    Work(E),
    /// It was not done here: [`ErrorKind::WorkFailed`] if it has failed as often as it may,
    /// [`ErrorKind::Closed`] if the election was stopped, [`ErrorKind::Corrupt`] if what the Lease
    /// remembers cannot be understood, or as [`start`](crate::LeaderElection::start) fails.
    Election(Error),
}

impl<E> From<Error> for RunOnceError<E> {
    fn from(error: Error) -> Self {
        Self::Election(error)
    }
}

impl<E: fmt::Display> fmt::Display for RunOnceError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Work(error) => error.fmt(f),
            Self::Election(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for RunOnceError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Work(error) => error.source(),
            Self::Election(error) => error.source(),
        }
    }
}

/// One call of `run_once`: says when to do the work here, and learns how it went. For work that does
/// not fit into a closure, as that of other languages. Only one at a time has a key in a process.
#[must_use = "the work is left to others when this is dropped"]
pub struct RunOnce {
    shared: Arc<Shared>,
    key: String,
    most_attempts: u32,
    /// Whether the Lease remembers what is done.
    remembers: bool,
    claim: Option<Claim>,
    attempt: Option<Work>,
    ran: bool,
    /// For whom it was last said to wait.
    told: String,
    campaign: Option<Campaign>,
    awaits_end: bool,
}

/// The only one of a process that deals with a key.
struct Claim {
    shared: Arc<Shared>,
    key: String,
}

/// A run of the election that this needs. If it was started for such work alone, it ends with the last.
pub(crate) struct Campaign {
    shared: Option<Arc<Shared>>,
    run: u64,
}

impl RunOnce {
    pub(crate) fn new(shared: Arc<Shared>, key: &str, remembers: bool, campaign: Campaign) -> Self {
        Self {
            shared,
            key: key.to_owned(),
            most_attempts: MOST_ATTEMPTS,
            remembers,
            claim: None,
            attempt: None,
            ran: false,
            told: String::new(),
            campaign: Some(campaign),
            awaits_end: true,
        }
    }

    /// How often the work may be begun by all together, in place of [`MOST_ATTEMPTS`].
    pub fn most_attempts(mut self, most: u32) -> Self {
        self.most_attempts = most.max(1);
        self
    }

    /// Called by a listener, for which the end of the election waits.
    pub(crate) fn in_listener(mut self) -> Self {
        self.awaits_end = false;
        self
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Waits until it is this instance's turn to do the work, under the term returned: then the work counts
    /// as begun. `None` if it is done already, and in mode `never`. [`ended`](Self::ended) is due when it has ended.
    ///
    /// # Errors
    /// As [`RunOnceError::Election`] says.
    pub async fn next(&mut self) -> Result<Option<Term>> {
        let begun = self.next_with_end().await?;
        Ok(begun.map(|(term, _)| term))
    }

    /// The same, and the end of that term.
    pub(crate) async fn next_with_end(&mut self) -> Result<Option<(Term, End)>> {
        runtime::for_application(self.begin()).await
    }

    /// The work has stopped, since its term had ended.
    pub fn interrupted(&mut self) {
        self.attempt = None;
    }

    /// The work of the term that [`next`](Self::next) returned has ended, with this failure or with none.
    /// Returns whether that is settled: otherwise the term had ended before, so that the work may have to
    /// be done again, and [`next`](Self::next) says whether.
    ///
    /// # Errors
    /// Only [`ErrorKind::Forked`].
    pub async fn ended(&mut self, failure: Option<String>) -> Result<bool> {
        runtime::for_application(self.settle(failure)).await
    }

    /// Whether the work has been done here, once [`next`](Self::next) has returned `None`.
    pub fn has_run(&self) -> bool {
        self.ran
    }

    /// Does `work` when it is this instance's turn, as `run_once` does. It is given the end of its term as
    /// well, and has no outcome if it was dropped by that.
    pub(crate) async fn drive<T, E: fmt::Display, F: Future<Output = Option<Result<T, E>>>>(
        mut self,
        mut work: impl FnMut(&Term, End) -> F,
    ) -> Result<Option<T>, RunOnceError<E>> {
        let mut unrecorded = None;
        let done = loop {
            let (term, end) = match self.next_with_end().await {
                Ok(Some(begun)) => begun,
                Ok(None) => break Ok(unrecorded),
                Err(error) => break Err(error.into()),
            };
            match work(&term, end).await {
                Some(Ok(value)) => {
                    if self.ended(None).await? {
                        break Ok(Some(value));
                    }
                    unrecorded = Some(value);
                }
                Some(Err(error)) => {
                    if self.ended(Some(error.to_string())).await? {
                        break Err(RunOnceError::Work(error));
                    }
                }
                None => self.interrupted(),
            }
        };
        self.finish().await?;
        done
    }

    /// Leaves work that has not ended to others; ends the election where it was started for this, and
    /// waits for that, unless a listener has called.
    ///
    /// # Errors
    /// Only [`ErrorKind::Forked`].
    pub async fn finish(mut self) -> Result<()> {
        self.shared.leadership().check_process()?;
        self.leave_to_others();
        self.claim = None;
        if let Some(campaign) = self.campaign.take()
            && self.awaits_end
        {
            runtime::for_application(campaign.end()).await;
        }
        Ok(())
    }

    /// If the work is under way, it will not come to its end here.
    fn leave_to_others(&mut self) {
        if let Some(attempt) = self.attempt.take()
            && self.remembers
            && attempt.term.is_valid()
        {
            let (lease, key) = (self.shared.lease(), &self.key);
            warn!(
                lease,
                key, "the work has stopped before its end: it is left to others"
            );
            drop(self.shared.command(Command::StepDown));
        }
    }

    async fn begin(&mut self) -> Result<Option<(Term, End)>> {
        let shared = self.shared.clone();
        shared.leadership().check_process()?;
        self.attempt = None;
        if shared.mode() == Mode::Never && self.remembers {
            info!(
                lease = shared.lease(),
                key = self.key,
                "not run: the mode is `never`"
            );
            return Ok(None);
        }
        if self.claim.is_none() {
            let stopped = self.campaign.as_ref().and_then(Campaign::end_of_run);
            let stopped = stopped.ok_or_else(not_running)?;
            let claim = pin!(Claim::of(&shared, &self.key));
            // The one that has it may be at work for long after the end of the run.
            match select(claim, stopped).await {
                Either::Left((claim, _)) => self.claim = Some(claim),
                Either::Right(_) => return Err(not_running()),
            }
        }
        let mut views = shared.view();
        loop {
            // The view of later than a term's beginning says what others had done before. A term that is
            // still valid then has had no other leader beside it.
            let leading = shared.work_and_end();
            let view = views.borrow_and_update().clone();
            let leading = leading.filter(|(term, ..)| term.is_valid());
            let earlier = match &view {
                Some(View { memory, .. }) if self.remembers => {
                    if self.is_done(memory)? {
                        return Ok(None);
                    }
                    memory.begun(&self.key).cloned()
                }
                _ => None,
            };
            let used_up = earlier.as_ref().is_some_and(|last| {
                let has_ended = last.failure.is_some() || leading.is_some();
                last.attempts >= self.most_attempts && has_ended
            });
            if let (Some(last), true) = (&earlier, used_up) {
                return Err(self.given_up(last));
            }
            if let Some((term, unfinished, end)) = leading {
                self.attempt = Some(Work {
                    term: term.clone(),
                    _unfinished: unfinished,
                });
                self.tell_of_own(earlier.as_ref());
                let by = shared.status().identity.unwrap_or_default();
                let begin = MemoryChange::Begin {
                    key: self.key.clone(),
                    by,
                    most: self.most_attempts,
                };
                let has_begun =
                    !self.remembers || shared.record(&term, begin).await == Recorded::Written;
                // It is over already if this process was paused meanwhile.
                if has_begun && term.is_valid() {
                    return Ok(Some((term, end)));
                }
                self.attempt = None;
                continue;
            }
            self.tell(view.as_ref(), earlier.as_ref());
            let term = shared.await_term().ok_or_else(not_running)?;
            let changed = pin!(views.changed());
            if let Either::Left((Err(_), _)) = select(term, changed).await {
                return Err(not_running());
            }
        }
    }

    async fn settle(&mut self, failure: Option<String>) -> Result<bool> {
        let shared = self.shared.clone();
        shared.leadership().check_process()?;
        // Until it is recorded, it counts as unfinished.
        let Some(term) = self.attempt.as_ref().map(|it| it.term.clone()) else {
            return Ok(false);
        };
        self.ran |= failure.is_none();
        if !self.remembers {
            self.attempt = None;
            return Ok(true);
        }
        let (key, lease) = (self.key.clone(), shared.lease());
        let failed = failure.is_some();
        if let Some(failure) = &failure {
            warn!(lease, key, failure, "the work has failed");
        }
        let change = match failure {
            None => MemoryChange::Done { key: key.clone() },
            Some(failure) => MemoryChange::Fail {
                key: key.clone(),
                failure,
            },
        };
        let recorded = shared.record(&term, change).await;
        let is_settled = match recorded {
            Recorded::TermOver | Recorded::TooLate => failed && !shared.is_wanted(),
            Recorded::Written => true,
            Recorded::Unchanged => {
                let view = shared.view().borrow().clone();
                failed || view.is_some_and(|view| view.memory.is_done(&key))
            }
        };
        match (is_settled, failed) {
            (true, false) => info!(lease, key, "the work is done"),
            // The others are to try.
            (true, true) => drop(shared.command(Command::StepDown)),
            (false, _) => warn!(
                lease,
                key,
                "the term ended before it could be recorded how the work did: it may have to be done again"
            ),
        }
        self.attempt = None;
        Ok(is_settled)
    }

    fn is_done(&self, memory: &Memory) -> Result<bool> {
        self.shared.check_memory(memory)?;
        Ok(memory.is_done(&self.key))
    }

    fn given_up(&self, begun: &Begun) -> Error {
        let Begun {
            key,
            attempts,
            by,
            failure,
        } = begun;
        let what = match failure {
            Some(failure) => format!("failed at `{by}`: {failure}"),
            None => format!("ended at `{by}` without a word"),
        };
        Error::new(
            ErrorKind::WorkFailed,
            format!(
                "the work of `{key}` is given up after {attempts} attempts, the last of which {what}. \
                 Mend it and use another key; or have it tried again: remove the annotation {} of the \
                 Lease `{}`",
                crate::lease_record::ATTEMPTS,
                self.shared.lease()
            ),
        )
    }

    /// Says once for whom it waits.
    fn tell(&mut self, view: Option<&View>, begun: Option<&Begun>) {
        let most = self.most_attempts;
        let holder = view.and_then(|view| view.holder.as_deref());
        let waits = match (holder, begun) {
            (None, _) => self.shared.status().why_not_leading.unwrap_or_default(),
            (Some(holder), Some(begun)) if begun.by == holder && begun.failure.is_none() => {
                format!(
                    "`{holder}` is running it (attempt {} of {most})",
                    begun.attempts
                )
            }
            (Some(holder), Some(begun)) => {
                let (Begun { attempts, by, .. }, failure) = (begun, how_it_ended(begun));
                format!(
                    "`{holder}` holds the Lease; attempt {attempts} of {most} was at `{by}`: {failure}"
                )
            }
            (Some(holder), None) => format!("`{holder}` holds the Lease"),
        };
        if self.told != waits {
            let (lease, key) = (self.shared.lease(), &self.key);
            info!(lease, key, "waiting: {waits}");
            self.told = waits;
        }
    }

    fn tell_of_own(&self, begun: Option<&Begun>) {
        let (lease, key) = (self.shared.lease(), &self.key);
        match begun {
            _ if !self.remembers => {
                info!(lease, key, "running the work, as each time (mode `always`)");
            }
            None => info!(lease, key, "running the work"),
            Some(begun) => {
                let (next, most) = (begun.attempts + 1, self.most_attempts);
                let failure = how_it_ended(begun);
                info!(
                    lease,
                    key,
                    failed_at = begun.by,
                    failure,
                    "running the work again after a while (attempt {next} of {most})"
                );
            }
        }
    }
}

/// Work that has panicked, or is no longer awaited, does not come to its end.
impl Drop for RunOnce {
    fn drop(&mut self) {
        if self.shared.leadership().check_process().is_ok() {
            self.leave_to_others();
        } else {
            // Another thread may have held the locks that these take, when the process was forked.
            mem::forget((self.attempt.take(), self.claim.take(), self.campaign.take()));
        }
    }
}

impl fmt::Debug for RunOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOnce")
            .field("key", &self.key)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

impl Claim {
    async fn of(shared: &Arc<Shared>, key: &str) -> Self {
        let mut claimed = shared.claimed().subscribe();
        loop {
            let is_claimed = shared.claimed().send_if_modified(|keys| {
                let is_free = !keys.iter().any(|claimed| claimed == key);
                if is_free {
                    keys.push(key.to_owned());
                }
                is_free
            });
            if is_claimed {
                return Self {
                    shared: shared.clone(),
                    key: key.to_owned(),
                };
            }
            // The sender is there as long as this holds on to it.
            let _ = claimed.changed().await;
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let claimed = self.shared.claimed();
        claimed.send_modify(|keys| keys.retain(|key| *key != self.key));
    }
}

impl Campaign {
    /// Of work that is noted to need the run of this number.
    pub(crate) fn new(shared: Arc<Shared>, run: u64) -> Self {
        Self {
            shared: Some(shared),
            run,
        }
    }

    /// `None` if it has ended.
    fn end_of_run(&self) -> Option<End> {
        self.shared.as_ref()?.end_of_run(self.run)
    }

    /// Waits for the end, if nobody else needs the election.
    async fn end(mut self) {
        if let Some(end) = self.leave() {
            // Nothing is ever sent: it ends.
            let _ = end.await;
        }
    }

    fn leave(&mut self) -> Option<End> {
        self.shared.take()?.leave(self.run)
    }
}

impl Drop for Campaign {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The last attempt.
fn how_it_ended(begun: &Begun) -> &str {
    let failure = begun.failure.as_deref();
    failure.unwrap_or("it ended without a word")
}

fn not_running() -> Error {
    Error::new(ErrorKind::Closed, "the election has been stopped")
}
