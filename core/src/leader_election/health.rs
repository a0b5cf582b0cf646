//! How the election is doing: for people, probes and Prometheus.

use std::time::Duration;

use super::LeaderElection;
use crate::election::Role;
use crate::error::{Error, ErrorKind, Result};
use crate::status::Status;

impl LeaderElection {
    /// The holder that the Lease names, as last observed. Tells nothing about who may act now.
    pub fn leader(&self) -> Option<String> {
        self.status().holder
    }

    /// How the election is doing. In a forked child it is the status of a stopped one.
    pub fn status(&self) -> Status {
        if let Err(forked) = self.shared.leadership().check_process() {
            return Status::stopped(&self.config.lease, self.config.mode, forked.message());
        }
        let mut status = self.shared.status();
        status.fencing_token = self.term().map(|term| term.fencing_token());
        status.remaining = self.remaining();
        if status.role == Role::Leader && status.remaining.is_zero() {
            let why = "the term has ended, and the election's background thread has not run since";
            status.role = Role::Candidate;
            status.why_not_leading = Some(why.to_owned());
        }
        status
    }

    /// Whether the election works as it should, for a liveness probe: a standby is healthy, and so
    /// is a candidate whose API server is down. Not so an election whose background thread is
    /// stuck, nor one that the Lease still names `tolerance` after it expired (client-go
    /// `HealthzAdaptor`).
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] if the election is stuck, [`ErrorKind::LeadershipLost`] if it
    /// let its Lease expire, [`ErrorKind::Forked`].
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
        let status = self.shared.status();
        let own = status.holder.is_some() && status.holder == status.identity;
        match status.record_age_and_duration {
            Some((age, duration)) if own && age > duration + tolerance => Err(Error::new(
                ErrorKind::LeadershipLost,
                format!("the Lease names this instance, which has not renewed it for {age:.1?}"),
            )),
            _ => Ok(()),
        }
    }

    /// The election's metrics in the Prometheus text format, under client-go's names if it has
    /// them. In a forked child there are none.
    pub fn metrics(&self) -> String {
        match self.shared.leadership().check_process() {
            Ok(()) => {
                let metrics = self.shared.metrics();
                let failing = self.shared.status().failing.is_some();
                metrics.to_prometheus(&self.config.lease, self.is_leader(), failing)
            }
            Err(_) => String::new(),
        }
    }
}
