//! `cargo xtask fuzz`: runs the targets of `core/src/fuzzing.rs` under libFuzzer, guided by coverage.
//!
//! On stable Rust, without cargo-fuzz, which wants nightly for its sanitizers: what is fuzzed has no
//! `unsafe`, so coverage is all that is needed, and LLVM's pass for it is a stable option of rustc.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use xshell::cmd;

use crate::build::{cargo, check_installed, shell};
use crate::steps::{Step, Steps};
use crate::{root, target_folder, utf8};

/// What tells the fuzzer which code an input has reached, and what it was compared with.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

#[derive(Args)]
pub(crate) struct Options {
    /// Only these targets; by default each, one after another.
    targets: Vec<String>,
    /// How long each target is given new inputs.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
}

pub(crate) fn run_fuzz(options: &Options) -> Result<()> {
    let known = targets()?;
    if let Some(unknown) = options.targets.iter().find(|it| !known.contains(it)) {
        bail!("no target {unknown}: use one of {}", known.join(", "));
    }
    let wanted = if options.targets.is_empty() {
        &known
    } else {
        &options.targets
    };
    let steps = Steps::start();
    let mut program = String::new();
    steps.run("the fuzzer, with all that it looks into", |step| {
        program = build(step)?;
        Ok(())
    });
    for target in wanted {
        let name = format!("{target}, for {} minutes", options.minutes);
        steps.run(&name, |step| fuzz(step, &program, target, options.minutes));
    }
    steps.finish()
}

/// As many as there are folders of inputs: a test holds the two together.
fn targets() -> Result<Vec<String>> {
    let mut targets = Vec::new();
    for folder in fs::read_dir(root().join("core/fuzz/corpus"))? {
        targets.push(utf8(folder?.file_name().into())?);
    }
    targets.sort();
    Ok(targets)
}

fn build(step: &Step) -> Result<String> {
    check_installed(
        "c++",
        "libFuzzer is built from its source: install g++ or clang",
    )?;
    let (shell, cargo) = (shell()?, cargo());
    let (host, target) = (host()?, target_folder().join("fuzz"));
    let manifest = root().join("core/fuzz/Cargo.toml");
    // For a named target, so that build scripts and macros are compiled without the flags.
    let build = cmd!(
        shell,
        "{cargo} build --locked --manifest-path {manifest} --target {host}"
    );
    step.run(
        build
            .env("RUSTFLAGS", FLAGS)
            .env("CARGO_TARGET_DIR", &target),
    )?;
    utf8(target.join(host).join("debug/leasehold-fuzz"))
}

fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let output = String::from_utf8(output.stdout)?;
    let host = output.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not name its host")?.to_owned())
}

/// Inputs that were found go to the target folder. One that fails is kept there too; put it into the corpus, and
/// the tests hold it for good.
fn fuzz(step: &Step, program: &str, target: &str, minutes: u64) -> Result<()> {
    let found = target_folder().join("fuzz/found").join(target);
    fs::create_dir_all(&found)?;
    let failed = format!("{}/failed-", utf8(found.clone())?);
    let log = target_folder().join("fuzz").join(format!("{target}.log"));
    let mut fuzzer = Command::new(program)
        .arg(format!("-max_total_time={}", minutes * 60))
        .arg(format!("-artifact_prefix={failed}"))
        .args(["-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"])
        .arg(&found)
        .arg(root().join("core/fuzz/corpus").join(target))
        .env("LEASEHOLD_FUZZ_TARGET", target)
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log)?)
        .spawn()
        .context("cannot run the fuzzer")?;
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = fuzzer.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_secs(1));
        let last = fs::read_to_string(&log).unwrap_or_default();
        let last = last.lines().rev().find(|line| line.starts_with('#'));
        step.tell(&format!(
            "{} s: {}",
            begun.elapsed().as_secs(),
            last.unwrap_or("reading the corpus").trim()
        ));
    };
    if !status.success() {
        bail!(
            "an input of {target} fails: it is {failed}…, and {} says why",
            log.display()
        );
    }
    Ok(())
}
