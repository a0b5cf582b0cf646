//! The machine that is measured on, and whether it does anything else.

use std::fs;
use std::thread::available_parallelism;

use anyhow::{Context, Result};

/// How many programs may want to run beside ours, on average over a minute.
const QUIET: f64 = 0.5;

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

/// Why figures taken now would not be those of a quiet machine, if so.
pub(crate) fn why_not_quiet() -> Result<Option<String>> {
    let load = fs::read_to_string("/proc/loadavg")?;
    let load: f64 = load.split(' ').next().context("a load")?.parse()?;
    Ok((load > QUIET)
        .then(|| format!("the machine has other work: its load is {load}, not below {QUIET}")))
}
