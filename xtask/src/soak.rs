//! `cargo xtask soak`: whether processes of all languages come to use more and more: memory, threads, files.

use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;

use crate::steps::run_shown;
use crate::trial::{Language, conduct, drawn, time, with_candidates};
use crate::{target_folder, utf8};

#[derive(Args)]
pub(crate) struct Options {
    /// For how long one process of each language takes part in an election, while one fault after another
    /// happens, such as `30m`; `0s` leaves it out.
    #[arg(long = "for", value_name = "TIME", default_value = "1h", value_parser = time)]
    time: Duration,
    /// How many elections begin and end in one process of each language; 0 leaves it out.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    cycles: usize,
    /// Only these; by default all.
    #[arg(long, value_enum, value_delimiter = ',')]
    languages: Vec<Language>,
    /// The order of the faults follows from it; printed in any case.
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run_soak(options: &Options) -> Result<()> {
    let seed = options.seed.map_or_else(drawn, Ok)?;
    let mut soak = with_candidates("soak", &options.languages)?;
    soak.args(["--seconds", &options.time.as_secs().to_string()])
        .args(["--cycles", &options.cycles.to_string()])
        .args(["--seed", &seed.to_string()])
        .args(["--folder", &utf8(target_folder().join("soak"))?]);
    println!("seed {seed}; Ctrl-C ends it soon, with the report");
    let (report, status) = run_shown("the soak", |step| conduct(soak, step))?;
    println!("{report}");
    ensure!(status.success(), "the soak has failed");
    Ok(())
}
