//! The soak. `cargo xtask soak` builds the candidates and runs it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use clap::Parser;
use leasehold_tests::Entrant;
use leasehold_tests::commands::{end_of_input, entrant};
use leasehold_tests::soak::{Life, Stores, cycle, live_under_faults};

/// Looks whether processes come to use more and more, of memory, threads or files.
#[derive(Parser)]
struct Options {
    /// For how long one candidate of each takes part in an election under faults, in seconds.
    #[arg(long)]
    seconds: u64,
    /// How many elections begin and end in one process of each.
    #[arg(long)]
    cycles: usize,
    /// In which order faults come.
    #[arg(long)]
    seed: u64,
    /// Where the report goes.
    #[arg(long)]
    folder: PathBuf,
    /// A language and its agent's command line, such as `java=java -jar candidate.jar`.
    #[arg(long = "candidate", value_parser = entrant)]
    candidates: Vec<Entrant>,
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    std::fs::create_dir_all(&options.folder)?;
    let ended = end_of_input();
    let tell = |line: &str| println!("{line}");
    let begun = Instant::now();
    let leases = options.candidates.iter().map(|it| it.name.clone());
    let stores = match options.cycles {
        0 => None,
        _ => Some(Stores::start(leases)?),
    };
    let (lives, outcome) = thread::scope(|scope| -> Result<(Vec<Life>, Result<()>)> {
        let long = (options.seconds > 0).then(|| {
            let until = begun + Duration::from_secs(options.seconds);
            let (all, seed) = (&options.candidates[..], options.seed);
            let ended = &ended;
            scope.spawn(move || live_under_faults(all, until, seed, ended, tell))
        });
        let mut lives = Vec::new();
        if let Some(stores) = &stores {
            let lanes: Vec<_> = options
                .candidates
                .iter()
                .filter(|it| it.is_agent())
                .map(|it| scope.spawn(|| cycle(it, options.cycles, stores, &ended, tell)))
                .collect();
            for lane in lanes {
                lives.push(lane.join().map_err(|_| anyhow!("the soak panicked"))?);
            }
        }
        let Some(long) = long else {
            return Ok((lives, Ok(())));
        };
        let (long, outcome) = long.join().map_err(|_| anyhow!("the soak panicked"))??;
        lives.extend(long);
        Ok((lives, outcome))
    })?;
    let minutes = begun.elapsed().as_secs() / 60;
    let rows: String = lives.iter().map(Life::rows).collect();
    let report = format!(
        "{minutes} minutes, seed {}.\n\n{}\n{rows}",
        options.seed,
        Life::HEAD
    );
    std::fs::write(options.folder.join("report.md"), &report)?;
    println!("\n{report}");
    let verdicts = lives.iter().map(Life::verdict);
    let mut wrong: Vec<_> = verdicts.filter_map(Result::err).collect();
    if let Err(error) = outcome {
        // With all that was said.
        let file = options.folder.join("failure.txt");
        let error = format!("{error:#}");
        std::fs::write(&file, &error)?;
        let first = error.lines().next().unwrap_or_default();
        wrong.push(format!("{first}: see {}", file.display()));
    }
    for why in &wrong {
        eprintln!("{why}");
    }
    Ok(ExitCode::from(u8::from(!wrong.is_empty())))
}
