//! What the demo says in the end.

use console::style;
use leasehold_bench::Moment;

use super::history::History;
use super::judge;
use super::view::readable;

/// What has held, in a sentence.
pub(crate) fn verdict(history: &History, ended: Moment) -> String {
    let left_out = match judge::left_out(history) {
        0 => String::new(),
        seconds => format!(" ({seconds} came due while nobody led)"),
    };
    format!(
        "no job ran twice: {} runs{left_out} in {:.0} s by {} processes, under {} terms, no two of which were at one \
         instant",
        history.runs.len(),
        history.time(ended).as_secs_f64(),
        history.candidates.len(),
        history.terms.len()
    )
}

/// Who led when, and how leadership went from one to the next.
pub(crate) fn print(history: &History, ended: Moment) {
    println!("\n{}", style("Who led").bold());
    for term in &history.terms {
        println!(
            "{:>8.3} s … {:>8.3} s  {:<16} fencing token {:<6} {:>2} runs  {}",
            history.time(term.from).as_secs_f64(),
            history.time(term.until.unwrap_or(ended)).as_secs_f64(),
            history.name(term.who),
            term.token,
            history.runs_of(term),
            term.end
        );
    }
    println!("\n{}", style("Handovers").bold());
    for handover in history.handovers() {
        println!(
            "  {:<8} {:<16} → {:<16} {:>9}; nobody led for {}",
            handover.cause(),
            history.name(handover.old.who),
            history.name(handover.new.who),
            readable(handover.took()),
            readable(handover.gap())
        );
    }
}
