//! What was measured: kept in `bench/results.json`, from which all pages are made.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// So many are needed for the one that 99 % do not exceed to differ from the longest.
const ENOUGH_FOR_99_PERCENT: usize = 100;

/// What is measured, in the order in which it is shown.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Measure {
    Start,
    ColdLeadership,
    FirstLeadership,
    Handover,
    Takeover,
    AfterExpiry,
    ProvenTakeover,
    ProvenTakeoverFile,
    PartitionMargin,
    StaleAfterPause,
    LeaderMemory,
    StandbyMemory,
    Threads,
    Connections,
    LeaderCpu,
    StandbyCpu,
    Reads,
    Writes,
    Installed,
    Import,
    Answer,
    Clock,
    CrowdReads,
    CrowdWrites,
    CrowdBytes,
    CrowdServerCpu,
    FurtherMemory,
    FurtherCpu,
    FurtherStandbyMemory,
    FurtherStandbyCpu,
}

/// What a measure's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Bytes,
    Count,
    PerSecond,
    BytesPerSecond,
    Percent,
}

/// One measure of one peer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figure {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) n: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) min: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) median: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) percent99: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max: Option<f64>,
    /// What a number cannot say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

/// What was measured of one peer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) version: String,
    /// What an application of it is written in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) language: String,
    pub(crate) figures: BTreeMap<Measure, Figure>,
}

/// What was measured on one day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) date: String,
    pub(crate) machine: String,
    /// How it was measured, if otherwise than by this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    pub(crate) peers: Vec<Peer>,
}

/// All that is shown: of each measure of each peer, what was measured last.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) runs: Vec<Run>,
}

impl Measure {
    /// What programs measure themselves.
    pub(crate) const PROBED: [Self; 2] = [Self::Answer, Self::Clock];

    /// Of many candidates for one Lease.
    pub(crate) const CROWD: [Self; 4] = [
        Self::CrowdReads,
        Self::CrowdWrites,
        Self::CrowdBytes,
        Self::CrowdServerCpu,
    ];

    /// Of an election that has nothing to do.
    pub(crate) const IDLE: [Self; 8] = [
        Self::Reads,
        Self::Writes,
        Self::LeaderMemory,
        Self::StandbyMemory,
        Self::Threads,
        Self::Connections,
        Self::LeaderCpu,
        Self::StandbyCpu,
    ];

    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::LeaderMemory
            | Self::StandbyMemory
            | Self::Installed
            | Self::FurtherMemory
            | Self::FurtherStandbyMemory => Unit::Bytes,
            Self::Threads | Self::Connections => Unit::Count,
            Self::Reads | Self::Writes | Self::CrowdReads | Self::CrowdWrites => Unit::PerSecond,
            Self::CrowdBytes => Unit::BytesPerSecond,
            Self::LeaderCpu
            | Self::StandbyCpu
            | Self::CrowdServerCpu
            | Self::FurtherCpu
            | Self::FurtherStandbyCpu => Unit::Percent,
            _ => Unit::Seconds,
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Start => "start of the process, until it takes part",
            Self::ColdLeadership => "first leadership, from the start of the process",
            Self::FirstLeadership => "first leadership on a fresh Lease, from when it takes part",
            Self::Handover => "handover after SIGTERM",
            Self::Takeover => "takeover after SIGKILL",
            Self::AfterExpiry => "takeover after SIGKILL, from when the Lease expired",
            Self::ProvenTakeover => "takeover after SIGKILL, proven dead by the kernel",
            Self::ProvenTakeoverFile => "the same in mode `file`",
            Self::PartitionMargin => {
                "the old leader stops before the new one starts, under a silent partition"
            }
            Self::StaleAfterPause => "still \"leader\" after SIGSTOP, SIGCONT",
            Self::LeaderMemory => "resident memory of a leader's process",
            Self::StandbyMemory => "resident memory of a standby's process",
            Self::Threads => "threads of a leader's process",
            Self::Connections => "connections of a leader's process",
            Self::LeaderCpu => "processor, leading",
            Self::StandbyCpu => "processor, standing by",
            Self::Reads => "reads of the API server",
            Self::Writes => "writes to the API server",
            Self::Installed => "what is installed",
            Self::Import => "import of the library, in a new process",
            Self::Answer => "one answer",
            Self::Clock => "a look at the clock alone, to compare with",
            Self::CrowdReads => "reads of the API server by many candidates for one Lease",
            Self::CrowdWrites => "writes to the API server by many candidates for one Lease",
            Self::CrowdBytes => {
                "bytes of many candidates for one Lease, on connections that stay open"
            }
            Self::CrowdServerCpu => "processor of the API server for many candidates for one Lease",
            Self::FurtherMemory => "memory of each further election, leading",
            Self::FurtherCpu => "processor of each further election, leading",
            Self::FurtherStandbyMemory => "memory of each further election, standing by",
            Self::FurtherStandbyCpu => "processor of each further election, standing by",
        }
    }
}

impl Peer {
    pub(crate) fn is_leasehold(&self) -> bool {
        self.name.starts_with("Leasehold")
    }
}

impl Figure {
    /// What `samples` show.
    pub(crate) fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_unstable_by(f64::total_cmp);
        let last = samples.len().saturating_sub(1);
        let at = |percent: usize| samples.get((percent * last + 50) / 100).copied();
        Self {
            n: Some(samples.len()),
            min: at(0),
            median: at(50),
            percent99: at(99).filter(|_| samples.len() >= ENOUGH_FOR_99_PERCENT),
            max: at(100),
            note: None,
        }
    }

    /// One number, of something that does not vary.
    pub(crate) fn one(number: f64) -> Self {
        Self {
            median: Some(number),
            ..Self::default()
        }
    }

    /// Words where there is no number.
    pub(crate) fn note(note: impl Into<String>) -> Self {
        Self {
            note: Some(note.into()),
            ..Self::default()
        }
    }

    #[must_use]
    pub(crate) fn with_note(self, note: Option<String>) -> Self {
        Self { note, ..self }
    }
}

impl Results {
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{}", path.display()))
    }

    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Takes what `run` has measured in place of what was measured of it before.
    pub(crate) fn add(&mut self, run: Run) {
        let measured: BTreeSet<_> = run
            .peers
            .iter()
            .flat_map(|peer| peer.figures.keys().map(|it| (peer.name.clone(), *it)))
            .collect();
        for old in &mut self.runs {
            for peer in &mut old.peers {
                let name = &peer.name;
                let is_old = |it: &Measure| measured.contains(&(name.clone(), *it));
                peer.figures.retain(|measure, _| !is_old(measure));
            }
            old.peers.retain(|peer| !peer.figures.is_empty());
        }
        self.runs.insert(0, run);
        self.runs.retain(|run| !run.peers.is_empty());
    }

    /// The measure of each peer that has one, with its version then.
    pub(crate) fn of(&self, measure: Measure) -> impl Iterator<Item = (&Peer, &Figure)> {
        let peers = self.runs.iter().flat_map(|run| &run.peers);
        peers.filter_map(move |peer| Some((peer, peer.figures.get(&measure)?)))
    }

    /// Of one peer.
    pub(crate) fn figure(&self, peer: &str, measure: Measure) -> Option<&Figure> {
        let mut all = self.of(measure);
        all.find(|(it, _)| it.name == peer)
            .map(|(_, figure)| figure)
    }

    /// The names of all peers with their versions, each once, in the order in which they were measured.
    pub(crate) fn peers(&self) -> Vec<(&str, &str)> {
        let mut seen = BTreeSet::new();
        let peers = self.runs.iter().flat_map(|run| &run.peers);
        peers
            .filter(|peer| seen.insert(&peer.name))
            .map(|peer| (&*peer.name, &*peer.version))
            .collect()
    }

    /// The measures that any peer has, in their order.
    pub(crate) fn measures(&self) -> BTreeSet<Measure> {
        let peers = self.runs.iter().flat_map(|run| &run.peers);
        peers
            .flat_map(|peer| peer.figures.keys().copied())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(date: &str, peer: &str, measure: Measure, seconds: f64) -> Run {
        Run {
            date: date.to_owned(),
            machine: String::new(),
            note: None,
            peers: vec![Peer {
                name: peer.to_owned(),
                version: String::new(),
                language: String::new(),
                figures: [(measure, Figure::one(seconds))].into(),
            }],
        }
    }

    #[test]
    fn a_figure_says_how_many_and_how_far_apart() {
        let figure = Figure::of((1_u8..=100).rev().map(f64::from).collect());
        assert_eq!(figure.n, Some(100));
        assert_eq!((figure.min, figure.max), (Some(1.0), Some(100.0)));
        assert_eq!(figure.median, Some(51.0));
        assert_eq!(figure.percent99, Some(99.0));
    }

    #[test]
    fn few_samples_have_no_99th_percent() {
        assert_eq!(Figure::of(vec![1.0; 99]).percent99, None);
    }

    #[test]
    fn what_is_measured_again_is_shown_and_the_rest_stays() {
        let mut results = Results::default();
        results.add(run("1", "a", Measure::Handover, 1.0));
        results.add(run("2", "b", Measure::Handover, 2.0));
        results.add(run("3", "a", Measure::Handover, 3.0));
        let dates: Vec<_> = results.runs.iter().map(|run| &*run.date).collect();
        assert_eq!(dates, ["3", "2"]);
        let median = |peer| results.figure(peer, Measure::Handover)?.median;
        assert_eq!((median("a"), median("b")), (Some(3.0), Some(2.0)));
    }
}
