//! What the demo shows on the terminal: what happened, and below it, redrawn, how things stand.

use std::iter;
use std::time::{Duration, Instant};

use console::{Style, Term, style};
use leasehold_tests::{Moment, now};
use serde_json::Value;

use crate::handover::Handover;
use crate::history::{History, State, between};
use crate::joining::Pending;

/// How often the view is redrawn.
const REFRESH: Duration = Duration::from_millis(100);
/// Columns for names, and for what is said beside the time line.
const NAME: usize = 18;
const REMARK: usize = 30;
/// The shortest time that a column stands for.
const FINEST: Duration = Duration::from_millis(500);

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
    pub(crate) fn tell(
        &mut self,
        history: &History,
        pending: &[Pending],
        moment: Moment,
        what: &str,
    ) {
        self.erase();
        let time = format!("{:>6.1} s", history.time(moment).as_secs_f64());
        self.write(&format!("{}  {}", style(time).dim(), what));
        self.draw(history, pending);
    }

    /// Says what is pending, which a terminal shows all the time.
    pub(crate) fn give_sign_of_life(&self, pending: &[Pending]) {
        if !self.terminal.is_term() {
            let pending = pending.iter();
            let pending: Vec<_> = pending
                .map(|it| format!("{}: {}", it.name, it.how_far))
                .collect();
            self.write(&format!("          still to join: {}", pending.join("; ")));
        }
    }

    /// Redraws, if it is time to.
    pub(crate) fn update(&mut self, history: &History, pending: &[Pending]) {
        if self.drawn_at.elapsed() >= REFRESH {
            self.erase();
            self.draw(history, pending);
        }
    }

    /// Leaves what happened on the terminal, and nothing else.
    pub(crate) fn close(&mut self) {
        self.erase();
    }

    fn draw(&mut self, history: &History, pending: &[Pending]) {
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
        for Pending { name, how_far } in pending {
            let how_far = style(how_far).dim();
            lines.push(format!("  {name:<width$}{how_far}", width = NAME - 2));
        }
        lines.push(String::new());
        lines.push(format!(
            "  {} runs of the job, {} handovers",
            history.runs.len(),
            Handover::all(history).count()
        ));
        if let Some(lease) = self.lease.as_ref().and_then(|read| read()) {
            lines.push(lease_row(&lease));
        }
        self.write(&lines.join("\n"));
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

/// The time line of a candidate until now.
fn bar(history: &History, who: usize, now: Moment, columns: usize) -> String {
    let elapsed = between(history.drawn_from, now);
    let column = (elapsed / u32::try_from(columns).unwrap_or(u32::MAX)).max(FINEST);
    // In the middle of each column.
    let times = iter::successors(Some(column / 2), |time| Some(*time + column));
    let states = times.take(columns).map(|time| {
        let moment = history.drawn_from + u64::try_from(time.as_nanos()).unwrap_or(Moment::MAX);
        (time <= elapsed).then(|| history.state_at(who, moment))
    });
    let states: Vec<_> = states.collect();
    let alike = states.chunk_by(PartialEq::eq);
    alike.map(|states| cells(states[0], states.len())).collect()
}

/// So many columns of one state; of none where that is yet to come.
fn cells(state: Option<State>, columns: usize) -> String {
    let (cell, look) = match state {
        None | Some(State::Down) => (" ", Style::new()),
        Some(State::Starting) => ("┄", Style::new().dim()),
        Some(State::Standby) => ("─", Style::new().dim()),
        Some(State::Leading) => ("●", Style::new().green()),
        Some(State::Paused) => ("░", Style::new().yellow()),
    };
    look.apply_to(cell.repeat(columns)).to_string()
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
