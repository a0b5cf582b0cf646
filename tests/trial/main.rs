//! The trial: for hours, one fault after another, on a real API server, against candidates of all
//! languages that compete for one Lease. `cargo xtask trial` builds them and runs it.
//!
//! Each round is an election of three. Who enters first, and so leads first, and by which fault it is
//! hit, go through all pairs in a random order; the other two, and when what happens, are random.

mod plan;
mod report;
mod round;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use clap::Parser;
use leasehold_tests::commands::{end_of_input, entrant, peer};
use leasehold_tests::faults::Fault;
use leasehold_tests::{Entrant, Testbed, with_region};

use self::plan::Plan;
use self::report::Report;
use self::round::Outcome;

/// Candidates of several languages in one election, under each fault, on a real API server.
#[derive(Parser)]
struct Options {
    /// For how long rounds are begun, in seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// How often each pair of a fault and whom it hits is played.
    #[arg(long)]
    times: Option<usize>,
    /// Goes on with the trial whose report is in the folder.
    #[arg(long)]
    go_on: bool,
    /// Writes what the trial has shown whose report is in the folder into this file, and plays nothing.
    #[arg(long)]
    page: Option<PathBuf>,
    /// Only faults that have one of these in their names.
    #[arg(long, value_delimiter = ',')]
    faults: Vec<String>,
    /// What is drawn at random follows from it.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many rounds run at once, each on servers of its own.
    #[arg(long, default_value_t = 1)]
    at_once: usize,
    /// Where the report goes, and what is known of a round that fails.
    #[arg(long)]
    folder: PathBuf,
    /// A language and its candidate's command line, such as `java=java -jar candidate.jar`.
    #[arg(long = "candidate", value_parser = entrant)]
    candidates: Vec<Entrant>,
    /// The same of another client, which meets only its like, and whose overlaps are no failure.
    #[arg(long = "peer", value_parser = peer)]
    peers: Vec<Entrant>,
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    if let Some(page) = &options.page {
        let summary = Report::load(&options.folder)?.summary()?;
        let text = fs::read_to_string(page)?;
        fs::write(page, with_region(&text, "trial", &summary)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let faults = wanted_faults(&options.faults)?;
    fs::create_dir_all(&options.folder)?;
    let mut plan = Plan::new(
        options.seed,
        faults,
        &options.candidates,
        &options.peers,
        options.times,
    )?;
    let report = if options.go_on {
        Report::load(&options.folder)?
    } else {
        Report::new(&options.folder)
    };
    plan.go_on_after(report.rounds(), report.played());
    let time = options.seconds.map(Duration::from_secs);
    let trial = Trial {
        until: time.map(|time| Instant::now() + time),
        ended: end_of_input(),
        plan: Mutex::new(plan),
        report: Mutex::new(report),
    };
    let failures: Vec<_> = thread::scope(|scope| {
        let lanes: Vec<_> = (0..options.at_once)
            .map(|_| scope.spawn(|| trial.run()))
            .collect();
        let ends = lanes.into_iter().map(|lane| match lane.join() {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("{error:#}")),
            Err(_) => Some("the trial itself panicked".to_owned()),
        });
        ends.flatten().collect()
    });
    let report = trial.report.into_inner();
    let report = report.unwrap_or_else(PoisonError::into_inner);
    println!("\n{}", report.text()?);
    if !failures.is_empty() {
        bail!("{}", failures.join("\n"));
    }
    Ok(match report.verdict() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    })
}

fn wanted_faults(names: &[String]) -> Result<Vec<&'static Fault>> {
    let is_wanted = |fault: &&Fault| {
        let is_it = |name: &String| fault.name.contains(name) || fault.test().contains(name);
        names.is_empty() || names.iter().any(is_it)
    };
    let wanted: Vec<_> = Fault::all().filter(is_wanted).collect();
    ensure!(
        !wanted.is_empty(),
        "no fault has {} in its name: docs/src/faults.md has their names",
        names.join(" or ")
    );
    Ok(wanted)
}

struct Trial {
    until: Option<Instant>,
    ended: Arc<AtomicBool>,
    plan: Mutex<Plan>,
    report: Mutex<Report>,
}

impl Trial {
    fn is_over(&self) -> bool {
        self.ended.load(Ordering::Relaxed) || self.until.is_some_and(|it| Instant::now() >= it)
    }

    /// Runs one round after another on servers of its own.
    fn run(&self) -> Result<()> {
        let mut testbed = None;
        while !self.is_over() {
            let Some(round) = lock(&self.plan).next_round() else {
                break;
            };
            let place = match testbed.take() {
                Some(testbed) => testbed,
                None => Testbed::start(&[])?,
            };
            let begun = Instant::now();
            let outcome = round.run(&place);
            let line = lock(&self.report).keep(&round, &outcome, begun.elapsed())?;
            println!("{line}");
            // A round that failed may have left the servers as they were.
            testbed = matches!(outcome, Outcome { failure: None, .. }).then_some(place);
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
