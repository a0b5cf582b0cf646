//! What `footprint` has measured of many elections in one process, as figures of one of them.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::peers::Candidate;
use crate::program;
use crate::results::{Figure, Measure};
use crate::used::Used;

pub(crate) const MEASURES: [Measure; 5] = [
    Measure::Answer,
    Measure::FurtherMemory,
    Measure::FurtherCpu,
    Measure::FurtherStandbyMemory,
    Measure::FurtherStandbyCpu,
];

const TO_START: Duration = Duration::from_secs(120);

/// Runs the program of `candidate` that has `count` elections, for `time` leading and for `time` standing by.
pub(crate) fn measure(candidate: &Candidate, count: usize, time: Duration) -> Result<[Figure; 5]> {
    let program = candidate.footprint.as_ref().context("no such program")?;
    let mut command = leasehold_tests::command(program);
    command
        .args(["--json", "--elections", &count.to_string()])
        .args(["--seconds", &time.as_secs().to_string()])
        .stdin(Stdio::null());
    // Besides leading and standing by, they start and stop.
    let lines = program::lines(&mut command, 2 * time + TO_START)?;
    figures(&lines, count)
}

/// `lines` are what `footprint --json` has printed of `count` elections.
fn figures(lines: &[String], count: usize) -> Result<[Figure; 5]> {
    let used: Vec<Used> = lines
        .iter()
        .map(|line| serde_json::from_str(line))
        .collect::<Result<_, _>>()?;
    let [leader, standby] = <[Used; 2]>::try_from(used).ok().context("two lines")?;
    let each = f64::from(u32::try_from(count)?);
    let of_many = |number| Figure::one(number).with_note(Some(format!("of {count}")));
    Ok([
        Figure::one(leader.answer_nanos / 1e9),
        of_many(1024.0 * leader.kibibytes_each),
        of_many(leader.cpu_percent / each),
        of_many(1024.0 * standby.kibibytes_each),
        of_many(standby.cpu_percent / each),
    ])
}
