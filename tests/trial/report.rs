//! What the rounds so far have shown: kept in a file, from which a later trial goes on, and as a page in
//! Markdown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::{Timestamp, Unit};
use leasehold_tests::Verdict;
use leasehold_tests::faults::figures;
use serde::{Deserialize, Serialize};

use crate::round::{Outcome, Round};

/// Of rounds, in the trial's folder.
const ROUNDS: &str = "rounds.json";
const PAGE: &str = "report.md";

/// What all of Leasehold's candidates are called together.
const OURS: &str = "Leasehold";

pub(crate) struct Report {
    folder: PathBuf,
    rounds: Vec<Played>,
}

/// A round that is over.
#[derive(Serialize, Deserialize)]
struct Played {
    fault: String,
    /// Who entered; the first of them was hit.
    lineup: Vec<String>,
    is_of_a_peer: bool,
    verdict: Verdict,
    /// Why it was not played to its end, if so.
    failure: Option<String>,
    begun: Timestamp,
    took: Duration,
    /// How many programs wanted to run, on average over the last minute of it.
    load: f64,
    /// Whether a later trial has played it again.
    #[serde(default)]
    is_made_good: bool,
    #[serde(skip)]
    is_of_before: bool,
}

impl Played {
    fn hit(&self) -> &str {
        self.lineup.first().map_or("", String::as_str)
    }

    /// Who is compared: all of ours are one.
    fn client(&self) -> &str {
        if self.is_of_a_peer { self.hit() } else { OURS }
    }
}

impl Report {
    /// Of a trial that begins.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            rounds: Vec::new(),
        }
    }

    /// Of the trial whose report is in `folder`.
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let file = folder.join(ROUNDS);
        let text = fs::read(&file).with_context(|| format!("no trial in {}", file.display()))?;
        let mut rounds: Vec<Played> = serde_json::from_slice(&text)?;
        for round in &mut rounds {
            round.is_of_before = true;
        }
        Ok(Self {
            folder: folder.to_owned(),
            rounds,
        })
    }

    pub(crate) fn rounds(&self) -> usize {
        self.rounds.len()
    }

    /// How often each fault has hit whom. A round of ours that was not played to its end does not count, and comes
    /// again; other clients do not do all that rounds wait for.
    pub(crate) fn played(&self) -> BTreeMap<(String, String), usize> {
        let mut played = BTreeMap::new();
        let counts = |it: &&Played| it.is_of_a_peer || it.failure.is_none();
        for round in self.rounds.iter().filter(counts) {
            let pair = (round.fault.clone(), round.hit().to_owned());
            *played.entry(pair).or_default() += 1;
        }
        played
    }

    /// Adds what came of a round, and returns a line about it.
    pub(crate) fn keep(
        &mut self,
        round: &Round,
        outcome: &Outcome,
        took: Duration,
    ) -> Result<String> {
        let names: Vec<_> = round.lineup.iter().map(|it| it.name.clone()).collect();
        let mut line = format!(
            "{}  {}: {}  ({:.0} s)",
            round.number,
            names.join(" "),
            round.fault.name,
            took.as_secs_f64()
        );
        let mut why = Vec::new();
        if outcome.verdict.overlaps > 0 {
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
        self.add(Played {
            fault: round.fault.name.to_owned(),
            lineup: names,
            is_of_a_peer: round.is_of_a_peer(),
            verdict: outcome.verdict,
            failure: outcome.failure.clone(),
            begun: Timestamp::now() - took,
            took,
            load: load(),
            is_made_good: false,
            is_of_before: false,
        });
        self.save()?;
        Ok(line)
    }

    /// A round that an earlier trial has not played to its end no longer counts when this one has. Two leaders always
    /// count.
    fn add(&mut self, round: Played) {
        if round.failure.is_none() {
            for before in &mut self.rounds {
                let is_the_same = before.fault == round.fault && before.hit() == round.hit();
                let has_only_failed = before.failure.is_some() && before.verdict.overlaps == 0;
                before.is_made_good |= before.is_of_before && is_the_same && has_only_failed;
            }
        }
        self.rounds.push(round);
    }

    fn counted(&self) -> impl Iterator<Item = &Played> + Clone {
        self.rounds.iter().filter(|it| !it.is_made_good)
    }

    fn save(&self) -> Result<()> {
        replace(
            &self.folder.join(ROUNDS),
            &serde_json::to_vec_pretty(&self.rounds)?,
        )?;
        replace(&self.folder.join(PAGE), self.text()?.as_bytes())
    }

    /// Fails if two of ours ever led at once, or did not do what was waited for.
    pub(crate) fn verdict(&self) -> Result<(), String> {
        let sum = sum(self.counted().filter(|it| !it.is_of_a_peer));
        match (sum.verdict.overlaps, sum.failures) {
            (0, 0) => Ok(()),
            (0, failures) => Err(format!("{failures} rounds were not played to their end")),
            (overlaps, _) => Err(format!("two led at one instant, {overlaps} times")),
        }
    }

    /// Each fault and whom it hit.
    pub(crate) fn text(&self) -> Result<String> {
        let mut lines = vec![
            self.summary()?,
            format!("| fault | whom it hit |{}", Figures::head()),
            format!("| --- | --- |{}", Figures::rule()),
        ];
        for ((fault, hit), figures) in self.by(|it| (it.fault.clone(), it.hit().to_owned())) {
            lines.push(format!("| {fault} | {hit} |{}", figures.cells()));
        }
        Ok(lines.join("\n") + "\n")
    }

    /// The part of it for the documentation: by language, and each fault beside other clients.
    pub(crate) fn summary(&self) -> Result<String> {
        let mut lines = vec![
            format!("{}\n", self.circumstances()?),
            format!("| whom it hit |{}", Figures::head()),
            format!("| --- |{}", Figures::rule()),
        ];
        let ours = || self.counted().filter(|it| !it.is_of_a_peer);
        let languages: BTreeSet<_> = ours().map(Played::hit).collect();
        for language in languages {
            let figures = sum(ours().filter(|it| it.hit() == language));
            lines.push(format!("| {language} |{}", figures.cells()));
        }
        lines.push(format!("| all |{}\n", sum(ours()).cells()));
        lines.extend(self.beside_peers());
        Ok(lines.join("\n") + "\n")
    }

    /// When and where all of this was played.
    fn circumstances(&self) -> Result<String> {
        let begun = self.counted().map(|it| it.begun).min();
        let begun = begun.context("no round was played")?.round(Unit::Minute)?;
        let took: Duration = self.counted().map(|it| it.took).sum();
        let loads = || self.counted().map(|it| it.load);
        #[expect(clippy::cast_precision_loss, reason = "few")]
        let average = loads().sum::<f64>() / self.counted().count() as f64;
        let day = begun.to_string();
        let (day, _) = day.split_once('T').context("a day")?;
        let ours = self.counted().filter(|it| !it.is_of_a_peer);
        let pairs: BTreeSet<_> = ours.clone().map(|it| (&it.fault, it.hit())).collect();
        let of_peers = match self.counted().count() - ours.clone().count() {
            0 => String::new(),
            count => format!(", and {count} rounds of other clients"),
        };
        Ok(format!(
            "{day}: {} rounds for {} pairs of a fault and whom it hit{of_peers}; {:.1} hours of elections in all, \
             on {} cores with a load of {average:.1} on average and {:.1} at most.",
            ours.count(),
            pairs.len(),
            took.as_secs_f64() / 3600.0,
            std::thread::available_parallelism()?,
            loads().fold(0.0, f64::max),
        ))
    }

    /// A column for each client, if there are others than ours.
    fn beside_peers(&self) -> Vec<String> {
        let peers = self.counted().filter(|it| it.is_of_a_peer);
        let faults: BTreeSet<_> = peers.clone().map(|it| &it.fault).collect();
        let peers: BTreeSet<_> = peers.map(Played::client).collect();
        if peers.is_empty() {
            return Vec::new();
        }
        let clients: Vec<_> = [OURS].into_iter().chain(peers).collect();
        let mut lines = vec![
            format!("| fault | {} |", clients.join(" | ")),
            format!("| --- |{}", " --- |".repeat(clients.len())),
        ];
        let row = |name: &str, is_in: &dyn Fn(&Played) -> bool| {
            let cells = clients.iter().map(|client| {
                let of_client = |it: &&Played| it.client() == *client && is_in(it);
                let rounds: Vec<_> = self.counted().filter(of_client).collect();
                compared(&rounds)
            });
            let cells: Vec<_> = cells.collect();
            format!("| {name} | {} |", cells.join(" | "))
        };
        lines.extend(
            faults
                .iter()
                .map(|fault| row(fault, &|it| it.fault == **fault)),
        );
        lines.push(row("all of these", &|it| faults.contains(&it.fault)));
        lines
    }

    fn by<K: Ord>(&self, key: impl Fn(&Played) -> K) -> BTreeMap<K, Figures> {
        let mut all: BTreeMap<K, Figures> = BTreeMap::new();
        for round in self.counted() {
            all.entry(key(round)).or_default().add(round);
        }
        all
    }
}

/// If this is killed at any moment, the file is the one before or the new one.
fn replace(file: &Path, content: &[u8]) -> Result<()> {
    let beside = file.with_extension("new");
    fs::write(&beside, content)?;
    fs::rename(&beside, file).with_context(|| format!("cannot replace {}", file.display()))
}

#[derive(Default)]
struct Figures {
    verdict: Verdict,
    failures: usize,
}

impl Figures {
    fn head() -> String {
        [figures::HEAD, " not played to the end |"].concat()
    }

    fn rule() -> String {
        [figures::RULE, " ---: |"].concat()
    }

    fn add(&mut self, round: &Played) {
        self.verdict = self.verdict.and(round.verdict);
        self.failures += usize::from(round.failure.is_some());
    }

    fn cells(&self) -> String {
        format!("{} {} |", figures::cells(&self.verdict), self.failures)
    }
}

fn sum<'a>(rounds: impl Iterator<Item = &'a Played>) -> Figures {
    let mut figures = Figures::default();
    rounds.for_each(|round| figures.add(round));
    figures
}

/// In how many rounds two led, and the smallest margin: below zero, it is how long they did.
fn compared(rounds: &[&Played]) -> String {
    let overlaps = rounds.iter().filter(|it| it.verdict.overlaps > 0).count();
    let sum = sum(rounds.iter().copied());
    let margin = match (sum.verdict.longest_overlap, sum.verdict.smallest_margin) {
        (Some(overlap), _) => format!(", −{:.3} s", overlap.as_secs_f64()),
        (None, Some(margin)) => format!(", {:.3} s", margin.as_secs_f64()),
        (None, None) => String::new(),
    };
    let unfinished = match sum.failures {
        0 => String::new(),
        count => format!("; {count} not to the end"),
    };
    match rounds.len() {
        0 => "–".to_owned(),
        count => format!("{overlaps} of {count}{margin}{unfinished}"),
    }
}

/// How many programs want to run, on average over a minute; on Linux alone.
fn load() -> f64 {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().and_then(|it| it.parse().ok());
    load.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(hit: &str, is_of_a_peer: bool, verdict: Verdict, failure: Option<&str>) -> Played {
        Played {
            fault: "cut off".to_owned(),
            lineup: vec![hit.to_owned(), "x".to_owned()],
            is_of_a_peer,
            verdict,
            failure: failure.map(str::to_owned),
            begun: Timestamp::UNIX_EPOCH,
            took: Duration::from_secs(1800),
            load: 2.0,
            is_made_good: false,
            is_of_before: false,
        }
    }

    fn verdict(margin: u64, overlap: Option<u64>) -> Verdict {
        Verdict {
            runs: 1,
            overlaps: usize::from(overlap.is_some()),
            smallest_margin: Some(Duration::from_secs(margin)),
            longest_overlap: overlap.map(Duration::from_secs),
            ..Verdict::default()
        }
    }

    fn report(rounds: Vec<Played>) -> Report {
        Report {
            rounds,
            ..Report::new(Path::new(""))
        }
    }

    #[test]
    fn other_clients_are_beside_ours_and_fail_nothing() {
        let report = report(vec![
            played("rust", false, verdict(1, None), None),
            played("java", false, verdict(2, None), None),
            played("go", true, verdict(0, Some(4)), None),
            played("go", true, verdict(3, None), Some("it goes on")),
        ]);
        let text = report.text().unwrap();
        let row = "| cut off | 0 of 2, 1.000 s | 1 of 2, −4.000 s; 1 not to the end |";
        assert!(text.contains(row), "{text}");
        let said = "1970-01-01: 2 rounds for 2 pairs of a fault and whom it hit, and 2 rounds of other clients; \
             2.0 hours";
        assert!(text.contains(said), "{text}");
        assert_eq!(report.verdict(), Ok(()));
    }

    #[test]
    fn ours_may_not_overlap_and_a_round_without_its_end_comes_again() {
        let overlap = report(vec![played("rust", false, verdict(0, Some(1)), None)]);
        assert!(overlap.verdict().unwrap_err().contains("two led"));
        let failed = report(vec![played("rust", false, verdict(1, None), Some("no"))]);
        assert!(failed.verdict().unwrap_err().contains("1 rounds"));
        assert!(failed.played().is_empty());
        assert_eq!(overlap.played().len(), 1);
    }

    /// `rounds` as a later trial finds them, which then plays one of `rust` to its end.
    fn gone_on_after(rounds: Vec<Played>) -> Report {
        let folder = tempfile::tempdir().unwrap();
        let before = Report {
            rounds,
            ..Report::new(folder.path())
        };
        before.save().unwrap();
        let mut report = Report::load(folder.path()).unwrap();
        report.add(played("rust", false, verdict(1, None), None));
        report
    }

    #[test]
    fn a_round_that_a_later_trial_plays_to_its_end_no_longer_fails() {
        let failed = |hit| played(hit, false, verdict(1, None), Some("no"));
        let report = gone_on_after(vec![failed("rust"), failed("rust")]);
        assert_eq!((report.rounds(), report.counted().count()), (3, 1));
        assert_eq!(report.verdict(), Ok(()));
        assert!(gone_on_after(vec![failed("java")]).verdict().is_err());
        let overlap = played("rust", false, verdict(0, Some(1)), Some("no"));
        let overlap = gone_on_after(vec![overlap]).verdict().unwrap_err();
        assert!(overlap.contains("two led"));
    }

    #[test]
    fn what_fails_now_and_then_fails_the_trial() {
        let mut report = report(vec![played("rust", false, verdict(1, None), Some("no"))]);
        report.add(played("rust", false, verdict(1, None), None));
        assert!(report.verdict().is_err());
    }

    #[test]
    fn a_trial_goes_on_from_what_was_saved() {
        let folder = tempfile::tempdir().unwrap();
        let mut report = Report::new(folder.path());
        for count in 1..=2 {
            report.add(played("rust", false, verdict(1, None), None));
            report.save().unwrap();
            assert_eq!(Report::load(folder.path()).unwrap().rounds(), count);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
