//! Firings of scheduled jobs, each of which is begun once at most, no matter who leads. What the Lease
//! remembers of them, and who may change that, only the election knows; here is what follows for the one who asks.

use std::time::Duration;

use jiff::Timestamp;
use tracing::warn;

use crate::clock::WallTime;
use crate::election::Recorded;
use crate::error::{Error, ErrorKind, Result};
use crate::events::WorkGuard;
use crate::leadership::Term;
use crate::lease_record::{FIRINGS, MOST_JOBS, MemoryChange};
use crate::shared::Shared;
use crate::validation::check_job;

/// A scheduler may be a little early. What is further ahead is no firing that is due, and would keep those
/// before it from being begun.
const MOST_AHEAD: Duration = Duration::from_secs(60);

/// Firings that one election is asked about.
pub(crate) struct Firings<'a> {
    pub(crate) shared: &'a Shared,
    /// Whether the Lease remembers them.
    pub(crate) remembers: bool,
}

impl Firings<'_> {
    /// When the firing of `job` was due that was begun last, as far as it is known here.
    pub(crate) fn last(&self, job: &str) -> Result<Option<WallTime>> {
        check_job("job", job)?;
        match &*self.shared.view().borrow() {
            Some(view) => {
                self.shared.check_memory(&view.memory)?;
                Ok(view.memory.firings.last(job))
            }
            None => Ok(None),
        }
    }

    /// As [`claim`](Self::claim), if it was due at most `within` ago, and another of the job was begun before.
    pub(crate) async fn claim_missed(
        &self,
        job: &str,
        due: WallTime,
        within: Duration,
    ) -> Result<bool> {
        let due = self.check(job, due)?;
        let (term, _unfinished) = self.leading()?;
        let age = self.now().as_micros() - due.as_micros();
        let is_recent = u64::try_from(age).is_ok_and(|age| Duration::from_micros(age) <= within);
        // What is seen after a term's beginning says what others had begun before.
        let last = self.last(job)?;
        self.check_last(job, last)?;
        if !is_recent || last.is_none_or(|last| due <= last) {
            return Ok(false);
        }
        self.claim_under(&term, job, due).await
    }

    /// Has the Lease remember that the firing of `job` that is due then is begun. Returns whether it is, by
    /// this: neither it was before, nor a later one.
    pub(crate) async fn claim(&self, job: &str, due: WallTime) -> Result<bool> {
        let due = self.check(job, due)?;
        let (term, _unfinished) = self.leading()?;
        self.claim_under(&term, job, due).await
    }

    async fn claim_under(&self, term: &Term, job: &str, due: WallTime) -> Result<bool> {
        if !self.remembers {
            return Ok(true);
        }
        let change = MemoryChange::Fire {
            job: job.to_owned(),
            due,
        };
        let why = match self.shared.record(term, change).await {
            // It is over already if this process was paused meanwhile.
            Recorded::Written if term.is_valid() => return Ok(true),
            Recorded::Written | Recorded::TermOver => Error::term_over(term.fencing_token()),
            Recorded::Unchanged => return self.not_begun(job, due),
            Recorded::TooLate => self.not_in_time(),
        };
        let what = format!(
            "the firing of `{job}` at {} is not to run here, and may count as begun: {why}",
            text(due)
        );
        warn!(lease = self.shared.lease(), "{what}");
        Err(Error::new(why.kind(), what))
    }

    /// What it says instead of changing what it remembers.
    fn not_begun(&self, job: &str, due: WallTime) -> Result<bool> {
        let view = self.shared.view().borrow().clone();
        let memory = view.map(|view| view.memory);
        if let Some(memory) = memory {
            self.shared.check_memory(&memory)?;
            self.check_last(job, memory.firings.last(job))?;
            if memory.firings.was_begun(job, due) == Some(true) {
                return Ok(false);
            }
        }
        Err(Error::config(
            "job",
            format_args!("`{job}`"),
            format_args!(
                "nobody knows whether its firing at {} was begun, since the Lease `{}` remembers the last \
                 firings of {MOST_JOBS} jobs, and others were due later: have fewer jobs under it, or \
                 remove those that no longer exist from its annotation {FIRINGS}",
                text(due),
                self.shared.lease(),
            ),
        ))
    }

    /// A clock that was far ahead has left a time behind that keeps each firing from being begun.
    fn check_last(&self, job: &str, last: Option<WallTime>) -> Result<()> {
        match last {
            Some(last) if last > self.latest() => Err(Error::config(
                "job",
                format_args!("`{job}`"),
                format_args!(
                    "the Lease `{}` remembers its firing at {} as begun, which is ahead: here it is {}. \
                     Set the clock right that is wrong, or remove the job from the annotation {FIRINGS}",
                    self.shared.lease(),
                    text(last),
                    text(self.now()),
                ),
            )),
            _ => Ok(()),
        }
    }

    fn not_in_time(&self) -> Error {
        let failing = self.shared.status().failing;
        failing.unwrap_or_else(|| Error::new(ErrorKind::TimedOut, "it was not written in time"))
    }

    fn leading(&self) -> Result<(Term, WorkGuard)> {
        self.shared.work().ok_or_else(|| {
            let status = self.shared.status();
            let kind = match status.identity {
                Some(_) => ErrorKind::LeadershipLost,
                None => ErrorKind::Closed,
            };
            let why = status.why_not_leading.unwrap_or_default();
            Error::new(kind, format!("not the leader of `{}`: {why}", status.lease))
        })
    }

    fn check(&self, job: &str, due: WallTime) -> Result<WallTime> {
        self.shared.leadership().check_process()?;
        check_job("job", job)?;
        if !(WallTime::from_micros(0)..=self.latest()).contains(&due) {
            return Err(Error::config(
                "due",
                text(due),
                format_args!(
                    "use the time for which the schedule has this firing, which has come; here it is {}",
                    text(self.now())
                ),
            ));
        }
        // In each language alike.
        Ok(WallTime::from_micros(due.as_micros() / 1000 * 1000))
    }

    /// No firing is due after this.
    fn latest(&self) -> WallTime {
        WallTime::from_micros(self.now().as_micros().saturating_add(micros(MOST_AHEAD)))
    }

    fn now(&self) -> WallTime {
        self.shared.leadership().clock().wall()
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn text(time: WallTime) -> String {
    match Timestamp::from_microsecond(time.as_micros()) {
        Ok(time) => time.to_string(),
        Err(_) => format!("{} µs", time.as_micros()),
    }
}
