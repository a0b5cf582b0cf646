//! Judges Leasehold from outside: runs programs as processes of their own, does to them what can go
//! wrong, and judges, on one clock, what they say.
//!
//! Each language has one such program, its *agent*. Without arguments it keeps the protocol of
//! [`conformance`]. With five it is one candidate, as client-go's program in `candidates/go` is:
//!
//! `AGENT LEASE IDENTITY LEASE_S RENEW_S RETRY_S`, with `KUBECONFIG` in the environment or a service
//! account, takes part in the election for the Lease in the namespace that these name; further settings
//! are in its environment. It asks itself each millisecond (or as often as `CANDIDATE_PERIOD_MS` says, so that what is measured
//! of a process is not its questions) whether it leads, and prints `READY <ns>`
//! once, then `LEADER <ns>` or `FOLLOWER <ns>` at each change of the answer (`CLOCK_MONOTONIC`,
//! flushed). It releases the Lease on SIGTERM. What it writes to its standard error is for people.
//!
//! `leasehold run -- JOB` and `leasehold serve` are candidates, too, with their own flags. The job writes
//! on a socket, each millisecond, when it runs; beside the sidecar, an application asks over HTTP.
//!
//! # How an answer is sampled
//!
//! The clock is read *before* each answer, and a change is reported with that time. So what is
//! reported contains all answers that were true: the first came after `LEADER`, and the last before
//! the clock was read for the one that was false. A program that is paused after it has read the
//! clock cannot make an answer look younger than it is. One that still answers "yes" although more
//! than the renew deadline has passed since it read the clock for the answer before is at fault,
//! and ends with an error.

mod candidates;
pub mod commands;
pub mod conformance;
pub mod faults;
pub mod pods;
mod region;
pub mod soak;

pub use candidates::{
    Answer, CandidateProcess, Entrant, LIMIT, Line, Log, Moment, Process, Sidecar, SidecarAnswer,
    TermInterval, Testbed, Timeline, Timing, Trial, Usage, Verdict, command, command_under_test,
    go_candidate, now, pause, with_proofs, with_proofs_in,
};
pub use region::with_region;
