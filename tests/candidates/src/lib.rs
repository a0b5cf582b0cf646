//! Runs candidates as processes of their own and judges, on one clock, what they say.
//!
//! A candidate is a program in any language that keeps this contract:
//! `candidate LEASE IDENTITY LEASE_S RENEW_S RETRY_S`, with `KUBECONFIG` in the environment or a
//! service account, takes part in the election for the Lease in the namespace that these name. It
//! asks itself each millisecond whether it leads, and prints `READY <ns>` once, then `LEADER <ns>`
//! or `FOLLOWER <ns>` at each change of the answer (`CLOCK_MONOTONIC`, flushed). It releases the
//! Lease on SIGTERM. What it writes to its standard error is for people.

mod arena;
mod candidate;
mod go_candidate;
mod log;
mod timeline;
mod trial;
mod verdict;

pub use arena::Arena;
pub use candidate::{Candidate, Timing};
pub use go_candidate::go_candidate;
pub use log::Log;
pub use timeline::{Answer, Moment, Reign, Timeline, now};
pub use trial::{LIMIT, Trial};
pub use verdict::Verdict;
