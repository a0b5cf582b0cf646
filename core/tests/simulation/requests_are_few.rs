//! No matter what goes wrong, a candidate does not storm the API server.

use crate::verdicts::{Violation, assert_holds};
use crate::world::Run;
use crate::world::timeline::{Entry, Kind, What, Who};

/// The most requests within one retry period, beside those that somebody wants or causes: a few
/// rounds of a lost race or of a broken watch.
const MOST: usize = 8;

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    for (place, entry) in run.entries.iter().enumerate() {
        let (Who::Candidate(name), What::Sends(..)) = (entry.who, &entry.what) else {
            continue;
        };
        let period = run.plan.candidates[name.slot].retry_period;
        let recent = run.entries[..=place]
            .iter()
            .rev()
            .take_while(|before| before.at + period >= entry.at);
        let own = recent.clone().filter(|before| before.who == entry.who);
        let sent = own.filter(|own| matches!(own.what, What::Sends(..)));
        let (sent, caused) = (
            sent.count(),
            recent.map(|it| causes(it, entry.who)).sum::<usize>(),
        );
        if sent > MOST + caused {
            let what = format!("{name} sends {sent} requests within {period:?}");
            return Violation::new(entry.at, what);
        }
    }
    Ok(())
}

/// How many requests of `who` this explains.
fn causes(entry: &Entry, who: Who) -> usize {
    match &entry.what {
        // A conflict, and a read.
        What::Stores(stored) if matches!(stored.kind, Kind::Foreign(_)) => 2,
        _ if entry.who != who => 0,
        // That it begins, and that it is done.
        What::SaysDone { .. } | What::WorkFails { .. } => 2,
        What::Fires { .. } => 1,
        // A look at it, and that it is acquired and released.
        What::Wants => 3,
        _ => 0,
    }
}

#[test]
fn a_retry_period_sees_a_handful_of_requests() {
    assert_holds(check);
}
