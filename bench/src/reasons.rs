//! Where a peer is ahead of Leasehold, and why: no such measure is without a reason that somebody has written.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::pages;
use crate::report::{self, CORE};
use crate::results::{Figure, Measure, Peer, Results};

/// From the root of the checkout.
pub(crate) const FILE: &str = "bench/reasons.json";
/// Less is no difference that anybody has measured.
const SAME: f64 = 0.05;

/// Why peers are ahead in a measure.
#[derive(Deserialize)]
struct Reason {
    measure: Measure,
    /// Of this one; of all for which there is none of their own, if none is named.
    #[serde(default)]
    peer: Option<String>,
    why: String,
}

/// A peer that is ahead.
struct Ahead<'a> {
    measure: Measure,
    peer: &'a Peer,
    theirs: &'a Figure,
    ours: &'a Figure,
}

/// The part of a page that lists them all.
pub(crate) fn section(results: &Results) -> Result<String> {
    let reasons = load()?;
    let mut section = String::from(
        "\n## Where another client is ahead\n\n\
         By its median, against Leasehold in the same language, or else in Rust, if they are more than 5 % apart.\n\n\
         | measure | | its median | Leasehold's | why |\n|---|---|---:|---:|---|\n",
    );
    for it in ahead(results) {
        let number = |figure: &Figure| {
            let median = figure
                .median
                .map(|median| report::number(it.measure, median));
            median.unwrap_or_default()
        };
        let why = why(&reasons, &it).unwrap_or("no reason is written yet");
        let (title, name) = (it.measure.title(), &it.peer.name);
        let (theirs, ours) = (number(it.theirs), number(it.ours));
        let _ = writeln!(section, "| {title} | {name} | {theirs} | {ours} | {why} |");
    }
    Ok(section)
}

/// Those that nobody has given a reason for.
pub(crate) fn missing(results: &Results) -> Result<Vec<String>> {
    let reasons = load()?;
    let ahead = ahead(results);
    let missing = ahead.iter().filter(|it| why(&reasons, it).is_none());
    Ok(missing
        .map(|it| format!("{}, {}", it.measure.title(), it.peer.name))
        .collect())
}

fn load() -> Result<Vec<Reason>> {
    let text =
        fs::read_to_string(pages::root().join(FILE)).with_context(|| format!("no {FILE}"))?;
    serde_json::from_str(&text).context(FILE)
}

fn why<'a>(reasons: &'a [Reason], ahead: &Ahead<'_>) -> Option<&'a str> {
    let of_measure = || reasons.iter().filter(|it| it.measure == ahead.measure);
    let own = of_measure().find(|it| it.peer.as_deref() == Some(&ahead.peer.name));
    let of_all = of_measure().find(|it| it.peer.is_none());
    own.or(of_all).map(|it| &*it.why)
}

fn ahead(results: &Results) -> Vec<Ahead<'_>> {
    let mut all = Vec::new();
    for measure in results.measures() {
        if measure == Measure::Clock {
            continue;
        }
        let figures = || results.of(measure);
        let theirs = figures().filter(|(peer, _)| !peer.is_leasehold());
        for (peer, theirs) in theirs {
            let ours = |is_it: &dyn Fn(&Peer) -> bool| {
                let mut ours = figures().filter(|(it, _)| it.is_leasehold() && is_it(it));
                ours.next().map(|(_, figure)| figure)
            };
            let same_language = |it: &Peer| !it.language.is_empty() && it.language == peer.language;
            let Some(ours) = ours(&same_language).or_else(|| ours(&|it| it.name == CORE)) else {
                continue;
            };
            if is_ahead(measure, theirs, ours) {
                all.push(Ahead {
                    measure,
                    peer,
                    theirs,
                    ours,
                });
            }
        }
    }
    all
}

fn is_ahead(measure: Measure, theirs: &Figure, ours: &Figure) -> bool {
    let (Some(theirs), Some(ours)) = (theirs.median, ours.median) else {
        return false;
    };
    if measure == Measure::PartitionMargin {
        return theirs > ours + SAME * ours.abs();
    }
    theirs < ours - SAME * ours.abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Run;

    fn peer(name: &str, language: &str, median: f64) -> Peer {
        Peer {
            name: name.to_owned(),
            version: String::new(),
            language: language.to_owned(),
            figures: [(Measure::LeaderMemory, Figure::one(median))].into(),
        }
    }

    #[test]
    fn a_peer_is_compared_with_ours_in_its_language() {
        let peers = vec![
            peer(CORE, "rust", 10.0),
            peer("Leasehold, Python", "python", 40.0),
            peer("kubert", "rust", 20.0),
            peer("kubernetes for Python", "python", 30.0),
            peer("client-go", "go", 9.0),
        ];
        let run = Run {
            date: String::new(),
            machine: String::new(),
            note: None,
            peers,
        };
        let results = Results { runs: vec![run] };
        let names: Vec<_> = ahead(&results)
            .iter()
            .map(|it| it.peer.name.clone())
            .collect();
        assert_eq!(names, ["kubernetes for Python", "client-go"]);
    }

    #[test]
    fn of_a_margin_more_is_better() {
        let [more, less] = [6.0, 5.0].map(Figure::one);
        assert!(is_ahead(Measure::PartitionMargin, &more, &less));
        assert!(!is_ahead(Measure::PartitionMargin, &less, &more));
        assert!(is_ahead(Measure::Handover, &less, &more));
        assert!(!is_ahead(Measure::Handover, &Figure::one(5.99), &more));
    }

    #[test]
    fn each_measure_has_a_reason_that_can_be_read() {
        assert!(load().unwrap().iter().all(|it| it.why.len() > 20));
    }
}
