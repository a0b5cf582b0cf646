//! The first program: a job that runs on one of the instances.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let stopped = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, stopped.clone())?;
    let election = leasehold::Config::new("monolith-jobs").start()?;
    while !stopped.load(Ordering::Relaxed) {
        // Runs on one replica only. The Lease is not given to another before it returns.
        election.run_if_leader(|term| println!("the job, under token {}", term.fencing_token()));
        thread::sleep(Duration::from_secs(1));
    }
    Ok(election.stop()?)
}
