//! `cargo xtask simulate`: elections in virtual time, as many as are wanted, and a report of what they went
//! through.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::{Value, json};
use signal_hook::consts::SIGINT;
use xshell::cmd;

use crate::build::{cargo, shell};
use crate::steps::{Step, run_shown};
use crate::{figures, progress, root, target_folder};

/// Optimized, with all checks that tests have.
const PROFILE: &str = "simulation";
/// Of fewer seeds it is not asked that each kind of fault happens.
const ENOUGH: u64 = 300;
/// How many are run before the next look at Ctrl-C.
const SEEDS_AT_ONCE: u64 = 100;
const COURSES_AT_ONCE: u64 = 2_000;
const HOUR: f64 = 3_600.0;

#[derive(Args)]
pub(crate) struct Options {
    /// How many runs of three candidates with driver, store and application, each from a seed of its own.
    #[arg(long, default_value_t = 5_000)]
    seeds: u64,
    /// How many courses of events for the protocol alone.
    #[arg(long, default_value_t = 100_000)]
    courses: u64,
    /// The first seed of both.
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    from: u64,
    /// Puts what was reached into the documentation.
    #[arg(long)]
    pages: bool,
}

pub(crate) fn run_simulate(options: &Options) -> Result<()> {
    // Ctrl-C is for this process alone, which then ends with its report; the next one ends it at once.
    let interrupted = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register_conditional_default(SIGINT, interrupted.clone())?;
    signal_hook::flag::register(SIGINT, interrupted.clone())?;
    let programs = run_shown("the simulation (cargo build)", Programs::build)?;
    println!("Ctrl-C ends it with the report");
    let mut failed = Vec::new();
    let mut run = |kind: &Kind, count| -> Result<Report> {
        let name = format!("{count} {}", kind.noun);
        let report = run_shown(&name, |step| {
            kind.run(step, &programs, options.from, count, &interrupted)
        })?;
        failed.extend(report.failed.iter().cloned());
        Ok(report)
    };
    let runs = run(&SEEDS, options.seeds)?;
    let courses = run(&COURSES, options.courses)?;
    print!("{}{}", runs.shown("seeds"), courses.shown("courses"));
    let never = runs.never();
    if runs.count("seeds") >= ENOUGH && !never.is_empty() {
        failed.push(format!("never happened: {}", never.join(", ")));
    }
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    if options.pages {
        for (kind, report) in [(&SEEDS, &runs), (&COURSES, &courses)] {
            let count = report.count(kind.noun);
            if count > 0 {
                let command = format!("cargo xtask simulate --{} {count}", kind.noun);
                figures::record(kind.method, &command, &report.figures(kind.noun))?;
            }
        }
    }
    Ok(())
}

/// The programs of tests that have simulations in them.
struct Programs {
    protocol: PathBuf,
    elections: PathBuf,
}

impl Programs {
    fn build(step: &Step) -> Result<Self> {
        let (shell, cargo) = (shell()?, cargo());
        let tests = ["--lib", "--test", "simulation", "--no-run"];
        let build = || {
            let profile = ["--package", "leasehold", "--locked", "--profile", PROFILE];
            cmd!(shell, "{cargo} test {profile...} {tests...}")
        };
        step.run(build())?;
        let build = build().arg("--message-format=json").quiet();
        let said = build.ignore_stderr().read()?;
        let program = |name: &str| {
            let messages = said
                .lines()
                .filter_map(|it| serde_json::from_str::<Value>(it).ok());
            let mut tests = messages.filter(|it| it["profile"]["test"] == true);
            let test = tests.find(|it| it["target"]["name"] == name);
            let program = test.as_ref().and_then(|it| it["executable"].as_str());
            program
                .map(PathBuf::from)
                .with_context(|| format!("cargo built no test {name}"))
        };
        Ok(Self {
            protocol: program("leasehold")?,
            elections: program("simulation")?,
        })
    }
}

/// A kind of simulation, which is a test that reads from its environment what to run.
struct Kind {
    noun: &'static str,
    method: &'static str,
    program: fn(&Programs) -> &PathBuf,
    test: &'static str,
    at_once: u64,
    /// The first and how many, and where to put the report.
    variables: [&'static str; 3],
}

const SEEDS: Kind = Kind {
    noun: "seeds",
    method: "Simulation of whole elections",
    program: |programs| &programs.elections,
    test: "verdicts::every_promise_holds",
    at_once: SEEDS_AT_ONCE,
    variables: [
        "LEASEHOLD_SIM_FROM",
        "LEASEHOLD_SIM_RUNS",
        "LEASEHOLD_SIM_REPORT",
    ],
};

const COURSES: Kind = Kind {
    noun: "courses",
    method: "Simulation of the protocol",
    program: |programs| &programs.protocol,
    test: "election::tests::interleavings::no_two_lead_at_once_and_in_the_end_somebody_leads",
    at_once: COURSES_AT_ONCE,
    variables: [
        "LEASEHOLD_COURSES_FROM",
        "LEASEHOLD_COURSES",
        "LEASEHOLD_COURSES_REPORT",
    ],
};

impl Kind {
    /// Goes on after a failure.
    fn run(
        &self,
        step: &Step,
        programs: &Programs,
        from: u64,
        count: u64,
        interrupted: &AtomicBool,
    ) -> Result<Report> {
        let mut report = Report::default();
        let mut done = 0;
        while done < count && !interrupted.load(Ordering::Relaxed) {
            let some = self.at_once.min(count - done);
            report.add(self.run_some(programs, from + done, some)?);
            done += some;
            let hours = report.seconds / HOUR;
            step.tell(&format!(
                "{done}, {hours:.0} virtual hours, {} failed",
                report.failed.len()
            ));
        }
        Ok(report)
    }

    /// On all processors.
    fn run_some(&self, programs: &Programs, from: u64, count: u64) -> Result<Report> {
        let folder = target_folder().join("simulation-reports");
        fs::create_dir_all(&folder)?;
        let file = |end: &str| folder.join(format!("{}-{from}.{end}", self.noun));
        let (result, log) = (file("json"), file("log"));
        let output = File::create(&log)?;
        let [first, runs, place] = self.variables;
        let status = Command::new((self.program)(programs))
            .args([self.test, "--exact", "--nocapture"])
            .env(first, from.to_string())
            .env(runs, count.to_string())
            .env(place, &result)
            .current_dir(root().join("core"))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .status()
            .context("cannot run the simulation")?;
        let told = fs::read_to_string(&result).ok();
        let mut report = match told.as_deref().map(serde_json::from_str::<Value>) {
            Some(told) => Report::of(&told?)?,
            // It ended before it could tell.
            None => Report::default(),
        };
        if status.success() {
            fs::remove_file(&log)?;
        } else {
            let said = fs::read_to_string(&log)?;
            progress::print(&said);
            let why = said.lines().rev().find(|line| line.starts_with("again:"));
            report
                .failed
                .push(why.map_or_else(|| format!("see {}", log.display()), str::to_owned));
        }
        let _ = fs::remove_file(&result);
        Ok(report)
    }
}

/// What some runs went through.
#[derive(Default)]
struct Report {
    seconds: f64,
    counts: BTreeMap<String, u64>,
    /// How often each kind of fault happened, and each pair; of those that are to.
    reached: BTreeMap<String, BTreeMap<String, u64>>,
    margin: Option<f64>,
    failed: Vec<String>,
}

impl Report {
    fn of(told: &Value) -> Result<Self> {
        let mut report = Self::default();
        for (name, value) in told.as_object().context("an object")? {
            match value {
                Value::Number(number) if name == "seconds" => {
                    report.seconds = number.as_f64().unwrap_or_default();
                }
                Value::Number(number) if name == "margin" => report.margin = number.as_f64(),
                Value::Number(number) => {
                    let count = number.as_u64().unwrap_or_default();
                    report.counts.insert(name.clone(), count);
                }
                Value::Object(times) => {
                    let times = times
                        .iter()
                        .map(|(kind, times)| (kind.clone(), times.as_u64().unwrap_or_default()));
                    report.reached.insert(name.clone(), times.collect());
                }
                Value::Null | Value::Array(_) => {}
                _ => bail!("a report says {name} = {value}"),
            }
        }
        Ok(report)
    }

    fn add(&mut self, other: Self) {
        self.seconds += other.seconds;
        for (name, count) in other.counts {
            *self.counts.entry(name).or_default() += count;
        }
        for (name, kinds) in other.reached {
            let sum = self.reached.entry(name).or_default();
            for (kind, times) in kinds {
                *sum.entry(kind).or_default() += times;
            }
        }
        self.margin = self.margin.into_iter().chain(other.margin).reduce(f64::min);
        self.failed.extend(other.failed);
    }

    fn count(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or_default()
    }

    /// What is to happen, and has not.
    fn never(&self) -> Vec<&str> {
        let kinds = self.reached.values().flatten();
        let never = kinds.filter(|(_, times)| **times == 0);
        never.map(|(kind, _)| kind.as_str()).collect()
    }

    fn figures(&self, noun: &'static str) -> Vec<(&'static str, Value)> {
        let hours = self.seconds / HOUR;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "few hours"
        )]
        let mut figures = vec![
            (noun, json!(self.count(noun))),
            ("virtual hours", json!(hours.round() as u64)),
            ("terms", json!(self.count("terms"))),
        ];
        if self.counts.contains_key("proven") {
            figures.push((
                "of them after a proof of death",
                json!(self.count("proven")),
            ));
        }
        let titles = [
            (
                "kinds",
                "kinds of faults, of writes, and of beginnings and ends of terms, that happened",
            ),
            ("pairs", "pairs of a fault and what it meets that happened"),
        ];
        for (name, title) in titles {
            if let Some(kinds) = self.reached.get(name) {
                let reached = kinds.values().filter(|times| **times > 0).count();
                figures.push((title, json!(format!("{reached} of {}", kinds.len()))));
            }
        }
        if let Some(margin) = self.margin {
            let title = "shortest time without a leader before an expired Lease was taken, as a part of what is promised";
            figures.push((title, json!(format!("{margin:.3}"))));
        }
        figures.push(("violations", json!(self.failed.len())));
        figures
    }

    fn shown(&self, noun: &'static str) -> String {
        let figures = self.figures(noun);
        let lines = figures.iter().map(|(name, value)| {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            format!("{value:>12}  {name}\n")
        });
        lines.collect()
    }
}
