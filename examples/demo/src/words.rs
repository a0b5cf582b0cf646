//! What the demo says: as it goes on, and in the end.

use std::time::Duration;

use console::style;
use leasehold_tests::{Moment, Sidecar};

use crate::candidate::LEASE_DURATION;
use crate::handover::{Deed, Handover};
use crate::history::{History, Term, between};
use crate::joining::Kind;
use crate::judge;

/// What comes of a deed that ends a leadership.
pub(crate) fn consequence(deed: Deed, kind: Kind) -> String {
    match (deed, kind) {
        (Deed::Kill, _) => format!("its Lease expires after {LEASE_DURATION}"),
        (Deed::Pause, _) => "it is frozen, and its Lease expires".to_owned(),
        (_, Kind::Application) => "it stops its work, and releases the Lease".to_owned(),
        (_, Kind::Sidecar) => {
            format!(
                "its answer turns; it releases the Lease after {}",
                Sidecar::RELEASE_DELAY
            )
        }
    }
}

/// That a term has begun, and how long the handover took.
pub(crate) fn leads(history: &History, term: &Term) -> String {
    let leader = history.name(term.who);
    let leads = format!("{leader} leads under fencing token {}", term.token);
    let handover = Handover::all(history).find(|handover| handover.new.from == term.from);
    match handover {
        None => leads,
        Some(handover) => {
            let took = readable(handover.took());
            format!("{leads}, {took} after {}", handover.cause())
        }
    }
}

/// That one who was paused knows that its term is over; nothing, if it was not paused.
pub(crate) fn woken(history: &History, who: &str, token: u64, moment: Moment) -> Option<String> {
    let mut acts = history.acts.iter().rev();
    let woken = acts.find(|act| act.deed == Deed::Resume && history.name(act.who) == who)?;
    let mut terms = history.terms.iter();
    let term = terms.find(|term| term.token == token)?;
    term.until.filter(|until| *until < woken.moment)?;
    let after = readable(between(woken.moment, moment));
    Some(format!(
        "{who} says that it no longer leads, {after} after it woke"
    ))
}

/// What has held, in a sentence.
pub(crate) fn verdict(history: &History, ended: Moment) -> String {
    let left_out = match judge::left_out(history) {
        0 => String::new(),
        seconds => {
            format!(" ({seconds} more were due in between, and did not run)")
        }
    };
    format!(
        "no job ran twice: {} runs{left_out} in {:.0} s by {} processes, under {} terms, no two at \
         the same time",
        history.runs.len(),
        history.time(ended).as_secs_f64(),
        history.candidates.len(),
        history.terms.len()
    )
}

/// Who led when, and how leadership went from one to the next.
pub(crate) fn sum_up(history: &History, ended: Moment) {
    println!("\n{}", style("Who led").bold());
    for term in &history.terms {
        println!(
            "{:>10} … {:>10}  {:<16} fencing token {:<6} {:>2} runs  {}",
            instant(history, term.from),
            instant(history, term.until.unwrap_or(ended)),
            history.name(term.who),
            term.token,
            history.runs_of(term),
            term.end
        );
    }
    println!("\n{}", style("Handovers").bold());
    for handover in Handover::all(history) {
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

/// A duration with as many digits as matter.
pub(crate) fn readable(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{:.1} ms", duration.as_secs_f64() * 1e3)
    } else {
        format!("{:.2} s", duration.as_secs_f64())
    }
}

/// A moment, as the time since the demo began.
pub(crate) fn instant(history: &History, moment: Moment) -> String {
    format!("{:.3} s", history.time(moment).as_secs_f64())
}
