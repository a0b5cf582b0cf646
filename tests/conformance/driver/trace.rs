//! What was said and done in the course of a case, for those who have to find out why it failed.

use std::fmt;
use std::time::Instant;

/// Everything so far, oldest first.
#[derive(Debug)]
pub(crate) struct Trace {
    began: Instant,
    lines: Vec<String>,
}

impl Trace {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            lines: Vec::new(),
        }
    }

    /// Notes one line; `who` says who spoke, with an arrow to the listener.
    pub(crate) fn note(&mut self, who: &str, what: impl fmt::Display) {
        let seconds = self.began.elapsed().as_secs_f64();
        self.lines.push(format!("{seconds:8.3}  {who:<14} {what}"));
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
