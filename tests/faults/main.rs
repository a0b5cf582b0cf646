//! Each fault, done to three candidates: at no instant two leaders, judged on one clock from what each
//! candidate said itself.
//!
//! `LEASEHOLD_CANDIDATE=<command line>` puts the agent of another language to the test, and
//! `LEASEHOLD_FAULT_RUNS=<n>` makes each fault happen n times. The figures are put into
//! `target/tmp/faults.md`, of which `docs/src/faults.md` holds a copy.

mod namespace;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::{env, fs};

use anyhow::{Context, Result};
use leasehold_tests::faults::{Fault, Touches, figures};
use leasehold_tests::{Testbed, Verdict, command_under_test};
use libtest_mimic::{Arguments, Failed, Trial};

/// How often each fault happens.
const RUNS: &str = "LEASEHOLD_FAULT_RUNS";

fn main() {
    let of_table = Fault::all().map(|fault| {
        Trial::test(fault.test(), move || {
            endure(fault).map_err(|error| Failed::from(format!("{error:#}")))
        })
    });
    let namespace = "namespace::a_namespace_that_does_not_exist_yet";
    let tests = of_table.chain([Trial::test(namespace, || {
        namespace::a_namespace_that_does_not_exist_yet(testbed().cluster());
        Ok(())
    })]);
    libtest_mimic::run(&Arguments::from_args(), tests.collect()).exit();
}

/// A cluster of the test's own, whose servers it may break.
fn own_testbed() -> Result<Testbed> {
    Testbed::start(&command_under_test(env!("CARGO_BIN_EXE_candidate")))
}

/// One cluster for all faults that leave its servers alone; it ends with the test program.
fn testbed() -> &'static Testbed {
    static TESTBED: OnceLock<Testbed> = OnceLock::new();
    TESTBED.get_or_init(|| own_testbed().expect("a cluster"))
}

/// Three candidates endure `fault` without two of them ever leading at one instant.
fn endure(fault: &'static Fault) -> Result<()> {
    let own = match fault.touches {
        Touches::Servers => Some(own_testbed()?),
        _ => None,
    };
    let testbed = own.as_ref().unwrap_or_else(|| testbed());
    let runs = env::var(RUNS).map_or(1, |runs| runs.parse().expect("a number of runs"));
    for _ in 0..runs {
        let mut trial = testbed.empty_trial(&fault.lease());
        fault.happen(&mut trial)?;
        let verdict = trial.verdict()?;
        keep(fault, verdict)?;
        verdict
            .ensure_one_leader()
            .with_context(|| trial.timeline().to_string())?;
    }
    Ok(())
}

fn keep(fault: &'static Fault, verdict: Verdict) -> Result<()> {
    static FIGURES: Mutex<BTreeMap<&str, Verdict>> = Mutex::new(BTreeMap::new());
    let mut figures = FIGURES.lock().unwrap_or_else(PoisonError::into_inner);
    let sum = figures.entry(fault.name).or_default();
    *sum = sum.and(verdict);
    let mut lines = vec![
        format!("| fault |{}", figures::HEAD),
        format!("| --- |{}", figures::RULE),
    ];
    let rows = figures.iter();
    lines.extend(rows.map(|(fault, verdict)| format!("| {fault} |{}", figures::cells(verdict))));
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults.md");
    Ok(fs::write(file, lines.join("\n") + "\n")?)
}
