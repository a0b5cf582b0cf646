//! `cargo xtask trial`: candidates of all languages in one election, under each fault of
//! `docs/src/faults.md`, for as long as is wanted, on a real API server.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use signal_hook::consts::SIGINT;
use xshell::cmd;

use crate::build;
use crate::candidate::Candidate;
use crate::progress;
use crate::steps::{Step, run_shown};
use crate::{java, node, python, target_folder, utf8};

#[derive(Args)]
pub(crate) struct Options {
    /// For how long rounds are begun, such as `90s`, `30m` or `2h`.
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    time: Option<Duration>,
    /// How often each pair of a fault and whom it hits is played; once, if `--for` says nothing else.
    #[arg(long, value_name = "COUNT")]
    times: Option<usize>,
    /// Goes on with the last trial: its rounds count, and are in the report.
    #[arg(long)]
    go_on: bool,
    /// Writes what the last trial has shown into `docs/src/faults.md`, and plays nothing.
    #[arg(long, exclusive = true)]
    page: bool,
    /// Only faults that have one of these in the names that `docs/src/faults.md` gives, or in those
    /// of their tests.
    #[arg(long, value_delimiter = ',', value_name = "WORDS")]
    faults: Vec<String>,
    /// Only these; by default all.
    #[arg(long, value_enum, value_delimiter = ',')]
    languages: Vec<Language>,
    /// Other clients as well, unmodified: their candidates meet only their like, and their overlaps are
    /// reported and fail nothing. With `--languages none` nothing else takes part.
    #[arg(long = "peer", value_enum, value_delimiter = ',')]
    peers: Vec<Candidate>,
    /// What is drawn at random follows from it; printed in any case.
    #[arg(long)]
    seed: Option<u64>,
    /// How many rounds run at once, each on servers of its own. They mostly wait.
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    at_once: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// The core itself.
    Rust,
    /// The jar.
    Java,
    /// The npm package.
    Node,
    /// The wheel.
    Python,
    /// `leasehold run`: its command.
    Run,
    /// `leasehold serve`: an application beside it.
    Serve,
    /// No candidate of ours.
    None,
}

/// How often to look whether Ctrl-C was pressed.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

const ALL: [Language; 6] = [
    Language::Rust,
    Language::Java,
    Language::Node,
    Language::Python,
    Language::Run,
    Language::Serve,
];

impl Language {
    /// Builds its candidate (debug) when [`build::debug`] has built all, and returns the command line.
    pub(crate) fn candidate(self, step: &Step) -> Result<Vec<String>> {
        let (leasehold, rust) = (build::program("leasehold")?, build::program("candidate")?);
        let words = |words: &[&str]| words.iter().copied().map(str::to_owned).collect();
        match self {
            Self::Rust => Ok(vec![rust]),
            Self::Java => java::candidate(step, false),
            Self::Node => node::candidate(step, false),
            Self::Python => python::candidate(step, false),
            Self::Run => Ok(words(&[&leasehold, "run", "--", &rust, "job"])),
            Self::Serve => Ok(words(&[&leasehold, "serve"])),
            Self::None => bail!("`none` has no candidate"),
        }
    }
}

pub(crate) fn run_trial(options: &Options) -> Result<()> {
    if options.page {
        return write_page();
    }
    let seed = options.seed.map_or_else(drawn, Ok)?;
    let mut trial = with_candidates("trial", &options.languages)?;
    for &peer in &options.peers {
        ensure!(!peer.is_leasehold(), "{} is no peer", peer.title());
        add(&mut trial, "--peer", &peer, &peer.build()?.command);
    }
    let once = options.time.is_none().then_some(1);
    if let Some(times) = options.times.or(once) {
        trial.args(["--times", &times.to_string()]);
    }
    if let Some(time) = options.time {
        trial.args(["--seconds", &time.as_secs().to_string()]);
    }
    if options.go_on {
        trial.arg("--go-on");
    }
    trial
        .args(["--seed", &seed.to_string()])
        .args(["--at-once", &options.at_once.to_string()])
        .args(["--folder", &folder()?]);
    if !options.faults.is_empty() {
        trial.args(["--faults", &options.faults.join(",")]);
    }
    println!("seed {seed}; Ctrl-C ends it after the rounds that are under way, with the report");
    let (report, status) = run_shown("the trial", |step| conduct(trial, step))?;
    println!("{report}");
    ensure!(status.success(), "the trial has failed");
    Ok(())
}

/// Builds a program of `tests` called `name` and the candidates of these languages, or of all. Returns how the
/// program is called with them.
pub(crate) fn with_candidates(name: &str, languages: &[Language]) -> Result<Command> {
    let languages = match languages {
        [] => &ALL[..],
        [Language::None] => &[],
        some => some,
    };
    ensure!(
        !languages.contains(&Language::None),
        "--languages: `none` beside a language"
    );
    let mut command = Command::new(build::program(name)?);
    run_shown(&format!("the {name}, and all its candidates"), |step| {
        build::debug(step, &build::ALL)?;
        for language in languages {
            let words = language.candidate(step)?;
            add(&mut command, "--candidate", language, &words);
        }
        Ok(())
    })?;
    Ok(command)
}

fn write_page() -> Result<()> {
    run_shown("the trial", |step| build::debug(step, &build::ALL))?;
    let (shell, trial, folder) = (build::shell()?, build::program("trial")?, folder()?);
    let page = "docs/src/faults.md";
    Ok(cmd!(shell, "{trial} --folder {folder} --page {page}").run()?)
}

fn folder() -> Result<String> {
    utf8(target_folder().join("trial"))
}

pub(crate) fn drawn() -> Result<u64> {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    // Short enough to be typed again.
    Ok(u64::try_from(nanos % 1_000_000_000)?)
}

fn add(trial: &mut Command, option: &str, name: &impl ValueEnum, words: &[String]) {
    let value = name.to_possible_value();
    let name = value.as_ref().map_or("", |value| value.get_name());
    trial.args([option, &format!("{name}={}", words.join(" "))]);
}

/// Runs the trial or what says in the same way how far it is, and returns its report, and how it has ended.
pub(crate) fn conduct(mut trial: Command, step: &Step) -> Result<(String, ExitStatus)> {
    // Ctrl-C is for this process alone, which then lets the trial end as it should; the next one ends
    // this process, and so the trial as well.
    let interrupted = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register_conditional_default(SIGINT, interrupted.clone())?;
    signal_hook::flag::register(SIGINT, interrupted.clone())?;
    let mut trial = trial
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .context("cannot run it")?;
    let output = trial.stdout.take().context("its output")?;
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    let mut last = String::new();
    let mut report: Option<Vec<String>> = None;
    loop {
        if interrupted.load(Ordering::Relaxed) {
            drop(trial.stdin.take());
        }
        match lines.recv_timeout(LOOK_AGAIN) {
            Ok(line) => match &mut report {
                Some(report) => report.push(line),
                None if line.is_empty() => report = Some(Vec::new()),
                // About the round before.
                None if line.starts_with(' ') => progress::print(&format!("{last}\n{line}")),
                None => {
                    step.tell(&line);
                    last = line;
                }
            },
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok((report.unwrap_or_default().join("\n"), trial.wait()?))
}

pub(crate) fn time(text: &str) -> Result<Duration, &'static str> {
    const ADVICE: &str = "use a number with a unit, such as `90s`, `30m` or `2h`";
    let (number, seconds) = [("s", 1), ("m", 60), ("h", 3600)]
        .iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)))
        .ok_or(ADVICE)?;
    let number: u64 = number.parse().map_err(|_| ADVICE)?;
    Ok(Duration::from_secs(number * seconds))
}
