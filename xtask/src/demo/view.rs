//! What the demo shows: what happened, and below it, redrawn on a terminal, how things stand.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use console::{Term, style};
use serde_json::Value;

use super::candidate::Report;

/// How often the view is redrawn.
pub(crate) const REFRESH: Duration = Duration::from_millis(100);

pub(crate) struct View {
    terminal: Term,
    started: Instant,
    drawn_at: Instant,
    candidates: BTreeMap<String, Option<Report>>,
    /// Reads the Lease, where it can be shown.
    lease: Option<Box<dyn Fn() -> Option<Value>>>,
    /// How many lines of the view stand on the terminal.
    drawn: usize,
}

impl View {
    pub(crate) fn new(place: &str) -> Self {
        let view = Self {
            terminal: Term::stdout(),
            started: Instant::now(),
            drawn_at: Instant::now(),
            candidates: BTreeMap::new(),
            lease: None,
            drawn: 0,
        };
        view.write(&format!(
            "{} through {place}",
            style("Electing a leader").bold()
        ));
        view
    }

    pub(crate) fn show_lease(&mut self, read: impl Fn() -> Option<Value> + 'static) {
        self.lease = Some(Box::new(read));
    }

    pub(crate) fn add(&mut self, identity: &str) {
        self.candidates.insert(identity.to_owned(), None);
    }

    /// Adds a line to what happened.
    pub(crate) fn tell(&mut self, what: impl AsRef<str>) {
        self.erase();
        let time = format!("{:>6.1} s", self.started.elapsed().as_secs_f64());
        self.write(&format!("{}  {}", style(time).dim(), what.as_ref()));
        self.draw();
    }

    /// Takes note of a report, and redraws.
    pub(crate) fn update(&mut self, report: Option<&Report>) {
        if let Some(report) = report {
            self.candidates
                .insert(report.identity.clone(), Some(report.clone()));
        }
        if report.is_some() || self.drawn_at.elapsed() >= REFRESH {
            self.erase();
            self.draw();
        }
    }

    /// Leaves what happened on the terminal, and nothing else.
    pub(crate) fn close(&mut self) {
        self.erase();
    }

    fn draw(&mut self) {
        self.drawn_at = Instant::now();
        if !self.terminal.is_term() {
            return;
        }
        let mut lines = vec![String::new()];
        lines.extend(
            self.candidates
                .iter()
                .map(|(identity, report)| row(identity, report.as_ref())),
        );
        if let Some(lease) = self.lease.as_ref().and_then(|read| read()) {
            lines.push(String::new());
            lines.push(lease_row(&lease));
        }
        for line in &lines {
            self.write(line);
        }
        self.drawn = lines.len();
    }

    fn erase(&mut self) {
        // A terminal that refuses is one that nobody sees.
        let _ = self
            .terminal
            .clear_last_lines(std::mem::take(&mut self.drawn));
    }

    fn write(&self, line: &str) {
        let _ = self.terminal.write_line(line);
    }
}

fn row(identity: &str, report: Option<&Report>) -> String {
    let Some(report) = report else {
        return format!("  {identity}  {}", style("starting").dim());
    };
    match (report.fencing_token, report.transitions) {
        (Some(token), Some(transitions)) => format!(
            "  {identity}  {}  fencing token {token}, transition {transitions} of the Lease",
            style("● leader").green().bold(),
        ),
        _ => format!(
            "  {identity}  {}",
            style(format!("○ {}", report.role)).dim()
        ),
    }
}

fn lease_row(lease: &Value) -> String {
    let field = |pointer| {
        lease
            .pointer(pointer)
            .map_or_else(|| "-".to_owned(), readable_value)
    };
    format!(
        "  Lease {}: holder {}, renewed {}, transitions {}, version {}",
        field("/metadata/name"),
        field("/spec/holderIdentity"),
        field("/spec/renewTime"),
        field("/spec/leaseTransitions"),
        field("/metadata/resourceVersion"),
    )
}

fn readable_value(value: &Value) -> String {
    match value.as_str() {
        Some("") => "(nobody)".to_owned(),
        Some(text) => text.to_owned(),
        None => value.to_string(),
    }
}

/// A duration with as many digits as matter.
pub(crate) fn readable(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{:.1} ms", duration.as_secs_f64() * 1e3)
    } else {
        format!("{:.2} s", duration.as_secs_f64())
    }
}
