//! Leader election on Kubernetes Leases, inside your process.

pub mod clock;
mod config;
pub mod election;
mod elector;
mod error;
mod events;
mod identity;
mod leader_election;
mod leadership;
pub mod lease_record;
pub mod lease_store;
mod listeners;
mod logging;
mod metrics;
mod names;
mod runtime;
mod shared;

pub use config::{
    Config, DEFAULT_CANDIDATES, DEFAULT_DRAIN_TIMEOUT, DEFAULT_LEASE_DURATION,
    DEFAULT_RENEW_DEADLINE, DEFAULT_RETRY_PERIOD, DEFAULT_STALL_TIMEOUT, Mode,
};
pub use election::{LostReason, Role};
pub use error::{Error, ErrorKind, Result};
pub use events::{Event, Loss, Registration, SingletonService, Subscription};
pub use leader_election::{LeaderElection, Status};
pub use leadership::Term;
pub use logging::{LogLevel, LogRecord, set_log_sink};
