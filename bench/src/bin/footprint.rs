//! `footprint COUNT SECONDS`: what COUNT leaderships in one process cost, with `KUBECONFIG`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use leasehold::{Config, LeaderElection, Mode};
use rustix::time::{ClockId, clock_gettime};

const LIMIT: Duration = Duration::from_secs(60);
const ANSWERS: u32 = 20_000_000;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [count, seconds] = arguments.as_slice() else {
        bail!("usage: footprint COUNT SECONDS");
    };
    let (count, seconds): (usize, u64) = (count.parse()?, seconds.parse()?);
    let elections = (0..count)
        .map(|number| {
            let lease = format!("footprint-{number}");
            Config::new(lease)
                .namespace("default")
                .mode(Mode::Kubernetes)
                .start()
        })
        .collect::<leasehold::Result<Vec<_>>>()?;
    for election in &elections {
        election.wait_for_leadership(LIMIT)?;
    }

    let (started, used) = (Instant::now(), cpu_time());
    std::thread::sleep(Duration::from_secs(seconds));
    let share = cpu_time().saturating_sub(used).as_secs_f64() / started.elapsed().as_secs_f64();
    println!("{count} leaderships: {:.2} % of a core", 100.0 * share);
    if !elections.iter().all(LeaderElection::is_leader) {
        bail!("some election was lost meanwhile");
    }

    let election = elections.first().context("at least one election")?;
    let started = Instant::now();
    for _ in 0..ANSWERS {
        black_box(black_box(election).is_leader());
    }
    let nanos = started.elapsed().as_secs_f64() * 1e9 / f64::from(ANSWERS);
    println!("is_leader(): {nanos:.1} ns");
    Ok(())
}

/// The processor time that this process has used.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.cast_unsigned(),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}
