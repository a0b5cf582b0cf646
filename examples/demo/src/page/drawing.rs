//! The time line as a drawing: what stands where, in units of its own.

use std::time::Duration;

use leasehold_tests::Moment;

use crate::handover::Handover;
use crate::history::{History, Run, State, Term, between};
use crate::words::{instant, readable};

const WIDTH: u32 = 1000;
/// Where time begins and ends, with room for the token of a term that begins at the end.
const LEFT: f64 = 130.0;
const RIGHT: f64 = 895.0;
/// Room for handovers above, and for seconds below.
const HEAD: u32 = 42;
const FOOT: u32 = 30;
/// How high a candidate's row is, and the bars in it.
const ROW: u32 = 48;
const LEADING: u32 = 26;
const PAUSED: u32 = 14;
const PRESENT: u32 = 4;
/// As many as the template has.
const COLOURS: usize = 5;
const MOST_TICKS: u64 = 12;
/// In the unit of a moment.
const SECOND: Moment = 1_000_000_000;

pub(super) struct Drawing {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Of the rows.
    pub(super) top: u32,
    pub(super) bottom: u32,
    pub(super) ticks: Vec<Tick>,
    pub(super) handovers: Vec<Mark>,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    pub(super) name: String,
    /// Its middle.
    pub(super) y: u32,
    pub(super) presence: Vec<Bar>,
    pub(super) terms: Vec<Bar>,
    pub(super) runs: Vec<Tick>,
}

pub(super) struct Bar {
    pub(super) x: String,
    pub(super) width: String,
    pub(super) height: u32,
    pub(super) class: String,
    /// Told where the pointer rests.
    pub(super) title: String,
    /// What stands below it.
    pub(super) label: String,
}

/// Something at an instant.
pub(super) struct Tick {
    pub(super) x: String,
    pub(super) label: String,
}

/// A handover, and before it the time in which nobody led.
pub(super) struct Mark {
    pub(super) x: String,
    pub(super) cause: String,
    pub(super) took: String,
    pub(super) gap: Bar,
}

impl Drawing {
    pub(super) fn new(history: &History, ended: Moment) -> Self {
        let scale = Scale { history, ended };
        let rows = (0..history.candidates.len()).zip(0..);
        let rows: Vec<_> = rows.map(|(who, number)| scale.row(who, number)).collect();
        let bottom = rows.last().map_or(HEAD, |row| row.y + ROW / 2);
        Self {
            width: WIDTH,
            height: bottom + FOOT,
            top: HEAD,
            bottom,
            ticks: scale.ticks(),
            handovers: Handover::all(history)
                .filter(|it| it.new.from >= history.drawn_from)
                .map(|it| scale.mark(&it))
                .collect(),
            rows,
        }
    }
}

struct Scale<'a> {
    history: &'a History,
    ended: Moment,
}

impl Scale<'_> {
    fn length(&self) -> Duration {
        between(self.history.drawn_from, self.ended)
    }

    fn x(&self, moment: Moment) -> f64 {
        let time = between(self.history.drawn_from, moment).min(self.length());
        let length = self.length().max(Duration::from_millis(1));
        LEFT + (RIGHT - LEFT) * time.div_duration_f64(length)
    }

    fn is_drawn(&self, until: Moment) -> bool {
        until >= self.history.drawn_from
    }

    /// At whole seconds since it began.
    fn ticks(&self) -> Vec<Tick> {
        let seconds = self.length().as_secs();
        let mut steps = [1, 2, 5, 10, 20, 30, 60].into_iter();
        let step = steps
            .find(|step| seconds / step <= MOST_TICKS)
            .unwrap_or(300);
        let first = self.history.time(self.history.drawn_from);
        let first = first.as_nanos().div_ceil(u128::from(step * SECOND));
        let last = self.history.time(self.ended).as_secs() / step;
        (u64::try_from(first).unwrap_or(last)..=last)
            .map(|number| number * step)
            .map(|second| Tick {
                x: drawn(self.x(self.history.began + second * SECOND)),
                label: format!("{second} s"),
            })
            .collect()
    }

    fn row(&self, who: usize, number: u32) -> Row {
        let terms =
            self.history.terms.iter().filter(|term| {
                term.who == who && term.until.is_none_or(|until| self.is_drawn(until))
            });
        let runs = self.history.runs.iter();
        let runs = runs.filter(|run| run.who == who && self.is_drawn(run.moment));
        Row {
            name: self.history.name(who).to_owned(),
            y: HEAD + ROW * number + ROW / 2,
            presence: self.presence(who),
            terms: terms.map(|term| self.term(term)).collect(),
            runs: runs.map(|run| self.run(run)).collect(),
        }
    }

    fn presence(&self, who: usize) -> Vec<Bar> {
        let phases = &self.history.candidates[who].phases;
        let ends = phases
            .iter()
            .skip(1)
            .map(|&(from, _)| from)
            .chain([self.ended]);
        let phases = phases.iter().zip(ends);
        let phases = phases.filter(|(_, until)| self.is_drawn(*until));
        let bars = phases.filter_map(|(&(from, state), until)| {
            let (class, height) = match state {
                State::Starting => ("starting", PRESENT),
                State::Standby => ("standby", PRESENT),
                State::Paused => ("paused", PAUSED),
                State::Down | State::Leading => return None,
            };
            let title = format!(
                "{}: {class}, {}",
                self.history.name(who),
                self.span(from, until)
            );
            Some(self.bar(from, until, height, class.to_owned(), title))
        });
        bars.collect()
    }

    fn term(&self, term: &Term) -> Bar {
        let until = term.until.unwrap_or(self.ended);
        let title = format!(
            "{} leads under fencing token {}, {}: {} runs; {}",
            self.history.name(term.who),
            term.token,
            self.span(term.from, until),
            self.history.runs_of(term),
            term.end
        );
        let class = format!("c{}", term.who % COLOURS);
        Bar {
            label: term.token.to_string(),
            ..self.bar(term.from, until, LEADING, class, title)
        }
    }

    fn run(&self, run: &Run) -> Tick {
        Tick {
            x: drawn(self.x(run.moment)),
            label: format!(
                "{} runs the job of second {} under fencing token {}, at {}",
                self.history.name(run.who),
                run.due,
                run.token,
                instant(self.history, run.moment)
            ),
        }
    }

    fn mark(&self, handover: &Handover<'_>) -> Mark {
        let (from, until) = (handover.old.until, handover.new.from);
        let title = format!("nobody leads for {}", readable(handover.gap()));
        Mark {
            x: drawn(self.x(until)),
            cause: handover.cause().to_owned(),
            took: readable(handover.took()),
            gap: self.bar(from.unwrap_or(until), until, 0, String::new(), title),
        }
    }

    fn bar(&self, from: Moment, until: Moment, height: u32, class: String, title: String) -> Bar {
        Bar {
            x: drawn(self.x(from)),
            // So that it can be seen.
            width: drawn((self.x(until) - self.x(from)).max(0.5)),
            height,
            class,
            title,
            label: String::new(),
        }
    }

    fn span(&self, from: Moment, until: Moment) -> String {
        let [from, until] = [from, until].map(|moment| instant(self.history, moment));
        format!("from {from} to {until}")
    }
}

fn drawn(length: f64) -> String {
    format!("{length:.1}")
}
