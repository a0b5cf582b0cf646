//! The manifests and Dockerfiles of the examples, held to what an API server and Leasehold ask of them.

mod accepted;
mod application;
mod dockerfiles;
mod namespace;
mod pods;
mod rights;
mod signs;
mod stopping;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use leasehold_test_cluster::TestCluster;

/// One API server for all tests; it ends with the test program.
static CLUSTER: LazyLock<TestCluster> =
    LazyLock::new(|| TestCluster::start().expect("a cluster for the tests"));

/// The folder `examples`.
fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
