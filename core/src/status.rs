//! How an election is doing: one type, from the background task to the application.

use std::time::Duration;

use crate::clock::Instant;
use crate::config::Mode;
use crate::election::{Election, Role};
use crate::error::Error;

/// How an election is doing, for people and probes.
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
    /// How long the record has been unchanged, and how long it has others wait.
    pub(crate) record_age_and_duration: Option<(Duration, Duration)>,
}

impl Status {
    /// An election that does not run, and why.
    pub(crate) fn stopped(lease: &str, mode: Mode, why: &str) -> Self {
        Self {
            lease: lease.to_owned(),
            mode,
            identity: None,
            role: Role::Stopped,
            holder: None,
            why_not_leading: Some(why.to_owned()),
            failing: None,
            watching: false,
            fencing_token: None,
            remaining: Duration::ZERO,
            record_age_and_duration: None,
        }
    }

    /// A candidate that knows nothing of the Lease, and why it does not lead.
    pub(crate) fn started(lease: &str, mode: Mode, identity: &str, why: &str) -> Self {
        Self {
            identity: Some(identity.to_owned()),
            role: Role::Candidate,
            ..Self::stopped(lease, mode, why)
        }
    }

    /// Takes over what the running election says.
    pub(crate) fn update(&mut self, election: &Election, now: Instant) {
        self.role = election.role();
        self.holder = election.holder().map(str::to_owned);
        self.why_not_leading = election.why_not_leading(now);
        self.failing = election.failing().cloned();
        self.watching = election.is_watching();
        self.record_age_and_duration = election.record_age_and_duration(now);
    }
}
