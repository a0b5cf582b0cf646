//! What elections cost, with Leasehold and with its peers; `cargo xtask bench` runs it.
//!
//! Each figure is measured between processes, on one clock, through a real API server on loopback.

mod further;
mod machine;
mod measures;
mod pages;
mod peers;
mod plot;
mod probes;
mod program;
mod reasons;
mod report;
mod results;
mod used;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use leasehold_test_cluster::TestCluster;

use crate::measures::{Bench, Handovers, Rounds, ServerUse, Takeover, Waited, Waits};
use crate::peers::Candidate;
use crate::results::{Figure, Measure, Peer, Results, Run};

/// How many new processes show how long an import takes.
const IMPORTS: usize = 10;

/// Measures candidates on the test cluster.
#[derive(Parser)]
struct Options {
    /// The candidates, as `cargo xtask bench` lists them.
    #[arg(long, required_unless_present_any = ["pages", "adopt"])]
    candidates: Option<PathBuf>,
    /// Those to be measured, by their names; all if none is named.
    #[arg(long)]
    candidate: Vec<String>,
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
    /// Measures nothing: the documentation shows what the last run has measured, whether it came to its end or not.
    #[arg(long)]
    adopt: bool,
}

/// How much is measured.
struct Effort {
    first: Rounds,
    handovers: Rounds,
    proven: Rounds,
    idle: Duration,
    waits: Waits,
    /// So many candidates wait at a time.
    wait_together: usize,
    further: usize,
    crowd: usize,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let committed = pages::root().join(pages::RESULTS);
    let mut results = Results::load(&committed)?;
    if options.pages {
        return pages::write(&pages::pages(&results)?, &pages::root());
    }
    let last = options.output.join("results.json");
    if options.adopt {
        let adopted = Results::load(&last)?;
        return show(&mut results, adopted.runs, &committed);
    }
    let busy = machine::why_not_quiet()?;
    if let Some(why) = &busy {
        println!("{why}");
    }
    let run = options.run(&last)?;

    let alone = Results {
        runs: vec![run.clone()],
    };
    let only_figures = pages::only_figures(&alone, "measured.md".as_ref(), "".as_ref())?;
    pages::write(&only_figures, &options.output)?;
    println!("{}", options.output.join("measured.md").display());
    if let Some(why) = options.keep_documentation.or(busy) {
        println!("the documentation stays as it is: {why}");
        return Ok(());
    }
    show(&mut results, vec![run], &committed)
}

/// Shows `runs` in the documentation.
fn show(results: &mut Results, runs: Vec<Run>, committed: &Path) -> Result<()> {
    for run in runs {
        results.add(run);
    }
    results.save(committed)?;
    pages::write(&pages::pages(results)?, &pages::root())?;
    println!("the documentation shows what was measured");
    for line in reasons::missing(results)? {
        println!("no reason is written in {}: {line}", reasons::FILE);
    }
    Ok(())
}

impl Options {
    /// Saves what it has to `last` each time that there is something new.
    fn run(&self, last: &Path) -> Result<Run> {
        let file = self.candidates.as_ref().context("--candidates")?;
        let mut candidates = Candidate::load(file)?;
        candidates.retain(|it| self.candidate.is_empty() || self.candidate.contains(&it.name));
        ensure!(!candidates.is_empty(), "no such candidate");
        let progress = Progress::start()?;
        progress.tell("a real API server");
        let cluster = TestCluster::start()?;
        let mut measuring = Measuring {
            options: self,
            effort: Effort::new(self.quick),
            run: Run {
                date: today()?,
                machine: machine::name()?,
                note: None,
                peers: candidates.iter().map(Peer::without_figures).collect(),
            },
            is_slow: vec![false; candidates.len()],
            by_itself: ServerUse::default(),
            candidates: &candidates,
            cluster: &cluster,
            progress,
            last,
        };
        measuring.take_all()?;
        Ok(measuring.measured())
    }
}

fn today() -> Result<String> {
    let date = jiff::Timestamp::now().to_string();
    let (date, _) = date.split_once('T').context("a date")?;
    Ok(date.to_owned())
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
                first: rounds(5, 3),
                handovers: rounds(20, 9),
                proven: rounds(10, 7),
                idle: seconds(5),
                waits: Waits {
                    takeovers: 2,
                    partitions: 2,
                    pauses: 1,
                    handovers: 2,
                },
                wait_together: 3,
                further: 300,
                crowd: 100,
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
                handovers: 4,
            },
            wait_together: 2,
            further: 1_000,
            crowd: 100,
        }
    }
}

struct Measuring<'a> {
    options: &'a Options,
    effort: Effort,
    candidates: &'a [Candidate],
    /// Its peers are in the order of the candidates.
    run: Run,
    /// Of each candidate, whether its handovers are waited for beside others.
    is_slow: Vec<bool>,
    /// What the API server does when nobody asks it for anything.
    by_itself: ServerUse,
    cluster: &'a TestCluster,
    progress: Progress,
    last: &'a Path,
}

impl Measuring<'_> {
    fn take_all(&mut self) -> Result<()> {
        if self.wants(&Measure::IDLE) || self.wants(&Measure::CROWD) {
            self.progress.tell("the API server by itself");
            self.by_itself = ServerUse::within(self.cluster, 2 * self.effort.idle)?;
        }
        for place in 0..self.candidates.len() {
            self.take_probes(place);
            if !self.candidates[place].command.is_empty() {
                self.take_one_by_one(place)?;
            }
            self.save()?;
        }
        let waited = [
            Measure::Takeover,
            Measure::AfterExpiry,
            Measure::PartitionMargin,
            Measure::StaleAfterPause,
            Measure::Handover,
        ];
        if self.wants(&waited) {
            let places: Vec<_> = (0..self.candidates.len())
                .filter(|place| !self.candidates[*place].command.is_empty())
                .collect();
            for together in places.chunks(self.effort.wait_together) {
                self.wait_together(together);
                self.save()?;
            }
        }
        Ok(())
    }

    /// What has been measured so far.
    fn measured(&self) -> Run {
        let mut run = self.run.clone();
        run.peers.retain(|peer| !peer.figures.is_empty());
        run
    }

    fn save(&self) -> Result<()> {
        let runs = vec![self.measured()];
        Results { runs }.save(self.last)
    }

    /// Of one candidate, what its programs measure themselves.
    fn take_probes(&mut self, place: usize) {
        let candidate = &self.candidates[place];
        if self.wants(&Measure::PROBED) {
            for command in &candidate.probes {
                self.tell(place, "programs that measure themselves");
                match probes::run(command, self.cluster) {
                    Ok(sampled) => {
                        for one in sampled {
                            if self.wants(&[one.measure]) {
                                let figure = Figure::of(one.samples).with_note(one.note);
                                self.note(place, one.measure, Ok(figure));
                            }
                        }
                    }
                    Err(error) => self.note(place, Measure::Answer, Err(error)),
                }
            }
        }
        if self.wants(&[Measure::Import]) && !candidate.import.is_empty() {
            self.tell(place, "import");
            let once = |_| probes::run(&candidate.import, self.cluster);
            let taken: Result<Vec<_>> = (0..IMPORTS).map(once).collect();
            let samples = taken.map(|taken| {
                let sampled = taken.into_iter().flatten();
                Figure::of(sampled.flat_map(|it| it.samples).collect())
            });
            self.note(place, Measure::Import, samples);
        }
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
            match measures::handovers(bench, self.effort.handovers) {
                Ok(Handovers::Slow) => self.is_slow[place] = true,
                Ok(Handovers::Taken(taken)) => {
                    self.note(place, Measure::Handover, Ok(Figure::of(taken)));
                }
                Err(error) => self.note(place, Measure::Handover, Err(error)),
            }
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
        if self.wants(&Measure::CROWD) && candidate.is_light() {
            let count = self.effort.crowd;
            self.tell(place, &format!("{count} candidates"));
            let bench = Bench {
                candidate: &candidate.that_asks_seldom(),
                ..bench
            };
            let taken = measures::crowd(bench, count, self.effort.idle, self.by_itself);
            self.note_each(place, Measure::CROWD, taken, |it| {
                [it.reads, it.writes, it.bytes, 100.0 * it.cpu]
                    .map(|number| Figure::one(number).with_note(Some(format!("by {count}"))))
            });
        }
        if candidate.footprint.is_some() && self.wants(&further::MEASURES) {
            let count = self.effort.further;
            self.tell(place, &format!("{count} elections in one process"));
            let taken = further::measure(candidate, count, 2 * self.effort.idle);
            self.note_each(place, further::MEASURES, taken, |it| it);
        }
        if self.wants(&Measure::IDLE) {
            self.take_idle(place, bench);
        }
        Ok(())
    }

    /// Of one candidate, what it costs when nothing happens.
    fn take_idle(&mut self, place: usize, bench: Bench<'_>) {
        self.tell(place, "nothing to do");
        let bench = Bench {
            candidate: &bench.candidate.that_asks_seldom(),
            ..bench
        };
        let taken = measures::idle(bench, self.effort.idle, self.by_itself);
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        self.note_each(place, Measure::IDLE, taken, |it| {
            [
                it.server.reads,
                it.server.writes,
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

    /// Of the candidates at `places`, what is mostly waiting.
    fn wait_together(&mut self, places: &[usize]) {
        let some = places.iter().map(|place| &self.candidates[*place]);
        let prefixes: Vec<_> = places.iter().map(|it| format!("bench-{it}")).collect();
        let benches: Vec<_> = places
            .iter()
            .zip(&prefixes)
            .map(|(place, prefix)| {
                let bench = Bench {
                    cluster: self.cluster,
                    candidate: &self.candidates[*place],
                    prefix,
                };
                (bench, self.is_slow[*place])
            })
            .collect();
        let names: Vec<_> = some.map(|it| &*it.name).collect();
        let what = format!("takeovers, partitions, pauses of {}", names.join(", "));
        let mut ended = 0;
        self.progress.tell(&what);
        let mut of_each: Vec<WaitedFor> = places.iter().map(|_| WaitedFor::default()).collect();
        let progress = &self.progress;
        measures::waits(&benches, self.effort.waits, |place, measure, waited| {
            ended += 1;
            progress.show(format!("{what}: {ended}"));
            of_each[place].add(measure, waited);
        });
        for (place, waited) in places.iter().zip(of_each) {
            for (measure, figure) in waited.figures() {
                if self.wants(&[measure]) {
                    self.note(*place, measure, Ok(figure));
                }
            }
        }
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
                self.progress
                    .print(format!("{}: {error:#}", self.run.peers[place].name));
                let figure = not_measured(&error);
                for measure in measures {
                    if self.wants(&[measure]) {
                        self.note(place, measure, Ok(figure.clone()));
                    }
                }
            }
        }
    }

    /// A candidate that cannot be measured is no reason not to measure the others.
    fn note(&mut self, place: usize, measure: Measure, figure: Result<Figure>) {
        let peer = &mut self.run.peers[place];
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
    handovers: Vec<f64>,
    never: BTreeMap<Measure, usize>,
    failures: BTreeMap<Measure, Vec<anyhow::Error>>,
}

impl WaitedFor {
    fn add(&mut self, measure: Measure, waited: Result<Waited>) {
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
            Ok(Waited::Handover(handover)) => self.handovers.push(handover),
            Err(error) => self.failures.entry(measure).or_default().push(error),
        }
    }

    fn figures(mut self) -> BTreeMap<Measure, Figure> {
        let samples = [
            (Measure::Takeover, self.in_all),
            (Measure::AfterExpiry, self.after_expiry),
            (Measure::PartitionMargin, self.margins),
            (Measure::StaleAfterPause, self.stale),
            (Measure::Handover, self.handovers),
        ];
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
        for (measure, failures) in self.failures {
            for error in &failures {
                eprintln!("{error:#}");
            }
            let figure: &mut Figure = figures.entry(measure).or_default();
            let notes = figure.note.take().into_iter();
            let notes = notes.chain([format!("{} failed", failures.len())]);
            figure.note = Some(notes.collect::<Vec<_>>().join("; "));
        }
        figures
    }
}

impl Peer {
    fn without_figures(candidate: &Candidate) -> Self {
        Self {
            name: candidate.name.clone(),
            version: candidate.version.clone(),
            language: candidate.language.clone(),
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

    /// The same where one line is enough.
    fn show(&self, what: impl Display) {
        self.0.set_message(what.to_string());
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
        waited.add(Measure::PartitionMargin, Ok(Waited::Margin(None)));
        let never = &waited.figures()[&Measure::PartitionMargin];
        assert_eq!(never, &Figure::note("never stopped in 25 s"));
        let mut waited = WaitedFor::default();
        waited.add(Measure::PartitionMargin, Ok(Waited::Margin(None)));
        waited.add(Measure::PartitionMargin, Ok(Waited::Margin(Some(5.0))));
        let once = &waited.figures()[&Measure::PartitionMargin];
        assert_eq!(once.note.as_deref(), Some("1 of 2 never stopped in 25 s"));
        assert_eq!(once.median, Some(5.0));
    }

    #[test]
    fn what_failed_is_not_left_out() {
        let mut waited = WaitedFor::default();
        waited.add(Measure::StaleAfterPause, Err(anyhow::anyhow!("it broke")));
        let figures = waited.figures();
        let note = figures[&Measure::StaleAfterPause].note.as_deref();
        assert_eq!(note, Some("1 failed"));
        assert!(!figures.contains_key(&Measure::Takeover));
    }
}
