//! Processes that take part in one election, in which one fault follows another.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fastrand::Rng;

use super::ENVIRONMENT;
use super::series::{Life, Series};
use crate::faults::Fault;
use crate::{Entrant, Testbed, Usage};

/// Those of the table that no candidate's life or settings are part of, by the names of their tests.
const ENDURED: [&str; 14] = [
    "access::rights_that_are_taken_from_a_leader",
    "api_server::an_api_server_that_was_killed_and_started_again",
    "api_server::an_api_server_that_was_stopped_and_goes_on",
    "etcd::an_etcd_that_was_killed_and_started_again",
    "etcd::an_etcd_that_was_stopped_and_goes_on",
    "lease_by_hand::a_holder_that_is_emptied_while_the_leader_cannot_see_it",
    "lease_by_hand::a_lease_that_another_client_takes",
    "lease_by_hand::a_lease_that_is_deleted",
    "lease_by_hand::a_lease_that_is_deleted_while_the_leader_cannot_see_it",
    "network::a_leader_that_is_cut_off_in_both_directions",
    "network::a_leader_whose_answers_get_lost",
    "network::a_leader_whose_connections_are_reset",
    "network::a_leader_whose_requests_get_lost",
    "network::everyone_is_cut_off",
];

/// How often each process is looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// Candidates ask themselves whether they lead, less often than in a trial, which is not to be what they
/// do most.
const QUESTIONS: &str = "CANDIDATE_PERIOD_MS=20";

type Processes = BTreeMap<String, (Usage, Mutex<Series>)>;

/// Lets one of each of `entrants` take part in one election until a moment, unless `ended` is set. Returns what
/// became of each. It is an error if a fault was not what it is, and if two ever led at one instant.
pub fn live_under_faults(
    entrants: &[Entrant],
    until: Instant,
    seed: u64,
    ended: &AtomicBool,
    tell: impl Fn(&str),
) -> Result<(Vec<Life>, Result<()>)> {
    let testbed = Testbed::start(&[])?;
    let mut random = Rng::with_seed(seed);
    let trial = testbed.empty_trial("soak");
    let mut trial = trial.with(entrants, random.fork());
    trial.run_by(run_by());
    trial.grant()?;
    let mut processes = BTreeMap::new();
    for _ in entrants {
        let name = trial.enter()?;
        let usage = Usage::new(trial.candidate(&name).id());
        processes.insert(name, (usage, Mutex::new(Series::default())));
    }

    let faults = endured().collect::<Result<Vec<_>>>()?;
    let is_over = AtomicBool::new(false);
    let mut happened = 0;
    let outcome = thread::scope(|scope| {
        scope.spawn(|| look_at(&processes, &is_over));
        let mut left = Vec::new();
        let mut endure = || -> Result<()> {
            while Instant::now() < until && !ended.load(Ordering::Relaxed) {
                if left.is_empty() {
                    left.clone_from(&faults);
                    random.shuffle(&mut left);
                }
                let fault = left.pop().context("a fault")?;
                fault.happen(&mut trial).context(fault.name)?;
                happened += 1;
                tell(&format!("fault {happened}: {}", fault.name));
            }
            Ok(())
        };
        let outcome = endure();
        is_over.store(true, Ordering::Relaxed);
        outcome
    });
    let outcome = outcome.and_then(|()| trial.judge());
    let lives = processes.into_iter().map(|(name, (_, series))| Life {
        name,
        did: format!("{happened} faults"),
        series: series.into_inner().unwrap_or_default(),
        failure: None,
    });
    Ok((lives.collect(), outcome))
}

/// What all programs of the election are run by.
fn run_by() -> Vec<String> {
    let mut words = ["env", QUESTIONS].map(str::to_owned).to_vec();
    words.extend(ENVIRONMENT.map(|(name, value)| format!("{name}={value}")));
    words
}

fn look_at(processes: &Processes, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        for (usage, series) in processes.values() {
            // One that has ended is missed by the trial.
            let _ = lock(series).look_at(usage);
        }
        thread::sleep(PERIOD);
    }
}

fn endured() -> impl Iterator<Item = Result<&'static Fault>> {
    ENDURED.iter().map(|test| {
        let fault = Fault::all().find(|fault| fault.test() == *test);
        fault.with_context(|| format!("no fault {test}"))
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_one_of_the_table() {
        for fault in endured() {
            fault.unwrap();
        }
    }
}
