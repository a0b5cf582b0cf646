//! Figures of faults, as rows of a table in Markdown.

use std::time::Duration;

use crate::candidates::Verdict;

/// The columns of [`cells`], as the end of a table's head.
pub const HEAD: &str =
    " runs | overlaps | smallest margin | longest without a leader | … after the fault was over |";

/// Below each of them.
pub const RULE: &str = " ---: | ---: | ---: | ---: | ---: |";

/// The end of a row.
pub fn cells(verdict: &Verdict) -> String {
    let seconds = |time: Option<Duration>| match time {
        Some(time) => format!("{:.3} s", time.as_secs_f64()),
        None => "–".to_owned(),
    };
    format!(
        " {} | {} | {} | {} | {} |",
        verdict.runs,
        verdict.overlaps,
        seconds(verdict.smallest_margin),
        seconds(verdict.longest_gap),
        seconds(verdict.longest_recovery),
    )
}
