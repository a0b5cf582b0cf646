//! Candidates as processes, what is done to them, and who led when.

mod candidate;
mod form;
mod go_candidate;
mod intervals;
mod log;
mod process;
mod sidecar;
mod testbed;
mod timeline;
mod trial;
mod usage;
mod verdict;
mod witness;

pub use candidate::{CandidateProcess, Timing, with_proofs, with_proofs_in};
pub use go_candidate::go_candidate;
pub(crate) use intervals::Intervals;
pub use log::Log;
pub use process::{Line, Process, command, command_under_test, pause};
pub use sidecar::{Sidecar, SidecarAnswer};
pub use testbed::Testbed;
pub use timeline::{Answer, Moment, TermInterval, Timeline, now};
pub use trial::{Entrant, LIMIT, Trial};
pub use usage::Usage;
pub use verdict::Verdict;
