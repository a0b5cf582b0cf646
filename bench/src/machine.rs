//! The machine that is measured on, and whether it does anything else.

use std::fs;
use std::thread::{self, available_parallelism};
use std::time::Duration;

use anyhow::{Context, Result};

/// What other programs may take of it.
const QUIET: f64 = 0.1;
const LOOK: Duration = Duration::from_secs(4);
const LOOKS: usize = 15;

/// Its processor, cores and kernel, in words.
pub(crate) fn name() -> Result<String> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let model = processors.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        (field.trim() == "model name").then(|| value.trim())
    });
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let model = model.unwrap_or("a processor without a name");
    let (cores, kernel) = (available_parallelism()?, kernel.trim());
    Ok(format!("{model}, {cores} cores, Linux {kernel}"))
}

/// Why figures taken now would not be those of a quiet machine, if so. What it did before is over soon, as a build is
/// that has made the candidates: it looks for up to a minute.
pub(crate) fn why_not_quiet() -> Result<Option<String>> {
    let mut busy = 1.0;
    for _ in 0..LOOKS {
        busy = busy_share()?;
        if busy <= QUIET {
            return Ok(None);
        }
    }
    Ok(Some(format!(
        "the machine has other work, which takes {:.0} % of it and not at most {:.0} %",
        100.0 * busy,
        100.0 * QUIET
    )))
}

/// Of all its cores, in the time of a look.
fn busy_share() -> Result<f64> {
    let (before, idle_before) = ticks()?;
    thread::sleep(LOOK);
    let (after, idle_after) = ticks()?;
    let all = after - before;
    Ok(1.0 - (idle_after - idle_before) / all.max(1.0))
}

/// Those of all cores, and the idle ones among them.
fn ticks() -> Result<(f64, f64)> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("a line for all cores")?;
    let ticks = line.split_whitespace().skip(1).map(str::parse);
    let ticks: Vec<f64> = ticks.collect::<Result<_, _>>()?;
    // user, nice, system, idle, iowait, …; a guest's are in the first two.
    let (all, idle) = (
        ticks.iter().take(8).sum(),
        ticks.iter().skip(3).take(2).sum(),
    );
    Ok((all, idle))
}
