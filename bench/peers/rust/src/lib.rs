//! The contract that all candidates keep, which is in `tests/lib.rs`.

use std::env;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::time::{ClockId, clock_gettime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Interval, interval};

/// What a candidate is started with.
pub struct Arguments {
    pub lease: String,
    pub identity: String,
    pub lease_duration: Duration,
    pub renew_deadline: Duration,
    pub retry_period: Duration,
}

impl Arguments {
    pub fn read() -> Result<Self> {
        let usage = "usage: LEASE IDENTITY LEASE_S RENEW_S RETRY_S";
        let words: Vec<_> = env::args().skip(1).collect();
        let [lease, identity, timing @ ..] = &words[..] else {
            anyhow::bail!(usage);
        };
        let timing: Vec<_> = timing
            .iter()
            .map(|word| Ok(Duration::from_secs_f64(word.parse()?)))
            .collect::<Result<_>>()?;
        let [lease_duration, renew_deadline, retry_period] = timing[..] else {
            anyhow::bail!(usage);
        };
        Ok(Self {
            lease: lease.clone(),
            identity: identity.clone(),
            lease_duration,
            renew_deadline,
            retry_period,
        })
    }
}

/// Asks each millisecond whether the candidate leads, and says so, until SIGTERM.
pub struct Sampler {
    ticks: Interval,
    terminated: Signal,
    was_leader: bool,
}

impl Sampler {
    /// Says that the candidate takes part.
    pub fn start() -> Result<Self> {
        let terminated = signal(SignalKind::terminate()).context("a handler of SIGTERM")?;
        let period = env::var("CANDIDATE_PERIOD_MS").ok();
        let period = period.and_then(|it| it.parse().ok()).unwrap_or(1);
        println!("READY {}", now());
        Ok(Self {
            ticks: interval(Duration::from_millis(period)),
            terminated,
            was_leader: false,
        })
    }

    pub async fn sample(mut self, is_leader: impl Fn() -> bool) {
        loop {
            tokio::select! {
                _ = self.terminated.recv() => break,
                _ = self.ticks.tick() => {
                    // The clock first: a pause right after the answer must not make it look younger.
                    let moment = now();
                    self.say(is_leader(), moment);
                }
            }
        }
        // Work stops before the Lease is released.
        self.say(false, now());
    }

    fn say(&mut self, is_leader: bool, moment: i64) {
        if is_leader != self.was_leader {
            self.was_leader = is_leader;
            println!("{} {moment}", if is_leader { "LEADER" } else { "FOLLOWER" });
        }
    }
}

/// `CLOCK_MONOTONIC`, which all processes of a machine share.
fn now() -> i64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}
