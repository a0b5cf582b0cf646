//! One candidate, by five arguments.

use std::io::{Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use leasehold::Config;
use leasehold_tests::now;
use signal_hook::consts::{SIGTERM, SIGUSR1, SIGUSR2};

use crate::reasons::Reasons;
use crate::sampler::{PERIOD, Sampler};

pub(crate) fn take_part(arguments: &[String; 5]) -> Result<()> {
    let [
        lease,
        identity,
        lease_duration,
        renew_deadline,
        retry_period,
    ] = arguments;
    let settings = [
        ("lease", lease),
        ("identity", identity),
        ("lease_duration", lease_duration),
        ("renew_deadline", renew_deadline),
        ("retry_period", retry_period),
    ];
    let renew_deadline = Duration::try_from_secs_f64(renew_deadline.parse()?)?;
    let terminated = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGTERM, terminated.clone())?;
    let crashed = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGUSR1, crashed.clone())?;
    let is_greedy = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGUSR2, is_greedy.clone())?;
    let config = settings
        .iter()
        .try_fold(Config::from_env(), |config, (name, value)| {
            config.set(name, value)
        })?;
    let election = config.start()?;
    say("READY", now())?;
    let mut sampler = Sampler::new(renew_deadline);
    let mut reasons = Reasons::default();
    let mut is_stopping = false;
    while !is_stopping || sampler.was_leader {
        if terminated.load(Ordering::Relaxed) && !is_stopping {
            election.request_stop()?;
            is_stopping = true;
        }
        if crashed.load(Ordering::Relaxed) {
            // As a program does that finds itself in a state that it does not know.
            std::process::exit(1);
        }
        if is_greedy.load(Ordering::Relaxed) {
            use_all_memory();
        }
        if let Some((is_leader, moment)) = sampler.sample(&election)? {
            say(if is_leader { "LEADER" } else { "FOLLOWER" }, moment)?;
        }
        reasons.look_at(&election);
        thread::sleep(*PERIOD);
    }
    Ok(election.stop()?)
}

/// The kernel ends it.
fn use_all_memory() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![1_u8; 1 << 20]);
    }
}

fn say(what: &str, moment: u64) -> Result<()> {
    let mut stdout = stdout().lock();
    writeln!(stdout, "{what} {moment}")?;
    Ok(stdout.flush()?)
}
