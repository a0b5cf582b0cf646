//! What a process with many elections has used.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A line that `footprint` prints.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Used {
    /// Of a core, by all elections.
    pub(crate) cpu_percent: f64,
    pub(crate) wakes_per_second: f64,
    pub(crate) kibibytes_each: f64,
    pub(crate) answer_nanos: f64,
}

impl fmt::Display for Used {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cpu_percent,
            wakes_per_second,
            kibibytes_each,
            answer_nanos,
        } = self;
        write!(
            f,
            "{cpu_percent:6.2} % of a core   {wakes_per_second:8.1} wake-ups/s   {kibibytes_each:6.1} KiB each   \
             is_leader() {answer_nanos:4.1} ns"
        )
    }
}
