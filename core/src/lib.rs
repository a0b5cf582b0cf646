//! Leader election on Kubernetes Leases, inside your process.
//!
//! ```no_run
//! # fn main() -> leasehold::Result<()> {
//! let election = leasehold::Config::new("monolith-jobs").start()?;
//! if election.is_leader() {
//!     // This instance, and no other, runs the scheduled job.
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Start from [`Config`] and [`LeaderElection`]. A [`Term`] is one uninterrupted leadership and
//! carries a fencing token; [`Event`]s tell of its beginning and its end. All elections of a process
//! share one background thread, so none of this needs an async runtime of yours. [`Locks`] are for one
//! piece of work each. An [`Observer`] looks at a Lease and takes no part.
//!
//! The modules below are for a store of your own, and for tests against one in memory.

#[doc(hidden)]
pub mod bindings;
pub mod clock;
mod config;
mod election;
mod elector;
mod error;
mod events;
mod firings;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod identity;
mod leader_election;
mod leadership;
pub mod lease_record;
pub mod lease_store;
mod listeners;
mod locks;
mod metrics;
mod named;
mod observer;
mod open;
#[doc(hidden)]
pub mod proof_of_death;
mod run_once;
mod runtime;
mod shared;
mod signs;
mod status;
mod system;
mod validation;
#[doc(hidden)]
pub mod vocabulary;

pub use config::defaults::*;
pub use config::{Config, Mode, ProofOfDeath};
pub use election::{LeaseSnapshot, LeaseState, LostReason, Role};
pub use error::{Error, ErrorKind, Result};
pub use events::{Event, EventKind, Loss, Registration, SingletonService, Subscription};
pub use leader_election::LeaderElection;
pub use leadership::Term;
pub use lease_record::Acquisition;
#[doc(hidden)]
pub use locks::SimulatedLock;
pub use locks::{HeldLock, LockRequest, Locks};
pub use observer::{LeaseSnapshots, Observer};
pub use run_once::{MOST_ATTEMPTS, RunOnceError};
pub use status::Status;
