//! What the demo shows on the terminal: what happened, and below it, redrawn, how things stand.

use std::time::{Duration, Instant};

use console::{StyledObject, Term, style};
use leasehold_bench::{Moment, now};
use serde_json::Value;

use super::history::{History, State};

/// How often the view is redrawn.
const REFRESH: Duration = Duration::from_millis(100);
/// Columns for names, and for what is said beside the time line.
const NAME: usize = 18;
const REMARK: usize = 30;
/// The shortest time that a column stands for, in seconds.
const FINEST: f64 = 0.5;

pub(crate) struct View {
    terminal: Term,
    drawn_at: Instant,
    /// How many lines of the view stand on the terminal.
    drawn: usize,
    /// Reads the Lease, where it can be shown.
    lease: Option<Box<dyn Fn() -> Option<Value>>>,
}

impl View {
    pub(crate) fn new(lease: Option<Box<dyn Fn() -> Option<Value>>>) -> Self {
        Self {
            terminal: Term::stdout(),
            drawn_at: Instant::now(),
            drawn: 0,
            lease,
        }
    }

    /// Adds a line to what happened.
    pub(crate) fn tell(&mut self, history: &History, moment: Moment, what: impl AsRef<str>) {
        self.erase();
        let time = format!("{:>6.1} s", history.time(moment).as_secs_f64());
        self.write(&format!("{}  {}", style(time).dim(), what.as_ref()));
        self.draw(history);
    }

    /// Redraws, if it is time to.
    pub(crate) fn update(&mut self, history: &History) {
        if self.drawn_at.elapsed() >= REFRESH {
            self.erase();
            self.draw(history);
        }
    }

    /// Leaves what happened on the terminal, and nothing else.
    pub(crate) fn close(&mut self) {
        self.erase();
    }

    fn draw(&mut self, history: &History) {
        self.drawn_at = Instant::now();
        if !self.terminal.is_term() {
            return;
        }
        let mut lines = vec![String::new()];
        let now = now();
        let columns = usize::from(self.terminal.size().1);
        let columns = columns.saturating_sub(NAME + REMARK).max(10);
        for who in 0..history.candidates.len() {
            let name = history.name(who);
            let (bar, remark) = (bar(history, who, now, columns), remark(history, who));
            lines.push(format!("  {name:<width$}{bar}  {remark}", width = NAME - 2));
        }
        lines.push(String::new());
        lines.push(format!(
            "  {} runs of the job, {} handovers",
            history.runs.len(),
            history.handovers().count()
        ));
        if let Some(lease) = self.lease.as_ref().and_then(|read| read()) {
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

/// The time line of a candidate, from the beginning until now.
fn bar(history: &History, who: usize, now: Moment, columns: usize) -> String {
    let elapsed = history.time(now).as_secs_f64();
    // Columns are few.
    #[expect(clippy::cast_precision_loss)]
    let column = Duration::from_secs_f64((elapsed / columns as f64).max(FINEST));
    let mut bar = String::new();
    let mut time = column / 2;
    for _ in 0..columns {
        let moment = history.began + u64::try_from(time.as_nanos()).unwrap_or(Moment::MAX);
        let cell = if moment > now {
            style(" ")
        } else {
            cell(history.state_at(who, moment))
        };
        bar.push_str(&cell.to_string());
        time += column;
    }
    bar
}

fn cell(state: State) -> StyledObject<&'static str> {
    match state {
        State::Down => style(" "),
        State::Starting => style("┄").dim(),
        State::Standby => style("─").dim(),
        State::Leading => style("●").green(),
        State::Paused => style("░").yellow(),
    }
}

fn remark(history: &History, who: usize) -> String {
    match history.state(who) {
        State::Down => style("down").dim().to_string(),
        State::Starting => style("starts").dim().to_string(),
        State::Standby => style("standby").dim().to_string(),
        State::Paused => style("paused").yellow().to_string(),
        State::Leading => {
            let token = history.present_term().map_or(0, |term| term.token);
            format!("{}, token {token}", style("leads").green().bold())
        }
    }
}

fn lease_row(lease: &Value) -> String {
    let field = |pointer| {
        lease
            .pointer(pointer)
            .map_or_else(|| "-".to_owned(), readable_value)
    };
    format!(
        "  Lease {}: holder {}, transitions {}, version {}",
        field("/metadata/name"),
        field("/spec/holderIdentity"),
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
