//! Times as JavaScript has them, in milliseconds.

use std::time::Duration;

/// So many milliseconds, of which there may be infinitely many. The package has refused what is no time.
pub(crate) fn duration(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1e3).unwrap_or(Duration::MAX)
}

/// What is left of a time, as JavaScript has it: without a tail of digits, and never too long.
pub(crate) fn whole_milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e3).floor()
}
