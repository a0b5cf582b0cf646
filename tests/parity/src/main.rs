//! `cargo run -p leasehold-parity`: says what differs, and fails if anything does that should not.

use std::process::ExitCode;

use anyhow::Result;
use leasehold_parity::{Sources, findings};

fn main() -> Result<ExitCode> {
    let findings = findings(&Sources::of_checkout()?)?;
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("\ndifferences: {}", findings.len());
    Ok(ExitCode::FAILURE)
}
