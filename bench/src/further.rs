//! What `footprint` has measured of many elections in one process, as figures of one of them.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::results::{Figure, Measure};
use crate::used::Used;

pub(crate) const MEASURES: [Measure; 5] = [
    Measure::Answer,
    Measure::FurtherMemory,
    Measure::FurtherCpu,
    Measure::FurtherStandbyMemory,
    Measure::FurtherStandbyCpu,
];

/// `lines` are what `footprint --json` has printed of `count` elections.
pub(crate) fn figures(lines: &str, count: usize) -> Result<BTreeMap<Measure, Figure>> {
    let used: Vec<Used> = lines
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let [leader, standby] = <[Used; 2]>::try_from(used).ok().context("two lines")?;
    let each = f64::from(u32::try_from(count)?);
    let of_many = |number| Figure::one(number).with_note(Some(format!("of {count}")));
    Ok(BTreeMap::from([
        (Measure::Answer, Figure::one(leader.answer_nanos / 1e9)),
        (
            Measure::FurtherMemory,
            of_many(1024.0 * leader.kibibytes_each),
        ),
        (Measure::FurtherCpu, of_many(leader.cpu_percent / each)),
        (
            Measure::FurtherStandbyMemory,
            of_many(1024.0 * standby.kibibytes_each),
        ),
        (
            Measure::FurtherStandbyCpu,
            of_many(standby.cpu_percent / each),
        ),
    ]))
}
