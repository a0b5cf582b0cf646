//! Whether what was promised has held.

use std::collections::HashMap;

use leasehold_tests::{Moment, TermInterval, Timeline};

use crate::history::{History, Run};
use crate::words::instant;

/// What was wrong, each in a sentence; nothing, if all was well. Terms that are not over are taken
/// to last until `now`.
pub(crate) fn faults(history: &History, now: Moment) -> Vec<String> {
    let mut faults = two_leaders(history, now);
    faults.extend(runs_done_twice(history));
    faults.extend(late_runs(history));
    if history.runs.is_empty() {
        faults.push("the job never ran".to_owned());
    }
    faults
}

fn two_leaders(history: &History, now: Moment) -> Vec<String> {
    let intervals = history.terms.iter().map(|term| TermInterval {
        identity: history.name(term.who).to_owned(),
        from: term.from,
        until: term.until.unwrap_or(now),
    });
    let timeline = Timeline::new(intervals);
    let overlaps = timeline.overlaps().map(|(old, new)| {
        format!(
            "two leaders at one instant: {} until {}, {} from {}",
            old.identity,
            instant(history, old.until),
            new.identity,
            instant(history, new.from)
        )
    });
    overlaps.collect()
}

fn runs_done_twice(history: &History) -> Vec<String> {
    let mut first: HashMap<u64, &Run> = HashMap::new();
    let mut faults = Vec::new();
    for run in &history.runs {
        if let Some(earlier) = first.insert(run.due, run) {
            faults.push(format!(
                "the run that was due in second {} was done twice: by {} under fencing token {} and \
                 by {} under fencing token {}",
                run.due,
                history.name(earlier.who),
                earlier.token,
                history.name(run.who),
                run.token
            ));
        }
    }
    faults
}

/// Those of an earlier leader after those of a later one.
fn late_runs(history: &History) -> Vec<String> {
    let pairs = history.runs.iter().zip(history.runs.iter().skip(1));
    let late = pairs.filter(|(before, after)| after.token < before.token);
    let sentences = late.map(|(before, after)| {
        format!(
            "a run of {} under fencing token {} came after one of {} under fencing token {}",
            history.name(after.who),
            after.token,
            history.name(before.who),
            before.token
        )
    });
    sentences.collect()
}

/// How many runs came due and were not done.
pub(crate) fn left_out(history: &History) -> u64 {
    let dues = || history.runs.iter().map(|run| run.due);
    let span = dues()
        .max()
        .zip(dues().min())
        .map_or(0, |(last, first)| last - first + 1);
    span.saturating_sub(history.runs.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::history;

    const LATER: Moment = 1000;

    fn faults_of(ledger: &str) -> String {
        faults(&history(ledger), LATER).join("\n")
    }

    #[test]
    fn leaders_one_after_another_and_each_run_once_are_fine() {
        let ledger = "1 a acquired 1
            2 a run 1 500
            3 a lost 1 stopped
            4 b acquired 2
            5 b run 2 501";
        assert_eq!(faults_of(ledger), "");
    }

    #[test]
    fn two_leaders_at_one_instant_are_found() {
        let found = faults_of("1 a acquired 1\n2 a run 1 500\n4 b acquired 2\n5 a lost 1 expired");
        assert!(
            found.contains("two leaders at one instant: a until"),
            "{found}"
        );
    }

    #[test]
    fn a_leader_that_never_says_that_it_stopped_still_leads() {
        let found = faults_of("1 a acquired 1\n2 a run 1 500\n4 b acquired 2");
        assert!(found.contains("two leaders"), "{found}");
    }

    #[test]
    fn a_run_that_was_done_twice_is_found() {
        let found = faults_of("2 a run 1 500\n3 b run 2 500");
        let said = "the run that was due in second 500 was done twice: by a under fencing token 1 and \
                    by b under fencing token 2";
        assert_eq!(found, said);
    }

    #[test]
    fn a_run_of_an_earlier_leader_after_one_of_a_later_is_found() {
        let found = faults_of("2 b run 2 500\n3 a run 1 501");
        assert!(
            found.contains("a run of a under fencing token 1 came after"),
            "{found}"
        );
    }

    #[test]
    fn a_demo_in_which_nothing_ran_has_shown_nothing() {
        assert_eq!(faults_of("1 a acquired 1"), "the job never ran");
    }

    #[test]
    fn runs_that_nobody_did_are_counted() {
        assert_eq!(left_out(&history("2 a run 1 500\n3 b run 2 504")), 3);
        assert_eq!(left_out(&history("")), 0);
    }
}
