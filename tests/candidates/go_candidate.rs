//! The candidate that elects with client-go.

use anyhow::{Context, Result};
use leasehold_test_cluster::binaries;

const MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/candidates/go");

/// Builds the candidate of `tests/candidates/go`, once for each state of its source, and returns
/// its program and first arguments. It leads while client-go's `IsLeader()` says so; with a further
/// argument, `-callbacks`, from `OnStartedLeading` to `OnStoppedLeading`.
pub fn go_candidate() -> Result<Vec<String>> {
    let program = binaries::go_program("client-go-candidate", MODULE)?;
    let program = program.to_str().context("a path in UTF-8")?;
    Ok(vec![program.to_owned()])
}
