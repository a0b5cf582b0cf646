//! What an election reports: terms, their ends, and what else has happened.

use crate::clock::WallTime;
use crate::error::Error;
use crate::lease_record::{Acquisition, ResourceVersion};
use crate::named::named;

/// One uninterrupted leadership, as the election knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TermRecord {
    /// Counts the terms of this election; the first is 1.
    pub number: u64,
    /// The resource version of the write that won the term.
    pub fencing_token: ResourceVersion,
    /// The Lease's own count of acquisitions. Starts again from zero with a new Lease object.
    pub transitions: i32,
    /// The UID of the Lease object.
    pub uid: String,
    /// When the winning write was made, by this machine's wall clock. For display.
    pub acquired_at: WallTime,
    /// How it came about.
    pub acquisition: Acquisition,
}

named! {
    /// Why a term ended.
    pub enum LostReason {
        /// No renewal succeeded within the renew deadline.
        Expired = "expired",
        /// Another holder, or another write under the same holder, is in the Lease.
        Superseded = "superseded",
        /// Another process writes under this candidate's identity.
        IdentityConflict = "identity_conflict",
        /// Somebody emptied the holder.
        Emptied = "emptied",
        /// Somebody deleted the Lease.
        Deleted = "deleted",
        /// The work has gone on for as long as the application has set for it.
        LimitReached = "limit_reached",
        /// The application called `step_down`.
        SteppedDown = "stepped_down",
        /// The application stopped the election, or its process ends in order.
        Stopped = "stopped",
        /// The host runtime showed no sign of life for the stall timeout.
        Stalled = "stalled",
        /// The clock went backwards, or belongs to another boot.
        ClockFault = "clock_fault",
    }
}

/// What happened, in the order it happened.
#[derive(Clone, Debug)]
pub(crate) enum ElectionEvent {
    /// A term began.
    Acquired(TermRecord),
    /// The term ended: guarded work must stop. Each acquired term is lost exactly once.
    Lost(TermRecord, LostReason),
    /// The work of a term that ended in order has not stopped in time: the Lease is not released.
    LeftToExpire(TermRecord),
    /// The Lease names another holder, or none.
    LeaderChanged(Option<String>),
    /// Requests fail, so this candidate cannot acquire or renew. Reported once for each new error.
    RenewalFailing(Error),
    /// The Lease is wanted in vain: somebody holds it, or requests fail.
    Declined(Option<Error>),
    /// What was wanted for one piece of work is no longer held; whether it is known that the Lease
    /// was released.
    GivenBack(bool),
    /// The election has ended and nothing more will happen.
    Stopped,
}
