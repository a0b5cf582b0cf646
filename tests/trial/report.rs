//! What the rounds so far have shown, as a page in Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use leasehold_tests::Verdict;
use leasehold_tests::faults::figures;

use crate::round::{Outcome, Round};

pub(crate) struct Report {
    folder: PathBuf,
    seed: u64,
    begun: Instant,
    /// By fault and whom it hit.
    figures: BTreeMap<(&'static str, String), Figures>,
    /// Of our own candidates.
    overlaps: usize,
    failures: usize,
}

#[derive(Default)]
struct Figures {
    verdict: Verdict,
    failures: usize,
}

impl Figures {
    fn add(&mut self, other: &Self) {
        self.verdict = self.verdict.and(other.verdict);
        self.failures += other.failures;
    }

    fn cells(&self) -> String {
        format!("{} {} |", figures::cells(&self.verdict), self.failures)
    }
}

impl Report {
    pub(crate) fn new(folder: &Path, seed: u64) -> Self {
        Self {
            folder: folder.to_owned(),
            seed,
            begun: Instant::now(),
            figures: BTreeMap::new(),
            overlaps: 0,
            failures: 0,
        }
    }

    /// Adds what came of a round, and returns a line about it.
    pub(crate) fn keep(
        &mut self,
        round: &Round,
        outcome: &Outcome,
        took: Duration,
    ) -> Result<String> {
        let of_round = Figures {
            verdict: outcome.verdict,
            failures: usize::from(outcome.failure.is_some()),
        };
        if !round.is_of_a_peer() {
            self.overlaps += of_round.verdict.overlaps;
            self.failures += of_round.failures;
        }
        let key = (round.fault.name, round.language().to_owned());
        self.figures.entry(key).or_default().add(&of_round);
        fs::write(self.folder.join("report.md"), self.text())?;

        let names: Vec<_> = round.lineup.iter().map(|it| &it.name[..]).collect();
        let mut line = format!(
            "{}  {}: {}  ({:.0} s)",
            round.number,
            names.join(" "),
            round.fault.name,
            took.as_secs_f64()
        );
        let mut why = Vec::new();
        if of_round.verdict.overlaps > 0 {
            why.push("two leaders at one instant".to_owned());
        }
        why.extend(outcome.failure.clone());
        if !why.is_empty() {
            let file = self.folder.join(format!("round-{}.txt", round.number));
            let why = why.join("; ");
            fs::write(&file, format!("{line}\n{why}\n\n{}", outcome.record))?;
            let why = why.lines().next().unwrap_or_default();
            write!(line, "\n    {why}: see {}", file.display())?;
        }
        Ok(line)
    }

    /// Fails if two of ours ever led at once, or did not do what was waited for.
    pub(crate) fn verdict(&self) -> Result<(), String> {
        match (self.overlaps, self.failures) {
            (0, 0) => Ok(()),
            (0, failures) => Err(format!("{failures} rounds were not played to their end")),
            (overlaps, _) => Err(format!("two led at one instant, {overlaps} times")),
        }
    }

    /// The whole page.
    pub(crate) fn text(&self) -> String {
        let minutes = self.begun.elapsed().as_secs() / 60;
        let mut languages: BTreeMap<&str, Figures> = BTreeMap::new();
        let mut sum = Figures::default();
        for ((_, language), figures) in &self.figures {
            languages.entry(language).or_default().add(figures);
            sum.add(figures);
        }
        let head = [figures::HEAD, " not played to the end |"].concat();
        let rule = [figures::RULE, " ---: |"].concat();
        let mut lines = vec![
            format!(
                "{} rounds in {minutes} minutes, seed {}.\n",
                sum.verdict.runs, self.seed
            ),
            format!("| whom it hit |{head}"),
            format!("| --- |{rule}"),
        ];
        let of_languages = languages.iter();
        lines.extend(of_languages.map(|(name, figures)| format!("| {name} |{}", figures.cells())));
        lines.push(format!("| all |{}\n", sum.cells()));
        lines.push(format!("| fault | whom it hit |{head}"));
        lines.push(format!("| --- | --- |{rule}"));
        for ((fault, language), figures) in &self.figures {
            lines.push(format!("| {fault} | {language} |{}", figures.cells()));
        }
        lines.join("\n") + "\n"
    }
}
