//! Tables and pages of what was measured: numbers with their units, n and spread.

use std::fmt::Write;

use anyhow::Result;

use crate::results::{Figure, Measure, Results, Unit};
use crate::{plot, reasons};

/// Of Leasehold's own rows, those of the core: what its page shows first.
pub(crate) const CORE: &str = "Leasehold, Rust";

/// What the comparison page shows beside each other.
const COMPARED: [(Measure, &str); 5] = [
    (Measure::FirstLeadership, "first leader"),
    (Measure::Handover, "handover after SIGTERM"),
    (Measure::Takeover, "after SIGKILL"),
    (Measure::PartitionMargin, "margin under a partition"),
    (
        Measure::StaleAfterPause,
        "still \"leader\" after SIGSTOP, SIGCONT",
    ),
];

/// What the README shows of Leasehold.
const PROMISED: [Measure; 6] = [
    Measure::FirstLeadership,
    Measure::Handover,
    Measure::AfterExpiry,
    Measure::PartitionMargin,
    Measure::Answer,
    Measure::FurtherCpu,
];

/// A region of a page that people write: what is between its marks is made here.
pub(crate) struct Region {
    pub(crate) name: &'static str,
    /// From the root of the checkout.
    pub(crate) file: &'static str,
    pub(crate) make: fn(&Results) -> String,
}

pub(crate) const REGIONS: [Region; 4] = [
    Region {
        name: "compared",
        file: "README.md",
        make: compared,
    },
    Region {
        name: "leasehold",
        file: "README.md",
        make: leasehold,
    },
    Region {
        name: "compared",
        file: "docs/src/comparison.md",
        make: compared,
    },
    Region {
        name: "cost",
        file: "docs/src/comparison.md",
        make: cost,
    },
];

/// The page with all of it.
pub(crate) fn page(results: &Results) -> Result<String> {
    let mut page = String::from(
        "# All figures\n\n\
         `cargo xtask bench` makes this page, with the pictures. Candidates are processes of their own, on one clock, with a \
         real API server on loopback and 15/10/2 s: three for a handover, a takeover and requests, two for a partition and a pause. Each asks \
         itself every millisecond whether it leads; while memory and processor are measured, once a second.\n\n\
         An answer is measured by the tool of its language: mitata, pyperf, Go's `testing`; that of Rust by a loop, and a sidecar's \
         by an application in Node. Bytes are those of connections that are still open when the measure ends: of a client that opens \
         one for each request, they are too few.\n",
    );
    for run in &results.runs {
        let names: Vec<_> = run
            .peers
            .iter()
            .map(|peer| [&*peer.name, &*peer.version].join(" ").trim().to_owned())
            .collect();
        let (date, machine, names) = (&run.date, &run.machine, names.join(", "));
        let note = run.note.as_deref().unwrap_or_default();
        let line = format!("{date}, {machine}: {names}. {note}");
        let _ = write!(page, "\n{}\n", line.trim_end());
    }
    for measure in results.measures() {
        let _ = write!(page, "\n## {}\n\n", capitalised(measure.title()));
        if plot::shows(results, measure) {
            let _ = write!(
                page,
                "![{}, a line from the least to the most with a dot at the median]({})\n\n",
                measure.title(),
                plot::path(measure)
            );
        }
        page.push_str(
            "| | n | least | median | 99 % | most | |\n|---|---:|---:|---:|---:|---:|---|\n",
        );
        for (peer, figure) in results.of(measure) {
            let Figure {
                n,
                min,
                median,
                percent99,
                max,
                note,
            } = figure;
            let n = n.map(|n| n.to_string()).unwrap_or_default();
            let [min, median, percent99, max] = [min, median, percent99, max]
                .map(|it| it.map(|it| number(measure, it)).unwrap_or_default());
            let note = note.as_deref().unwrap_or_default();
            let name = &peer.name;
            let _ = writeln!(
                page,
                "| {name} | {n} | {min} | {median} | {percent99} | {max} | {note} |"
            );
        }
    }
    page.push_str(&reasons::section(results)?);
    Ok(page)
}

fn leasehold(results: &Results) -> String {
    let mut table = String::from("| | n | median | 99 % | at most |\n|---|---:|---:|---:|---:|\n");
    for measure in PROMISED {
        let Some(figure) = results.figure(CORE, measure) else {
            continue;
        };
        let title = measure.title();
        if measure == Measure::Answer {
            let _ = writeln!(table, "| `is_leader()` | | {} | | |", answers(results));
            continue;
        }
        let n = figure.n.map(|n| n.to_string()).unwrap_or_default();
        let [min, median, percent99, max] =
            [figure.min, figure.median, figure.percent99, figure.max]
                .map(|it| it.map(|it| number(measure, it)).unwrap_or_default());
        // Of a margin, the least counts.
        let max = match measure {
            Measure::PartitionMargin => ["at least ", &min].concat(),
            _ => max,
        };
        let _ = writeln!(table, "| {title} | {n} | {median} | {percent99} | {max} |");
    }
    table
}

fn compared(results: &Results) -> String {
    let titles: Vec<_> = COMPARED.iter().map(|(_, title)| *title).collect();
    let mut table = format!("| | {} |\n", titles.join(" | "));
    let _ = writeln!(table, "|---|{}", "---|".repeat(COMPARED.len()));
    for (name, version) in results.peers() {
        let cells: Vec<_> = COMPARED
            .iter()
            .map(|(measure, _)| {
                let figure = results.figure(name, *measure);
                figure.map_or_else(String::new, |it| cell(*measure, it))
            })
            .collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            let name = [name, version].join(" ");
            let _ = writeln!(table, "| {} | {} |", name.trim(), cells.join(" | "));
        }
    }
    table
}

fn cost(results: &Results) -> String {
    let peers = [CORE, "client-go `IsLeader()`"];
    let mut table = String::from("| | Leasehold | client-go |\n|---|---|---|\n");
    let further = [Measure::FurtherMemory, Measure::FurtherCpu];
    let measures = [Measure::Answer].into_iter().chain(Measure::IDLE);
    for measure in measures.chain(further) {
        let cells = peers.map(|peer| match results.figure(peer, measure) {
            Some(_) if measure == Measure::Answer && peer == CORE => answers(results),
            Some(figure) => cell(measure, figure),
            None => String::new(),
        });
        if cells.iter().any(|cell| !cell.is_empty()) {
            let _ = writeln!(table, "| {} | {} |", measure.title(), cells.join(" | "));
        }
    }
    table
}

/// What one answer costs in each language.
fn answers(results: &Results) -> String {
    let of_leasehold = results.of(Measure::Answer).filter_map(|(peer, figure)| {
        let language = peer.name.strip_prefix("Leasehold, ")?;
        Some(format!("{language} {}", cell(Measure::Answer, figure)))
    });
    of_leasehold.collect::<Vec<_>>().join(", ")
}

/// A figure in one cell.
pub(crate) fn cell(measure: Measure, figure: &Figure) -> String {
    let number = |it| number(measure, it);
    let mut text = match (figure.min, figure.median, figure.percent99, figure.max) {
        // How far apart two leaders are is worth nothing but for the nearest.
        (Some(min), _, _, Some(max)) if measure == Measure::PartitionMargin => {
            range(&number(min), &number(max))
        }
        (_, Some(median), Some(most), _) => format!("{}, 99 %: {}", number(median), number(most)),
        (_, Some(median), None, Some(max)) if number(median) != number(max) => {
            format!("{}, at most {}", number(median), number(max))
        }
        (_, Some(median), _, _) => number(median),
        (Some(min), None, _, Some(max)) => range(&number(min), &number(max)),
        _ => String::new(),
    };
    if let (Some(n), false) = (figure.n, text.is_empty()) {
        let _ = write!(text, " ({n})");
    }
    if let Some(note) = &figure.note {
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(note);
    }
    text
}

fn range(from: &str, to: &str) -> String {
    if from == to {
        return from.to_owned();
    }
    format!("{from} to {to}")
}

/// A number of a measure with its unit, to three digits.
pub(crate) fn number(measure: Measure, number: f64) -> String {
    const UNITS_OF_TIME: [(f64, &str); 4] = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];
    const UNITS_OF_MEMORY: [(f64, &str); 3] =
        [(1024.0 * 1024.0, "MiB"), (1024.0, "KiB"), (1.0, "bytes")];
    let scaled = |units: &[(f64, &'static str)]| {
        // What is shown as 1,000 of one is one of the next.
        let fits = units.iter().find(|(one, _)| number.abs() >= 0.9995 * one);
        let (one, unit) = *fits.unwrap_or(&units[units.len() - 1]);
        format!("{} {unit}", three_digits(number / one))
    };
    let text = match measure.unit() {
        Unit::Seconds => scaled(&UNITS_OF_TIME),
        Unit::Bytes => scaled(&UNITS_OF_MEMORY),
        Unit::Count => three_digits(number),
        Unit::BytesPerSecond => format!("{}/s", scaled(&UNITS_OF_MEMORY)),
        Unit::PerSecond => format!("{}/s", three_digits(number)),
        Unit::Percent => format!("{} % of a core", three_digits(number)),
    };
    if measure == Measure::PartitionMargin && number > 0.0 {
        return ["+", &text].concat();
    }
    text
}

fn three_digits(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let magnitude = number.abs().log10().floor();
    let mut decimals = 0_usize;
    let mut place = magnitude - 2.0;
    while place < 0.0 {
        decimals += 1;
        place += 1.0;
    }
    let text = format!("{number:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    text.replace('-', "−")
}

fn capitalised(title: &str) -> String {
    let mut letters = title.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_the_unit_that_fits() {
        let seconds = |it| number(Measure::Handover, it);
        assert_eq!(seconds(27e-9), "27 ns");
        assert_eq!(seconds(0.0079), "7.9 ms");
        assert_eq!(seconds(0.012_54), "12.5 ms");
        assert_eq!(seconds(0.999_9), "1 s");
        assert_eq!(seconds(15.0), "15 s");
        assert_eq!(number(Measure::Installed, 2_621_440.0), "2.5 MiB");
        assert_eq!(number(Measure::FurtherCpu, 0.006), "0.006 % of a core");
        assert_eq!(number(Measure::Reads, 0.0), "0/s");
    }

    #[test]
    fn a_margin_has_its_sign() {
        let figure = Figure::of(vec![-4.8, -2.1]);
        assert_eq!(
            cell(Measure::PartitionMargin, &figure),
            "−4.8 s to −2.1 s (2)"
        );
        assert_eq!(number(Measure::PartitionMargin, 5.0), "+5 s");
    }

    #[test]
    fn a_cell_says_how_many_and_what_no_number_says() {
        let figure = Figure::of(vec![0.004, 0.005, 0.006]);
        assert_eq!(cell(Measure::Handover, &figure), "5 ms, at most 6 ms (3)");
        let figure = figure.with_note(Some("once nobody".to_owned()));
        assert_eq!(
            cell(Measure::Handover, &figure),
            "5 ms, at most 6 ms (3); once nobody"
        );
        assert_eq!(cell(Measure::Handover, &Figure::note("never")), "never");
    }
}
