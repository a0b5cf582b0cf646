//! A real `kube-apiserver` and `etcd` for Leasehold's tests, and `toxiproxy`
//! to put faults between them and a candidate.
//!
//! ```no_run
//! use leasehold_test_cluster::{TestCluster, User};
//!
//! # fn main() -> leasehold_test_cluster::Result<()> {
//! let cluster = TestCluster::start()?;
//! cluster.grant("monolith-jobs")?;
//! let kubeconfig = cluster.kubeconfig_for(User::Candidate, None)?;
//! # drop(kubeconfig);
//! # Ok(())
//! # }
//! ```
//!
//! Everything blocks; call it from synchronous code or from `spawn_blocking`.
//! Servers end when their handle is dropped, and also when the process that
//! started them ends in any other way, even by SIGKILL.

mod api;
pub mod binaries;
mod cache;
mod certificates;
mod cluster;
mod control_plane;
pub mod detached;
mod go_build;
mod kubeconfig;
mod lifeline;
mod node;
mod other_version;
mod process_id;
mod rbac;
mod server;
mod toxiproxy;

pub use api::{Api, ApiError};
pub use cache::folder as cache_folder;
pub use cluster::{TestCluster, User};
pub use detached::Detached;
pub use kubeconfig::Credentials;
pub use lifeline::Lifeline;
pub use node::{Forward, Image, NodeCluster, left_out, what_is_missing};
pub use other_version::servers_of;
pub use toxiproxy::{Direction, Proxy, ToxiProxy};

/// What goes wrong is for a person to read, hence no error type of its own;
/// only [`ApiError`] can be distinguished.
pub use anyhow::Result;
