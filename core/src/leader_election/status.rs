//! How an election stands: for people, probes and Prometheus.

use std::time::Duration;

use super::LeaderElection;
use crate::config::Mode;
use crate::election::Role;
use crate::error::{Error, ErrorKind, Result};

/// How an election stands, for people and probes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// The name of the Lease.
    pub lease: String,
    /// Where the Lease is kept.
    pub mode: Mode,
    /// This candidate's holder string; `None` while it does not run.
    pub identity: Option<String>,
    /// What this candidate is doing.
    pub role: Role,
    /// The holder that the Lease names, as last observed.
    pub holder: Option<String>,
    /// Why this instance is not leading, in a sentence; `None` while it leads.
    pub why_not_leading: Option<String>,
    /// The last request's error, until one succeeds again.
    pub failing: Option<Error>,
    /// Whether changes of the Lease are watched; otherwise they are polled.
    pub watching: bool,
    /// The present term's fencing token.
    pub fencing_token: Option<u64>,
    /// How long the leadership lasts unless it is renewed; zero when there is none.
    pub remaining: Duration,
}

impl LeaderElection {
    /// The holder that the Lease names, as last observed. Tells nothing about who may act now.
    pub fn leader(&self) -> Option<String> {
        self.status().holder
    }

    /// How the election stands. In a forked child it is the status of a stopped one.
    pub fn status(&self) -> Status {
        let here = self.shared.leadership().check_process();
        let standing = here.is_ok().then(|| self.shared.standing()).flatten();
        let mut status = Status {
            lease: self.config.lease.clone(),
            mode: self.config.mode,
            identity: None,
            role: Role::Stopped,
            holder: None,
            why_not_leading: None,
            failing: None,
            watching: false,
            fencing_token: self.term().map(|term| term.fencing_token()),
            remaining: self.remaining(),
        };
        if let Err(forked) = here {
            status.why_not_leading = Some(forked.message().to_owned());
        } else if let Some(standing) = standing {
            status.identity = self.shared.identity();
            status.role = standing.role;
            status.holder = standing.holder;
            status.why_not_leading = standing.why_not_leading;
            status.failing = standing.failing;
            status.watching = standing.watching;
            if status.role == Role::Leader && status.remaining.is_zero() {
                let why =
                    "the term has ended, and the election's background thread has not run since";
                status.role = Role::Candidate;
                status.why_not_leading = Some(why.to_owned());
            }
        } else {
            status.why_not_leading = Some("the election has not been started".to_owned());
        }
        status
    }

    /// Whether the election works as it should, for a liveness probe: a standby is healthy, and so
    /// is a candidate whose API server is down. Not so an election whose background thread is stuck,
    /// nor one that the Lease still names `tolerance` after it ran out (client-go `HealthzAdaptor`).
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] where the election is stuck, [`ErrorKind::LeadershipLost`] where it
    /// let its Lease run out, [`ErrorKind::Forked`].
    pub fn check_health(&self, tolerance: Duration) -> Result<()> {
        let leadership = self.shared.leadership();
        leadership.check_process()?;
        if !self.shared.is_running() {
            return Ok(());
        }
        let idle = leadership.idle_for();
        if idle > self.config.lease_duration + tolerance {
            return Err(Error::new(
                ErrorKind::Internal,
                format!("the election's background thread has been stuck for {idle:.1?}"),
            ));
        }
        let Some(standing) = self.shared.standing() else {
            return Ok(());
        };
        let own = standing.holder.is_some() && standing.holder == self.shared.identity();
        match (standing.record_age, standing.record_duration) {
            (Some(age), Some(duration)) if own && age > duration + tolerance => Err(Error::new(
                ErrorKind::LeadershipLost,
                format!("the Lease names this instance, which has not renewed it for {age:.1?}"),
            )),
            _ => Ok(()),
        }
    }

    /// The election's metrics in the Prometheus text format, under client-go's names where it has
    /// them. In a forked child there are none.
    pub fn metrics(&self) -> String {
        match self.shared.leadership().check_process() {
            Ok(()) => {
                let metrics = self.shared.metrics();
                let failing = self
                    .shared
                    .standing()
                    .is_some_and(|it| it.failing.is_some());
                metrics.to_prometheus(&self.config.lease, self.is_leader(), failing)
            }
            Err(_) => String::new(),
        }
    }
}
