//! What an election tells: terms, their ends, and how it stands.

use std::time::Duration;

use crate::clock::{Instant, WallTime};
use crate::error::Error;
use crate::lease_record::ResourceVersion;
use crate::named::named;

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

named! {
    /// Why a term ended.
    pub enum LostReason {
        /// No renewal succeeded within the renew deadline.
        Expired = "expired",
        /// Another holder, or another write under the same holder, stands in the Lease.
        Superseded = "superseded",
        /// Another process writes under this candidate's identity.
        IdentityConflict = "identity_conflict",
        /// Somebody emptied the holder.
        Emptied = "emptied",
        /// Somebody deleted the Lease.
        Deleted = "deleted",
        /// The application called `step_down`.
        SteppedDown = "stepped_down",
        /// The application stopped the election.
        Stopped = "stopped",
        /// The host runtime showed no sign of life for the stall timeout.
        Stalled = "stalled",
        /// The clock went backwards, or belongs to another boot.
        ClockFault = "clock_fault",
    }
}

/// What happened, in the order it happened.
#[derive(Clone, Debug)]
pub enum ElectionEvent {
    /// A term began.
    Acquired(TermRecord),
    /// The term ended: guarded work must stop. Each acquired term is lost exactly once.
    Lost(TermRecord, LostReason),
    /// The work of a term that ended in order has not stopped in time: the Lease is not released.
    LeftToExpire(TermRecord),
    /// The Lease names another holder, or none.
    LeaderChanged(Option<String>),
    /// Requests fail, so this candidate cannot acquire or renew. Told once for each new error.
    RenewalFailing(Error),
    /// The election has ended and nothing more will happen.
    Stopped,
}

named! {
    /// What this candidate is doing.
    pub enum Role {
        /// Follows the Lease and acquires it when it becomes free.
        Candidate = "candidate",
        /// Entitled to act.
        Leader = "leader",
        /// No longer the leader; renews until the application's work has stopped.
        Draining = "draining",
        /// The work has stopped; the Lease is being given back.
        Releasing = "releasing",
        /// Not campaigning, because the host runtime shows no sign of life.
        Stalled = "stalled",
        /// Stopped for good.
        Stopped = "stopped",
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

impl Standing {
    /// A candidate that knows nothing of the Lease, and why it does not lead.
    pub(crate) fn of_candidate(why_not_leading: &str) -> Self {
        Self {
            role: Role::Candidate,
            holder: None,
            why_not_leading: Some(why_not_leading.to_owned()),
            failing: None,
            watching: false,
            free_at: None,
            record_age: None,
            record_duration: None,
        }
    }
}
