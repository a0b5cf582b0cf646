//! Plots of what was measured, as SVG: for each peer a line from the least to the most, and a dot at the
//! median.

use anyhow::{Context, Result, anyhow};
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

use crate::report::number;
use crate::results::{Figure, Measure, Results};

const WIDTH: u32 = 860;
const ROW: u32 = 30;
const LABELS: u32 = 230;
const SURROUNDINGS: u32 = 70;
const FONT: (&str, u32) = ("sans-serif", 14);
const OURS: RGBColor = RGBColor(0x1f, 0x6f, 0xb4);
const THEIRS: RGBColor = RGBColor(0x70, 0x70, 0x70);
/// Left and right of what is plotted.
const ROOM: f64 = 1.3;
/// A page in dark colours shows through, and browsers tell a picture of its page's colours: then what is black and the
/// colours of the rows are lighter.
const STYLE: &str = "<style>\n\
    @media (prefers-color-scheme: dark) {\n\
    [fill='#000000'] { fill: #d0d7de }\n\
    [stroke='#000000'] { stroke: #d0d7de }\n\
    [fill='#1F6FB4'] { fill: #6cb6ff }\n\
    [stroke='#1F6FB4'] { stroke: #6cb6ff }\n\
    [fill='#707070'] { fill: #a8b0b8 }\n\
    [stroke='#707070'] { stroke: #a8b0b8 }\n\
    }\n\
    </style>\n";

/// One peer's row.
struct Row<'a> {
    name: &'a str,
    figure: &'a Figure,
}

/// Where the plot of a measure is, seen from the page.
pub(crate) fn path(measure: Measure) -> String {
    let name = serde_json::to_value(measure).unwrap_or_default();
    format!("measured/{}.svg", name.as_str().unwrap_or_default())
}

/// Whether a plot says more than the table: there are two with numbers.
pub(crate) fn shows(results: &Results, measure: Measure) -> bool {
    results.of(measure).filter_map(|(_, it)| ends(it)).count() > 1
}

/// Draws one measure of all peers.
pub(crate) fn draw(results: &Results, measure: Measure) -> Result<String> {
    let rows: Vec<_> = results
        .of(measure)
        .map(|(peer, figure)| Row {
            name: &peer.name,
            figure,
        })
        .collect();
    let ends: Vec<_> = rows.iter().filter_map(|row| ends(row.figure)).collect();
    let least = ends.iter().map(|it| it.0).fold(f64::INFINITY, f64::min);
    let most = ends.iter().map(|it| it.1).fold(f64::NEG_INFINITY, f64::max);
    let mut svg = String::new();
    let drawn = if least > 0.0 {
        let across = ((least / ROOM)..(most * ROOM)).log_scale();
        draw_rows(&mut svg, measure, &rows, least / ROOM, across)
    } else {
        let room = (most - least) / 10.0;
        draw_rows(
            &mut svg,
            measure,
            &rows,
            least - room,
            (least - room)..(most + room),
        )
    };
    drawn.map_err(|error| anyhow!("{}: {error}", measure.title()))?;
    with_style(&svg)
}

fn with_style(svg: &str) -> Result<String> {
    let (tag, rest) = svg.split_once(">\n").context("the tag of an SVG")?;
    Ok([tag, ">\n", STYLE, rest].concat())
}

fn draw_rows<X>(
    svg: &mut String,
    measure: Measure,
    rows: &[Row<'_>],
    left: f64,
    across: X,
) -> Result<(), Box<dyn std::error::Error>>
where
    X: AsRangedCoord<Value = f64>,
    X::CoordDescType: ValueFormatter<f64>,
{
    let count = u32::try_from(rows.len())?;
    let height = f64::from(count);
    let root =
        SVGBackend::with_string(svg, (WIDTH, SURROUNDINGS + ROW * count)).into_drawing_area();
    let mut chart = ChartBuilder::on(&root)
        .margin(12)
        .caption(measure.title(), FONT)
        .x_label_area_size(28)
        .y_label_area_size(LABELS)
        .build_cartesian_2d(across, height..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(TRANSPARENT)
        .x_labels(6)
        .x_label_formatter(&|it| number(measure, *it))
        .label_style(FONT)
        .y_labels(0)
        .draw()?;
    let middles = std::iter::successors(Some(0.5), |it| Some(it + 1.0));
    for (row, middle) in rows.iter().zip(middles) {
        let colour = if row.name.starts_with("Leasehold") {
            OURS
        } else {
            THEIRS
        };
        let name = Text::new(
            row.name.replace('`', ""),
            (-i32::try_from(LABELS)?, -8),
            FONT,
        );
        chart.draw_series([EmptyElement::at((left, middle)) + name])?;
        if let Some((from, to)) = ends(row.figure) {
            let line = [(from, middle), (to, middle)];
            chart.draw_series(LineSeries::new(line, colour.stroke_width(3)))?;
            if let Some(median) = row.figure.median {
                chart.draw_series([Circle::new((median, middle), 5, colour.filled())])?;
            }
        } else if let Some(note) = &row.figure.note {
            let note = Text::new(note.clone(), (8, -8), FONT);
            chart.draw_series([EmptyElement::at((left, middle)) + note])?;
        }
    }
    root.present()?;
    Ok(())
}

/// The least and the most.
fn ends(figure: &Figure) -> Option<(f64, f64)> {
    Some((
        figure.min.or(figure.median)?,
        figure.max.or(figure.percent99).or(figure.median)?,
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::results::{Peer, Run};

    #[test]
    fn each_colour_of_a_plot_has_another_on_a_dark_page() {
        let peers = ["Leasehold, Rust", "another"].map(|name| Peer {
            name: name.to_owned(),
            version: String::new(),
            language: String::new(),
            figures: BTreeMap::from([(Measure::Handover, Figure::of(vec![1.0, 2.0]))]),
        });
        let run = Run {
            date: String::new(),
            machine: String::new(),
            note: None,
            peers: peers.into(),
        };
        let results = Results { runs: vec![run] };
        let svg = draw(&results, Measure::Handover).unwrap();
        let (_, drawn) = svg.split_once("</style>").unwrap();
        for property in ["fill", "stroke"] {
            for after in drawn.split(&format!("{property}=\"#")).skip(1) {
                let rule = format!("[{property}='#{}']", &after[..6]);
                assert!(STYLE.contains(&rule), "no {rule}");
            }
        }
    }
}
