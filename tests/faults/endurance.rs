//! Runs each fault, as often as is wanted, and keeps the figures.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use std::{env, fs};

use anyhow::Result;
use leasehold_tests::{Testbed, Verdict, command_under_test};

/// How often each fault happens.
const RUNS: &str = "LEASEHOLD_FAULT_RUNS";

/// A cluster of the test's own, whose servers it may break.
pub(crate) fn own_testbed() -> Testbed {
    let candidate = command_under_test(env!("CARGO_BIN_EXE_candidate"));
    Testbed::start(&candidate).expect("a cluster")
}

/// One cluster for all tests that leave its servers alone; it ends with the test program.
pub(crate) fn testbed() -> &'static Testbed {
    static TESTBED: OnceLock<Testbed> = OnceLock::new();
    TESTBED.get_or_init(own_testbed)
}

/// The candidates of each `trial` endure `fault` without two of them ever leading at one instant.
pub(crate) fn endure(fault: &'static str, trial: impl Fn() -> Result<Verdict>) {
    let runs = env::var(RUNS).map_or(1, |runs| runs.parse().expect("a number of runs"));
    for _ in 0..runs {
        let verdict = trial().unwrap();
        keep(fault, verdict).unwrap();
        verdict.ensure_one_leader().unwrap();
    }
}

fn keep(fault: &'static str, verdict: Verdict) -> Result<()> {
    static FIGURES: Mutex<BTreeMap<&str, Verdict>> = Mutex::new(BTreeMap::new());
    let mut figures = FIGURES.lock().unwrap_or_else(PoisonError::into_inner);
    let sum = figures.entry(fault).or_default();
    *sum = sum.and(verdict);
    let rows: String = figures.iter().map(row).collect();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults.md");
    Ok(fs::write(file, format!("{HEAD}{rows}"))?)
}

const HEAD: &str = "\
| fault | runs | overlaps | smallest margin | longest without a leader | … after the fault was over |
| --- | ---: | ---: | ---: | ---: | ---: |
";

fn row((fault, verdict): (&&str, &Verdict)) -> String {
    let seconds = |time: Option<Duration>| match time {
        Some(time) => format!("{:.3} s", time.as_secs_f64()),
        None => "–".to_owned(),
    };
    format!(
        "| {fault} | {} | {} | {} | {} | {} |\n",
        verdict.runs,
        verdict.overlaps,
        seconds(verdict.smallest_margin),
        seconds(verdict.longest_gap),
        seconds(verdict.longest_recovery),
    )
}
