//! What elections cost, with Leasehold and with its peers; `cargo xtask bench` runs it.
//!
//! Each figure is measured between processes, on one clock, through a real API server on loopback.

mod further;
mod machine;
mod measures;
mod pages;
mod peers;
mod plot;
mod report;
mod results;
mod used;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use leasehold_test_cluster::TestCluster;

use crate::measures::{Bench, Rounds, Takeover, Waited, Waits};
use crate::peers::Candidate;
use crate::results::{Figure, Measure, Peer, Results, Run};

/// So many candidates wait at a time.
const WAIT_TOGETHER: usize = 2;

/// Measures candidates on the test cluster.
#[derive(Parser)]
struct Options {
    /// The candidates, as `cargo xtask bench` lists them.
    #[arg(long, required_unless_present = "pages")]
    candidates: Option<PathBuf>,
    /// The program that measures many elections in one process.
    #[arg(long)]
    footprint: Option<PathBuf>,
    /// Only these measures.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Measure>,
    /// Fewer rounds.
    #[arg(long)]
    quick: bool,
    /// Where results go, and pages that are not to replace those of the documentation.
    #[arg(long, default_value = "target/bench")]
    output: PathBuf,
    /// Why the documentation is to stay as it is, if so.
    #[arg(long)]
    keep_documentation: Option<String>,
    /// Measures nothing: makes the pages of what was measured before.
    #[arg(long)]
    pages: bool,
}

/// How much is measured.
struct Effort {
    first: Rounds,
    handovers: Rounds,
    proven: Rounds,
    idle: Duration,
    waits: Waits,
    further: usize,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let committed = pages::root().join(pages::RESULTS);
    let mut results = Results::load(&committed)?;
    if options.pages {
        return pages::write(&pages::pages(&results)?, &pages::root());
    }
    let quiet = machine::why_not_quiet()?;
    let keep = options.keep_documentation.clone().or(quiet);
    let run = options.run()?;

    let alone = Results {
        runs: vec![run.clone()],
    };
    let only_figures = pages::only_figures(&alone, "measured.md".as_ref(), "".as_ref())?;
    pages::write(&only_figures, &options.output)?;
    alone.save(&options.output.join("results.json"))?;
    println!("{}", options.output.join("measured.md").display());
    if let Some(why) = keep {
        println!("the documentation stays as it is: {why}");
    } else {
        results.add(run);
        results.save(&committed)?;
        pages::write(&pages::pages(&results)?, &pages::root())?;
        println!("and the documentation shows it");
    }
    Ok(())
}

impl Options {
    fn run(&self) -> Result<Run> {
        let file = self.candidates.as_ref().context("--candidates")?;
        let candidates = Candidate::load(file)?;
        let progress = Progress::start()?;
        progress.tell("a real API server");
        let cluster = TestCluster::start()?;
        let mut measuring = Measuring {
            options: self,
            effort: Effort::new(self.quick),
            peers: candidates.iter().map(Peer::without_figures).collect(),
            candidates: &candidates,
            cluster: &cluster,
            progress,
        };
        measuring.take_all()?;
        let mut peers = measuring.peers;
        peers.retain(|peer| !peer.figures.is_empty());
        let date = jiff::Timestamp::now().to_string();
        let (date, _) = date.split_once('T').context("a date")?;
        Ok(Run {
            date: date.to_owned(),
            machine: machine::name()?,
            note: None,
            peers,
        })
    }
}

impl Effort {
    fn new(is_quick: bool) -> Self {
        let seconds = Duration::from_secs;
        let rounds = |at_most, within| Rounds {
            at_most,
            within: seconds(within),
        };
        if is_quick {
            return Self {
                first: rounds(5, 6),
                handovers: rounds(20, 12),
                proven: rounds(10, 10),
                idle: seconds(5),
                waits: Waits {
                    takeovers: 3,
                    partitions: 2,
                    pauses: 2,
                },
                further: 300,
            };
        }
        Self {
            first: rounds(20, 60),
            handovers: rounds(100, 180),
            proven: rounds(20, 60),
            idle: seconds(30),
            waits: Waits {
                takeovers: 8,
                partitions: 4,
                pauses: 4,
            },
            further: 1_000,
        }
    }
}

struct Measuring<'a> {
    options: &'a Options,
    effort: Effort,
    candidates: &'a [Candidate],
    /// As the candidates are ordered.
    peers: Vec<Peer>,
    cluster: &'a TestCluster,
    progress: Progress,
}

impl Measuring<'_> {
    fn take_all(&mut self) -> Result<()> {
        for place in 0..self.candidates.len() {
            self.take_one_by_one(place)?;
        }
        if self.wants(&[
            Measure::Takeover,
            Measure::AfterExpiry,
            Measure::PartitionMargin,
            Measure::StaleAfterPause,
        ]) {
            for first in (0..self.candidates.len()).step_by(WAIT_TOGETHER) {
                self.wait_together(first);
            }
        }
        self.take_further()
    }

    /// Of one candidate, what needs the machine for itself.
    fn take_one_by_one(&mut self, place: usize) -> Result<()> {
        let candidate = &self.candidates[place];
        let prefix = format!("bench-{place}");
        let bench = Bench {
            cluster: self.cluster,
            candidate,
            prefix: &prefix,
        };
        if self.wants(&[Measure::Installed]) && !candidate.installed.is_empty() {
            let bytes = candidate.installed_bytes();
            #[expect(clippy::cast_precision_loss, reason = "for people")]
            self.note(
                place,
                Measure::Installed,
                bytes.map(|it| Figure::one(it as f64)),
            );
        }
        let first = [
            Measure::Start,
            Measure::ColdLeadership,
            Measure::FirstLeadership,
        ];
        if self.wants(&first) {
            self.tell(place, "first leadership");
            let taken = measures::first_leaderships(bench, self.effort.first);
            // One that never leads would be waited for again and again.
            let leads = taken.is_ok();
            self.note_each(place, first, taken, |it| {
                [it.until_ready, it.from_process, it.from_ready].map(Figure::of)
            });
            if !leads {
                return Ok(());
            }
        }
        if self.wants(&[Measure::Handover]) {
            self.tell(place, "handover");
            let taken = measures::handovers(bench, self.effort.handovers);
            self.note(place, Measure::Handover, taken.map(Figure::of));
        }
        if candidate.has_proofs && self.wants(&[Measure::ProvenTakeover]) {
            self.tell(place, "takeover from one proven dead");
            let proven = Bench {
                candidate: &candidate.with_proofs(),
                ..bench
            };
            let taken = measures::proven_takeovers(proven, self.effort.proven);
            self.note(place, Measure::ProvenTakeover, taken.map(Figure::of));
        }
        if candidate.has_proofs && self.wants(&[Measure::ProvenTakeoverFile]) {
            self.tell(place, "takeover from one proven dead, in a folder");
            let folder = tempfile::tempdir()?;
            let in_a_folder = Bench {
                candidate: &candidate.with_proofs_in(folder.path()),
                ..bench
            };
            let taken = measures::proven_takeovers(in_a_folder, self.effort.proven);
            self.note(place, Measure::ProvenTakeoverFile, taken.map(Figure::of));
        }
        if self.wants(&Measure::IDLE) {
            self.tell(place, "nothing to do");
            let bench = Bench {
                candidate: &candidate.that_asks_seldom(),
                ..bench
            };
            let taken = measures::idle(bench, self.effort.idle);
            #[expect(clippy::cast_precision_loss, reason = "for people")]
            self.note_each(place, Measure::IDLE, taken, |it| {
                [
                    it.reads,
                    it.writes,
                    it.leader.memory as f64,
                    it.standby.memory as f64,
                    it.threads as f64,
                    it.connections as f64,
                    it.leader.cpu,
                    it.standby.cpu,
                ]
                .map(Figure::one)
            });
        }
        Ok(())
    }

    /// Of some candidates from the `first` on, what is mostly waiting.
    fn wait_together(&mut self, first: usize) {
        let last = self.candidates.len().min(first + WAIT_TOGETHER);
        let some = &self.candidates[first..last];
        let prefixes: Vec<_> = (first..last).map(|it| format!("bench-{it}")).collect();
        let benches: Vec<_> = some
            .iter()
            .zip(&prefixes)
            .map(|(candidate, prefix)| Bench {
                cluster: self.cluster,
                candidate,
                prefix,
            })
            .collect();
        let names: Vec<_> = some.iter().map(|it| &*it.name).collect();
        let what = format!("takeovers, partitions, pauses of {}", names.join(", "));
        let mut ended = 0;
        self.progress.tell(&what);
        let mut of_each: Vec<WaitedFor> = some.iter().map(|_| WaitedFor::default()).collect();
        let progress = &self.progress;
        measures::waits(&benches, self.effort.waits, |place, waited| {
            ended += 1;
            progress.tell(format!("{what}: {ended}"));
            of_each[place].add(waited);
        });
        for (place, waited) in of_each.into_iter().enumerate() {
            for (measure, figure) in waited.figures() {
                if self.wants(&[measure]) {
                    self.note(first + place, measure, Ok(figure));
                }
            }
        }
    }

    /// What further elections in one process cost, of the first candidate, which is the core's.
    fn take_further(&mut self) -> Result<()> {
        let wanted = further::MEASURES.iter().any(|it| self.wants(&[*it]));
        let Some(program) = self.options.footprint.as_ref().filter(|_| wanted) else {
            return Ok(());
        };
        let count = self.effort.further;
        self.progress
            .tell(format!("{count} elections in one process"));
        let output = Command::new(program)
            .args(["--json", "--elections", &count.to_string()])
            .args(["--seconds", &(2 * self.effort.idle.as_secs()).to_string()])
            .output()?;
        if !output.status.success() {
            bail!("footprint: {}", String::from_utf8_lossy(&output.stderr));
        }
        let figures = further::figures(&String::from_utf8(output.stdout)?, count)?;
        for (measure, figure) in figures {
            if self.wants(&[measure]) {
                self.note(0, measure, Ok(figure));
            }
        }
        Ok(())
    }

    fn wants(&self, measures: &[Measure]) -> bool {
        let only = &self.options.only;
        only.is_empty() || measures.iter().any(|it| only.contains(it))
    }

    fn tell(&self, place: usize, what: &str) {
        let (name, count) = (&self.candidates[place].name, self.candidates.len());
        self.progress
            .tell(format!("{name} ({} of {count}): {what}", place + 1));
    }

    fn note_each<T, const N: usize>(
        &mut self,
        place: usize,
        measures: [Measure; N],
        taken: Result<T>,
        figures: impl FnOnce(T) -> [Figure; N],
    ) {
        match taken {
            Ok(taken) => {
                for (measure, figure) in measures.into_iter().zip(figures(taken)) {
                    if self.wants(&[measure]) {
                        self.note(place, measure, Ok(figure));
                    }
                }
            }
            Err(error) => {
                let [first, ..] = &measures[..] else { return };
                self.note(place, *first, Err(error));
            }
        }
    }

    /// A candidate that cannot be measured is no reason not to measure the others.
    fn note(&mut self, place: usize, measure: Measure, figure: Result<Figure>) {
        let peer = &mut self.peers[place];
        let figure = figure.unwrap_or_else(|error| {
            self.progress
                .print(format!("{}, {}: {error:#}", peer.name, measure.title()));
            not_measured(&error)
        });
        self.progress.print(format!(
            "{}: {}: {}",
            peer.name,
            measure.title(),
            report::cell(measure, &figure)
        ));
        peer.figures.insert(measure, figure);
    }
}

fn not_measured(error: &anyhow::Error) -> Figure {
    let error = error.to_string();
    let line = error.lines().next().unwrap_or_default();
    Figure::note(format!("failed: {}", line.trim_end_matches(", but:")))
}

/// What came of the waits of one candidate.
#[derive(Default)]
struct WaitedFor {
    in_all: Vec<f64>,
    after_expiry: Vec<f64>,
    margins: Vec<f64>,
    stale: Vec<f64>,
    never: BTreeMap<Measure, usize>,
    failures: Vec<anyhow::Error>,
}

impl WaitedFor {
    fn add(&mut self, waited: Result<Waited>) {
        let mut never = |measure| *self.never.entry(measure).or_default() += 1;
        match waited {
            Ok(Waited::Takeover(Takeover {
                in_all,
                after_expiry,
            })) => {
                self.in_all.push(in_all);
                self.after_expiry.extend(after_expiry);
            }
            Ok(Waited::Margin(Some(margin))) => self.margins.push(margin),
            Ok(Waited::Margin(None)) => never(Measure::PartitionMargin),
            Ok(Waited::Stale(Some(stale))) => self.stale.push(stale),
            Ok(Waited::Stale(None)) => never(Measure::StaleAfterPause),
            Err(error) => self.failures.push(error),
        }
    }

    fn figures(mut self) -> BTreeMap<Measure, Figure> {
        let samples = [
            (Measure::Takeover, self.in_all),
            (Measure::AfterExpiry, self.after_expiry),
            (Measure::PartitionMargin, self.margins),
            (Measure::StaleAfterPause, self.stale),
        ];
        let failed = (!self.failures.is_empty()).then(|| format!("{} failed", self.failures.len()));
        let mut figures = BTreeMap::new();
        for (measure, samples) in samples {
            let never = self.never.remove(&measure);
            let note = never.map(|times| {
                let of_all = format!("{times} of {} ", times + samples.len());
                let of_all = if samples.is_empty() { "" } else { &of_all };
                [of_all, &measures::never()].concat()
            });
            let figure = match samples.is_empty() {
                true if note.is_none() => continue,
                true => Figure::note(note.unwrap_or_default()),
                false => Figure::of(samples).with_note(note),
            };
            figures.insert(measure, figure);
        }
        if let Some(failed) = failed {
            for error in &self.failures {
                eprintln!("{error:#}");
            }
            let takeover = figures.entry(Measure::Takeover).or_default();
            let notes = takeover.note.take().into_iter().chain([failed]);
            takeover.note = Some(notes.collect::<Vec<_>>().join("; "));
        }
        figures
    }
}

impl Peer {
    fn without_figures(candidate: &Candidate) -> Self {
        Self {
            name: candidate.name.clone(),
            version: candidate.version.clone(),
            figures: BTreeMap::new(),
        }
    }
}

/// One line that shows how far it is, and above it what was measured.
struct Progress(ProgressBar);

impl Progress {
    fn start() -> Result<Self> {
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{spinner} {msg} {elapsed}")?);
        bar.enable_steady_tick(Duration::from_millis(100));
        Ok(Self(bar))
    }

    fn tell(&self, what: impl Display) {
        self.0.set_message(what.to_string());
        // Nobody looks at a terminal: a line for each step.
        if self.0.is_hidden() {
            println!("── {what}");
        }
    }

    fn print(&self, line: impl Display) {
        self.0.suspend(|| println!("{line}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn a_measure_has_one_name() {
        for measure in Measure::value_variants() {
            let shown = measure.to_possible_value().unwrap();
            assert_eq!(serde_json::to_value(measure).unwrap(), shown.get_name());
        }
    }

    #[test]
    fn one_that_never_stops_is_shown_as_such_beside_those_that_do() {
        let mut waited = WaitedFor::default();
        waited.add(Ok(Waited::Margin(None)));
        let never = &waited.figures()[&Measure::PartitionMargin];
        assert_eq!(never, &Figure::note("never stopped in 25 s"));
        let mut waited = WaitedFor::default();
        waited.add(Ok(Waited::Margin(None)));
        waited.add(Ok(Waited::Margin(Some(5.0))));
        let once = &waited.figures()[&Measure::PartitionMargin];
        assert_eq!(once.note.as_deref(), Some("1 of 2 never stopped in 25 s"));
        assert_eq!(once.median, Some(5.0));
    }

    #[test]
    fn what_failed_is_not_left_out() {
        let mut waited = WaitedFor::default();
        waited.add(Err(anyhow::anyhow!("it broke")));
        let figures = waited.figures();
        assert_eq!(
            figures[&Measure::Takeover].note.as_deref(),
            Some("1 failed")
        );
    }
}
