//! What a process had over its life, and whether that has grown.

use std::fmt;

use anyhow::Result;

use crate::Usage;

const MIB: u64 = 1 << 20;

/// With fewer samples, what is seen is how a process starts.
const ENOUGH: usize = 40;

/// What is looked at.
const KINDS: [Kind; 3] = [
    Kind {
        name: "memory",
        of: |sample| sample.memory,
        allowance: |before| before / 10 + 2 * MIB,
        unit: MIB,
    },
    Kind {
        name: "threads",
        of: |sample| sample.threads,
        allowance: |_| 2,
        unit: 1,
    },
    Kind {
        name: "descriptors",
        of: |sample| sample.descriptors,
        allowance: |_| 2,
        unit: 1,
    },
];

struct Kind {
    name: &'static str,
    of: fn(&Sample) -> u64,
    /// By how much more than this it may be.
    allowance: fn(u64) -> u64,
    /// In which people read it.
    unit: u64,
}

/// What it had at one moment.
#[derive(Clone, Copy, Debug)]
struct Sample {
    memory: u64,
    threads: u64,
    descriptors: u64,
}

/// What a process had, from its start to its end.
#[derive(Clone, Debug, Default)]
pub struct Series(Vec<Sample>);

impl Series {
    /// Looks at it once more.
    pub fn look_at(&mut self, process: &Usage) -> Result<()> {
        self.0.push(Sample {
            memory: process.memory()?,
            threads: process.threads()?,
            descriptors: process.descriptors()?,
        });
        Ok(())
    }

    /// What has grown: the median of the last quarter is above that of the second by more than is allowed.
    /// The first quarter is left out, in which a process warms up.
    pub fn growth(&self) -> Result<Vec<String>, String> {
        let count = self.0.len();
        if count < ENOUGH {
            return Err(format!("only {count} samples, of {ENOUGH} that are needed"));
        }
        let grown = KINDS.iter().filter_map(|kind| {
            let (before, after) = (self.median(kind, 1), self.median(kind, 3));
            let is_grown = after > before + (kind.allowance)(before);
            is_grown.then(|| {
                let shown = |value| kind.shown(value);
                format!("{} from {} to {}", kind.name, shown(before), shown(after))
            })
        });
        Ok(grown.collect())
    }

    /// In this quarter, of which the first is 0.
    fn median(&self, kind: &Kind, quarter: usize) -> u64 {
        let count = self.0.len();
        let quarter = &self.0[quarter * count / 4..(quarter + 1) * count / 4];
        let mut values: Vec<_> = quarter.iter().map(kind.of).collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied().unwrap_or_default()
    }
}

impl Kind {
    fn shown(&self, value: u64) -> String {
        if self.unit == 1 {
            return value.to_string();
        }
        format!(
            "{}.{} MiB",
            value / self.unit,
            value % self.unit * 10 / self.unit
        )
    }
}

/// What it had at last.
impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.0.last();
        let shown = KINDS.iter().filter_map(|kind| {
            let value = (kind.of)(last?);
            Some(format!("{} {}", kind.name, kind.shown(value)))
        });
        f.write_str(&shown.collect::<Vec<_>>().join(", "))
    }
}

/// What became of a process.
#[derive(Debug)]
pub struct Life {
    /// Whose it was.
    pub name: String,
    /// What it did.
    pub did: String,
    /// What it had meanwhile.
    pub series: Series,
    /// Why it did not do all that it should, if so.
    pub failure: Option<String>,
}

impl Life {
    /// The first lines of a table of them.
    pub const HEAD: &'static str = "| process | did | | at the start | second quarter | last quarter | at the end |\n\
         | --- | --- | --- | ---: | ---: | ---: | ---: |";

    /// Its lines of the table: medians of quarters, and single values.
    pub fn rows(&self) -> String {
        let samples = &self.series.0;
        let Some((first, last)) = samples.first().zip(samples.last()) else {
            return format!("| {} | {} | | | | | |\n", self.name, self.did);
        };
        let rows = KINDS.iter().map(|kind| {
            let of_quarter = |quarter| self.series.median(kind, quarter);
            let values = [
                (kind.of)(first),
                of_quarter(1),
                of_quarter(3),
                (kind.of)(last),
            ];
            let cells = values.map(|value| kind.shown(value)).join(" | ");
            format!(
                "| {} | {} | {} | {cells} |\n",
                self.name, self.did, kind.name
            )
        });
        rows.collect()
    }

    /// Fails if it has failed, or something has grown.
    pub fn verdict(&self) -> Result<(), String> {
        let Self { name, did, .. } = self;
        if let Some(failure) = &self.failure {
            return Err(format!("{name}, {did}: {failure}"));
        }
        let grown = self.series.growth();
        let grown = grown.map_err(|why| format!("{name}, {did}: {why}"))?;
        if grown.is_empty() {
            return Ok(());
        }
        Err(format!("{name}, {did}: {}", grown.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(sample: impl Fn(u64) -> Sample) -> Series {
        Series((0..400).map(sample).collect())
    }

    const STEADY: Sample = Sample {
        memory: 50 * MIB,
        threads: 5,
        descriptors: 20,
    };

    #[test]
    fn what_is_higher_only_while_it_warms_up_or_now_and_then_has_not_grown() {
        let warm = series(|at| Sample {
            memory: 50 * MIB + at.min(90) * MIB,
            threads: if at % 3 == 0 { 50 } else { 5 },
            ..STEADY
        });
        assert_eq!(warm.growth(), Ok(vec![]));
    }

    #[test]
    fn each_kind_of_growth_is_named() {
        let grown = |sample: fn(u64) -> Sample| series(sample).growth().unwrap().join(", ");
        let memory = grown(|at| Sample {
            memory: (50 << 20) + (at << 16),
            ..STEADY
        });
        assert_eq!(memory, "memory from 59.3 MiB to 71.8 MiB");
        let threads = grown(|at| Sample {
            threads: 5 + at / 50,
            ..STEADY
        });
        assert_eq!(threads, "threads from 8 to 12");
        let descriptors = grown(|at| Sample {
            descriptors: 20 + at / 50,
            ..STEADY
        });
        assert_eq!(descriptors, "descriptors from 23 to 27");
    }

    #[test]
    fn a_short_life_shows_nothing() {
        let short = Series(vec![STEADY; ENOUGH - 1]);
        assert!(short.growth().is_err());
    }
}
