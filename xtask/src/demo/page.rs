//! The time line as a page of HTML, with all that belongs to it in it.

use std::time::Duration;

use anyhow::Result;
use askama::Template;
use leasehold_bench::Moment;

use super::candidate::LEASE_DURATION;
use super::history::{Handover, History, Run, State, Term};
use super::sidecar;
use super::view::readable;

// ---- the drawing, in its own units --------------------------------------------------------------

const WIDTH: u32 = 1000;
const LEFT: f64 = 130.0;
const RIGHT: f64 = 980.0;
const TOP: u32 = 42;
const ROW: u32 = 48;
const FOOT: u32 = 30;
/// Of bars.
const LEADING: u32 = 26;
const PAUSED: u32 = 14;
const PRESENT: u32 = 4;
/// As many as there are in the template.
const COLOURS: usize = 4;
const MOST_TICKS: u64 = 12;

#[derive(Template)]
#[template(path = "demo.html")]
struct Page {
    subtitle: String,
    verdict: String,
    faults: Vec<String>,
    width: u32,
    height: u32,
    top: u32,
    bottom: u32,
    ticks: Vec<Label>,
    marks: Vec<Mark>,
    rows: Vec<Row>,
    terms: Vec<TermRow>,
    poll_ms: u128,
    lease_duration: &'static str,
}

struct Row {
    name: String,
    y: u32,
    presence: Vec<Bar>,
    terms: Vec<Bar>,
    runs: Vec<Label>,
}

struct Bar {
    x: String,
    width: String,
    height: u32,
    class: String,
    title: String,
    /// What stands below it.
    label: String,
}

struct Label {
    x: String,
    label: String,
}

/// A handover.
struct Mark {
    x: String,
    cause: String,
    old: String,
    new: String,
    took: String,
    gap: Bar,
    gap_time: String,
}

struct TermRow {
    who: String,
    token: u64,
    from: String,
    until: String,
    runs: usize,
    end: String,
}

/// The page. `subtitle` says where and when it was; `verdict` what has held, unless there are `faults`.
pub(crate) fn render(
    history: &History,
    ended: Moment,
    subtitle: &str,
    verdict: &str,
    faults: &[String],
) -> Result<String> {
    let drawing = Drawing { history, ended };
    let rows: Vec<_> = (0..history.candidates.len())
        .map(|who| drawing.row(who))
        .collect();
    let bottom = TOP + ROW * u32::try_from(rows.len())?;
    let page = Page {
        subtitle: subtitle.to_owned(),
        verdict: verdict.to_owned(),
        faults: faults.to_vec(),
        width: WIDTH,
        height: bottom + FOOT,
        top: TOP,
        bottom,
        ticks: drawing.ticks(),
        marks: history.handovers().map(|it| drawing.mark(&it)).collect(),
        rows,
        terms: history
            .terms
            .iter()
            .map(|it| drawing.term_row(it))
            .collect(),
        poll_ms: sidecar::POLL_PERIOD.as_millis(),
        lease_duration: LEASE_DURATION,
    };
    Ok(page.render()?)
}

struct Drawing<'a> {
    history: &'a History,
    ended: Moment,
}

impl Drawing<'_> {
    fn length(&self) -> Duration {
        self.history.time(self.ended)
    }

    fn x(&self, moment: Moment) -> f64 {
        self.x_of(self.history.time(moment).min(self.length()))
    }

    fn x_of(&self, time: Duration) -> f64 {
        let length = self.length().max(Duration::from_millis(1));
        LEFT + (RIGHT - LEFT) * time.div_duration_f64(length)
    }

    /// In whole seconds.
    fn ticks(&self) -> Vec<Label> {
        let seconds = self.length().as_secs();
        let steps = [1, 2, 5, 10, 20, 30, 60].into_iter();
        let step = steps.clone().find(|step| seconds / step <= MOST_TICKS);
        let ticks = (0..=seconds).step_by(usize::try_from(step.unwrap_or(300)).unwrap_or(1));
        ticks
            .map(|second| Label {
                x: drawn(self.x_of(Duration::from_secs(second))),
                label: format!("{second} s"),
            })
            .collect()
    }

    fn row(&self, who: usize) -> Row {
        let terms = self.history.terms.iter().filter(|term| term.who == who);
        let runs = self.history.runs.iter().filter(|run| run.who == who);
        Row {
            name: self.history.name(who).to_owned(),
            y: TOP + ROW * u32::try_from(who).unwrap_or(0) + ROW / 2,
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

    fn run(&self, run: &Run) -> Label {
        Label {
            x: drawn(self.x(run.moment)),
            label: format!(
                "{} runs the job of second {} under fencing token {}, at {}",
                self.history.name(run.who),
                run.due,
                run.token,
                self.at(run.moment)
            ),
        }
    }

    fn mark(&self, handover: &Handover<'_>) -> Mark {
        let (old, new) = (handover.old, handover.new);
        let (from, until) = (old.until.unwrap_or(new.from), new.from);
        let gap_time = readable(handover.gap());
        let title = format!("nobody leads for {gap_time}");
        Mark {
            x: drawn(self.x(new.from)),
            cause: handover.cause().to_owned(),
            old: self.history.name(old.who).to_owned(),
            new: self.history.name(new.who).to_owned(),
            took: readable(handover.took()),
            gap: self.bar(from, until, 0, String::new(), title),
            gap_time,
        }
    }

    fn term_row(&self, term: &Term) -> TermRow {
        TermRow {
            who: self.history.name(term.who).to_owned(),
            token: term.token,
            from: self.at(term.from),
            until: self.at(term.until.unwrap_or(self.ended)),
            runs: self.history.runs_of(term),
            end: term.end.clone(),
        }
    }

    fn bar(&self, from: Moment, until: Moment, height: u32, class: String, title: String) -> Bar {
        Bar {
            x: drawn(self.x(from)),
            width: drawn((self.x(until) - self.x(from)).max(0.5)),
            height,
            class,
            title,
            label: String::new(),
        }
    }

    fn at(&self, moment: Moment) -> String {
        format!("{:.3} s", self.history.time(moment).as_secs_f64())
    }

    fn span(&self, from: Moment, until: Moment) -> String {
        format!("from {} to {}", self.at(from), self.at(until))
    }
}

fn drawn(length: f64) -> String {
    format!("{length:.1}")
}

#[cfg(test)]
mod tests {
    use roxmltree::{Document, ParsingOptions};

    use super::super::history::{Deed, tests::history};
    use super::*;

    const SECOND: Moment = 1_000_000_000;

    /// Parsed as strictly as XML.
    fn parsed(page: &str) -> Document<'_> {
        let allow_dtd = true;
        let options = ParsingOptions {
            allow_dtd,
            ..ParsingOptions::default()
        };
        Document::parse_with_options(page, options).expect("well-formed")
    }

    fn texts<'a>(document: &'a Document<'_>, element: &str) -> Vec<&'a str> {
        let all = document
            .descendants()
            .filter(|node| node.has_tag_name(element));
        all.filter_map(|node| node.text()).collect()
    }

    fn page(ledger: &str, verdict: &str, faults: &[String]) -> String {
        render(&history(ledger), 20 * SECOND, "somewhere", verdict, faults).unwrap()
    }

    #[test]
    fn it_shows_each_term_run_and_handover() {
        let ledger = "1000000000 a acquired 1
            2000000000 a run 1 500
            3000000000 a run 1 501
            3500000000 a lost 1 stopped
            3600000000 b acquired 2";
        let page = page(ledger, "all is well", &[]);
        let document = parsed(&page);
        let titles = texts(&document, "title");
        let term = "a leads under fencing token 1, from 1.000 s to 3.500 s: 2 runs; stopped";
        assert!(titles.contains(&term), "{titles:?}");
        assert!(titles.contains(&"nobody leads for 100.0 ms"), "{titles:?}");
        let dots = document
            .descendants()
            .filter(|node| node.has_tag_name("circle"));
        assert_eq!(dots.count(), 2);
        assert!(texts(&document, "p").contains(&"all is well"));
    }

    #[test]
    fn what_was_wrong_stands_in_place_of_the_verdict() {
        let page = page("", "all is well", &["two leaders".to_owned()]);
        let document = parsed(&page);
        let paragraphs = texts(&document, "p");
        assert!(paragraphs.contains(&"two leaders"), "{paragraphs:?}");
        assert!(!paragraphs.contains(&"all is well"), "{paragraphs:?}");
    }

    #[test]
    fn no_text_can_be_more_than_text() {
        let nasty = "</svg><script>alert('&')</script>";
        let mut history = history("1 a acquired 1\n5 a lost 1 stopped");
        nasty.clone_into(&mut history.candidates[0].name);
        nasty.clone_into(&mut history.terms[0].end);
        history.act(0, Deed::Pause);
        let page = render(&history, SECOND, nasty, nasty, &[]).unwrap();
        let document = parsed(&page);
        assert!(texts(&document, "script").is_empty());
        assert!(texts(&document, "td").contains(&nasty));
    }

    #[test]
    fn it_needs_nothing_but_itself() {
        let page = page("1 a acquired 1", "all is well", &[]);
        let document = parsed(&page);
        for node in document.descendants() {
            for name in ["href", "src", "srcset"] {
                assert_eq!(node.attribute(name), None);
            }
        }
        assert!(!page.contains("@import"));
    }
}
