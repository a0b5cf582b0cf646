//! What an election tells: terms, their ends, and how it stands.

use std::fmt;
use std::time::Duration;

use crate::clock::{Instant, WallTime};
use crate::error::Error;
use crate::lease_record::ResourceVersion;

/// One uninterrupted leadership, as the election knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermRecord {
    /// Counts the terms of this election; the first is 1.
    pub number: u64,
    /// The resource version of the write that won the term.
    pub fencing_token: ResourceVersion,
    /// The Lease's own count of acquisitions. Starts anew with a new Lease object.
    pub transitions: i32,
    /// The UID of the Lease object.
    pub uid: String,
    /// When the winning write was made, by this machine's wall clock. For display.
    pub acquired_at: WallTime,
}

/// Why a term ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LostReason {
    /// No renewal succeeded within the renew deadline.
    Expired,
    /// Another holder, or another write under the same holder, stands in the Lease.
    Superseded,
    /// Another process writes under this candidate's identity.
    IdentityConflict,
    /// Somebody emptied the holder.
    Emptied,
    /// Somebody deleted the Lease.
    Deleted,
    /// The application called `step_down`.
    SteppedDown,
    /// The application stopped the election.
    Stopped,
    /// The host runtime showed no sign of life for the stall timeout.
    Stalled,
    /// The clock went backwards, or belongs to another boot.
    ClockFault,
}

impl LostReason {
    /// The name used in logs, metrics and every binding.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::IdentityConflict => "identity_conflict",
            Self::Emptied => "emptied",
            Self::Deleted => "deleted",
            Self::SteppedDown => "stepped_down",
            Self::Stopped => "stopped",
            Self::Stalled => "stalled",
            Self::ClockFault => "clock_fault",
        }
    }
}

impl fmt::Display for LostReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What happened, in the order it happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A term began.
    Acquired(TermRecord),
    /// The term ended: guarded work must stop. Each acquired term is lost exactly once.
    Lost(TermRecord, LostReason),
    /// The Lease names another holder, or none.
    LeaderChanged(Option<String>),
    /// Requests fail, so this candidate cannot acquire or renew. Told once for each new error.
    RenewalFailing(Error),
    /// The election has ended and nothing more will happen.
    Stopped,
}

/// What this candidate is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Follows the Lease and acquires it when it becomes free.
    Candidate,
    /// Entitled to act.
    Leader,
    /// No longer the leader; renews until the application's work has stopped.
    Draining,
    /// The work has stopped; the Lease is being given back.
    Releasing,
    /// Not campaigning, because the host runtime shows no sign of life.
    Stalled,
    /// Stopped for good.
    Stopped,
}

impl Role {
    /// The name used in logs, metrics and every binding.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Leader => "leader",
            Self::Draining => "draining",
            Self::Releasing => "releasing",
            Self::Stalled => "stalled",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How an election stands at one instant.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What this candidate is doing.
    pub role: Role,
    /// The holder that the Lease names, as last observed.
    pub holder: Option<String>,
    /// Why this candidate is not leading, for people; `None` while it leads.
    pub why_not_leading: Option<String>,
    /// The last request's error, until one succeeds again.
    pub failing: Option<Error>,
    /// Whether changes of the Lease are watched; otherwise they are polled.
    pub watching: bool,
    /// When the Lease may be acquired unless it changes before.
    pub free_at: Option<Instant>,
    /// How long the record has been unchanged.
    pub record_age: Option<Duration>,
    /// The lease duration that others have to wait, from the record.
    pub record_duration: Option<Duration>,
}
