//! Simulates each seed once, and lets every invariant judge the run.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;
use std::{fs, thread};

use serde_json::json;

use crate::world::timeline::{Entry, What};
use crate::world::{Run, simulate};
use crate::{
    a_leader_again, dead_applications_do_not_lead, events_match_answers, faults_happen,
    faults_meet, firings_run_once, never_silent, never_two_leaders, ours_only, requests_are_few,
    stops_end, tokens_only_grow, unexpired_leases_are_left_alone, work_ends_before_release,
    work_runs_once,
};

const DEFAULT_RUNS: u64 = 300;
/// The file that gets what has been reached, as JSON.
const REPORT: &str = "LEASEHOLD_SIM_REPORT";
/// How much of a run a failure shows, up to the entry at fault.
const SHOWN: usize = 120;

/// A promise, and how a run is judged by it.
pub(crate) type Invariant = fn(&Run) -> Result<(), Violation>;

const INVARIANTS: [(&str, Invariant); 13] = [
    ("a leader again", a_leader_again::check),
    (
        "dead applications do not lead",
        dead_applications_do_not_lead::check,
    ),
    ("events match answers", events_match_answers::check),
    ("firings run once", firings_run_once::check),
    ("never silent", never_silent::check),
    ("never two leaders", never_two_leaders::check),
    ("ours only", ours_only::check),
    ("requests are few", requests_are_few::check),
    ("stops end", stops_end::check),
    ("tokens only grow", tokens_only_grow::check),
    (
        "unexpired leases are left alone",
        unexpired_leases_are_left_alone::check,
    ),
    ("work ends before release", work_ends_before_release::check),
    ("work runs once", work_runs_once::check),
];

/// What a run did wrong, and when it showed.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) at: Duration,
    pub(crate) what: String,
}

impl Violation {
    pub(crate) fn new<T>(at: Duration, what: impl Into<String>) -> Result<T, Self> {
        let what = what.into();
        Err(Self { at, what })
    }
}

/// Fails with the first run that breaks `invariant`.
pub(crate) fn assert_holds(invariant: Invariant) {
    let (name, _) = INVARIANTS
        .iter()
        .find(|(_, known)| std::ptr::fn_addr_eq(*known, invariant))
        .expect("every invariant is in the list");
    let verdicts = &*VERDICTS;
    let broken = verdicts
        .broken
        .iter()
        .filter(|(_, names)| names.contains_key(name));
    let seeds: Vec<_> = broken.clone().map(|(seed, _)| *seed).collect();
    if let Some((seed, names)) = broken.into_iter().next() {
        panic!("{}", tell(*seed, name, &names[name], &seeds));
    }
}

/// How often each kind of thing happened, over all runs.
pub(crate) fn happened() -> &'static BTreeMap<String, u64> {
    &VERDICTS.happened
}

static VERDICTS: LazyLock<Verdicts> = LazyLock::new(Verdicts::reach);

#[derive(Default)]
struct Verdicts {
    runs: u64,
    /// How much time has passed in all runs, for them.
    virtual_time: Duration,
    entries: usize,
    terms: u64,
    /// The shortest time without a leader before an expired Lease was taken, in the time that the
    /// settings promise.
    margin: Option<f64>,
    broken: BTreeMap<u64, BTreeMap<&'static str, Violation>>,
    happened: BTreeMap<String, u64>,
}

impl Verdicts {
    fn reach() -> Self {
        let seeds = Mutex::new(seeds());
        let verdicts = Mutex::new(Self::default());
        let judge_all = || {
            while let Some(seed) = with(&seeds, Iterator::next) {
                let mut verdict = Self::default();
                verdict.judge(&simulate(seed));
                with(&verdicts, |verdicts| verdicts.add(verdict));
            }
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(judge_all);
            }
        });
        let verdicts = verdicts
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        println!(
            "runs: {} seeds, {} virtual seconds, {} entries",
            verdicts.runs,
            verdicts.virtual_time.as_secs(),
            verdicts.entries
        );
        if let Some(file) = env::var_os(REPORT) {
            let report = verdicts.report().to_string();
            fs::write(&file, report).expect("the report's file can be written");
        }
        verdicts
    }

    /// For `cargo xtask simulate`, which adds up many of them.
    fn report(&self) -> serde_json::Value {
        let reached = |names: Vec<String>| -> BTreeMap<_, _> {
            let times = |name: String| {
                let times = self.happened.get(&name).copied().unwrap_or_default();
                (name, times)
            };
            names.into_iter().map(times).collect()
        };
        json!({
            "seeds": self.runs,
            "seconds": self.virtual_time.as_secs_f64(),
            "terms": self.terms,
            "margin": self.margin,
            "kinds": reached(faults_happen::possible()),
            "pairs": reached(faults_meet::possible()),
            "broken": self.broken.keys().collect::<Vec<_>>(),
        })
    }

    fn judge(&mut self, run: &Run) {
        self.runs = 1;
        self.virtual_time = run.entries.last().map_or(Duration::ZERO, |last| last.at);
        self.entries = run.entries.len();
        let begins = |entry: &&Entry| matches!(entry.what, What::Leads { .. });
        self.terms = run.entries.iter().filter(begins).count() as u64;
        self.margin = never_two_leaders::smallest_margin(run);
        for (name, invariant) in INVARIANTS {
            if let Err(violation) = invariant(run) {
                let broken = self.broken.entry(run.plan.seed).or_default();
                broken.insert(name, violation);
            }
        }
        for kind in faults_happen::kinds(run)
            .into_iter()
            .chain(faults_meet::meetings(run))
        {
            *self.happened.entry(kind).or_default() += 1;
        }
    }

    fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.virtual_time += other.virtual_time;
        self.entries += other.entries;
        self.terms += other.terms;
        let margins = self.margin.into_iter().chain(other.margin);
        self.margin = margins.reduce(f64::min);
        self.broken.extend(other.broken);
        for (kind, times) in other.happened {
            *self.happened.entry(kind).or_default() += times;
        }
    }
}

fn with<T, R>(mutex: &Mutex<T>, work: impl FnOnce(&mut T) -> R) -> R {
    work(&mut mutex.lock().unwrap_or_else(PoisonError::into_inner))
}

fn seeds() -> std::ops::RangeInclusive<u64> {
    if let Some(seed) = replayed() {
        return seed..=seed;
    }
    let from = number("LEASEHOLD_SIM_FROM").unwrap_or(1);
    from..=from + number("LEASEHOLD_SIM_RUNS").unwrap_or(DEFAULT_RUNS) - 1
}

/// Whether enough has run for all that can happen to have happened.
pub(crate) fn has_run_all() -> bool {
    seeds().count() as u64 >= DEFAULT_RUNS && env::var_os(REPORT).is_none()
}

/// The one seed to run again.
fn replayed() -> Option<u64> {
    number("LEASEHOLD_SIM_SEED")
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|error| panic!("{variable} = {text}: {error}")))
}

/// The run again, up to the entry at fault: all of it where one seed was asked for.
fn tell(seed: u64, name: &str, violation: &Violation, seeds: &[u64]) -> String {
    let run = simulate(seed);
    let until = run
        .entries
        .partition_point(|entry| entry.at <= violation.at);
    let from = match replayed() {
        Some(_) => 0,
        None => until.saturating_sub(SHOWN),
    };
    let mut text = format!("{:#?}\n", run.plan);
    write_all(&mut text, &run.entries[from..until]);
    let at = violation.at.as_secs_f64();
    let _ = write!(
        text,
        "\nseed {seed} breaks the promise `{name}` at {at:.3} s: {}\n\
         broken in {} runs: {seeds:?}\n\
         again: LEASEHOLD_SIM_SEED={seed} cargo test -p leasehold --test simulation",
        violation.what,
        seeds.len(),
    );
    text
}

/// One line for each entry.
pub(crate) fn write_all(text: &mut String, entries: &[Entry]) {
    for entry in entries {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{entry}");
    }
}

#[test]
fn every_promise_holds() {
    for (_, invariant) in INVARIANTS {
        assert_holds(invariant);
    }
}
