//! Named steps: one line says how far each is, and what the programs in it print goes into a log, whose
//! end is shown if the step fails. Steps of several threads may run at once.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use console::style;

use crate::output::{self, Line};
use crate::progress::{self, ProgressLine};
use crate::target_folder;

/// How much of its log a failed step shows.
const LAST_LINES: usize = 60;
/// How long after a program's end its output is waited for: what it has left running may hold it.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The steps run so far.
pub(crate) struct Steps {
    started: Instant,
    done: Mutex<Vec<Outcome>>,
}

struct Outcome {
    name: String,
    took: Duration,
    end: End,
}

enum End {
    Passed,
    /// Why it was not.
    NotRun(String),
    /// Why.
    Failed(String),
}

/// What becomes of a step that may be impossible on this machine.
pub(crate) enum Ran {
    Yes,
    /// Why not.
    No(String),
}

impl Steps {
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            done: Mutex::default(),
        }
    }

    /// Runs a step. A failure does not keep the next ones from running.
    pub(crate) fn run(&self, name: &str, step: impl FnOnce(&Step) -> Result<()>) {
        self.run_if_possible(name, |context| step(context).map(|()| Ran::Yes));
    }

    /// Runs a step that says itself if it cannot be run here.
    pub(crate) fn run_if_possible(&self, name: &str, step: impl FnOnce(&Step) -> Result<Ran>) {
        let started = Instant::now();
        let end = match run_shown(name, step) {
            Ok(Ran::Yes) => End::Passed,
            Ok(Ran::No(why)) => End::NotRun(why),
            Err(error) => End::Failed(format!("{error:#}")),
        };
        let outcome = Outcome {
            name: name.to_owned(),
            took: started.elapsed(),
            end,
        };
        progress::print(&outcome.line());
        self.done().push(outcome);
    }

    /// Whether one has.
    pub(crate) fn have_failed(&self) -> bool {
        self.done().iter().any(Outcome::has_failed)
    }

    /// Prints the summary, and fails if a step has.
    pub(crate) fn finish(&self) -> Result<()> {
        let done = self.done();
        println!("\n{}", style("Summary").bold());
        for step in done.iter() {
            println!("{}", step.line());
        }
        let count = |is_counted: fn(&Outcome) -> bool| {
            let counted = done.iter().filter(|step| is_counted(step));
            counted.count()
        };
        let failed = count(Outcome::has_failed);
        let not_run = count(|step| matches!(step.end, End::NotRun(_)));
        let passed = done.len() - failed - not_run;
        println!("steps, in {:.0} s:", self.started.elapsed().as_secs_f64());
        match not_run {
            0 => println!("{passed} passed, {failed} failed"),
            // CI's word for what was not run.
            _ => println!("{passed} passed, {failed} failed, {not_run} skipped"),
        }
        if failed > 0 {
            bail!("{failed} of {} steps failed", done.len());
        }
        Ok(())
    }

    fn done(&self) -> MutexGuard<'_, Vec<Outcome>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs one step by itself, and returns what comes of it.
pub(crate) fn run_shown<T>(name: &str, step: impl FnOnce(&Step) -> Result<T>) -> Result<T> {
    let line = ProgressLine::start(name)?;
    let context = Step::new(name, line.teller())?;
    let outcome = step(&context);
    line.clear();
    context.close(outcome.is_err())?;
    outcome
}

impl Outcome {
    fn has_failed(&self) -> bool {
        matches!(self.end, End::Failed(_))
    }

    fn line(&self) -> String {
        let took = format!("{:.1} s", self.took.as_secs_f64());
        match &self.end {
            End::Passed => format!("{} {} ({took})", style("ok").green(), self.name),
            End::NotRun(why) => format!("{} {}: {why}", style("not run").yellow(), self.name),
            End::Failed(why) => {
                format!("{} {} ({took}): {why}", style("FAILED").red(), self.name)
            }
        }
    }
}

/// What a step's programs are run with.
pub(crate) struct Step {
    log: PathBuf,
    is_in_background: bool,
    tell: Box<dyn Fn(&str) + Send + Sync>,
}

impl Step {
    /// `tell` is called with how far it is.
    pub(crate) fn new(name: &str, tell: impl Fn(&str) + Send + Sync + 'static) -> Result<Self> {
        let folder = target_folder().join("xtask-logs");
        fs::create_dir_all(&folder)?;
        let words = name.split(|it: char| !it.is_ascii_alphanumeric());
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        let log = folder.join(words.join("-").to_lowercase() + ".log");
        File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        Ok(Self {
            log,
            is_in_background: false,
            tell: Box::new(tell),
        })
    }

    /// Lets other programs go first.
    pub(crate) fn in_background(self) -> Self {
        Self {
            is_in_background: true,
            ..self
        }
    }

    /// Says how far it is.
    pub(crate) fn tell(&self, how_far: &str) {
        (self.tell)(how_far);
    }

    /// Runs a program. Its output goes into the log.
    pub(crate) fn run(&self, command: impl Into<Command>) -> Result<()> {
        let mut command = command.into();
        let words = [command.get_program()]
            .into_iter()
            .chain(command.get_args());
        let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
        let words = words.join(" ");
        if self.is_in_background {
            command = after_others(&command);
        }
        let mut log = File::options().append(true).open(&self.log)?;
        writeln!(log, "$ {words}")?;
        let (reader, writer) = io::pipe()?;
        let own: Vec<_> = command
            .get_envs()
            .map(|(name, _)| name.to_owned())
            .collect();
        // Of cargo: how far it is, though nobody looks on, and text that a log can hold.
        command
            .env("CARGO_TERM_PROGRESS_WHEN", "always")
            .env("CARGO_TERM_PROGRESS_WIDTH", "100")
            .env("CARGO_TERM_COLOR", "never")
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer);
        for (name, _) in env::vars_os().filter(|(name, _)| is_about_us(name)) {
            // One that the step has set is about what it runs.
            if !own.contains(&name) {
                command.env_remove(name);
            }
        }
        let spawned = command.spawn();
        // It holds the pipe's other end.
        drop(command);
        let mut child = spawned.with_context(|| format!("cannot run `{words}`"))?;
        let (sender, lines) = channel();
        thread::spawn(move || output::lines(reader, |line| sender.send(line).is_ok()));
        let mut status = None;
        let mut ended = Instant::now();
        loop {
            match lines.recv_timeout(Duration::from_millis(100)) {
                Ok(Line::Progress(how_far)) => self.tell(&how_far),
                Ok(Line::Text(line)) => {
                    writeln!(log, "{line}")?;
                    if let Some(how_far) = output::how_far(&line) {
                        self.tell(&how_far);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) if status.is_some() => {
                    if ended.elapsed() > LAST_WORDS {
                        break;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    status = child.try_wait()?;
                    ended = Instant::now();
                }
            }
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("`{words}` ended with {status}");
        }
        Ok(())
    }

    /// Shows what people and CI want to see of the log.
    fn close(&self, has_failed: bool) -> Result<()> {
        let log = BufReader::new(File::open(&self.log)?);
        let mut lines: Vec<_> = log.lines().collect::<io::Result<_>>()?;
        let last = lines.len().saturating_sub(LAST_LINES);
        let mut position = 0..;
        lines.retain(|line| {
            let is_near_the_end = position.next() >= Some(last);
            output::sums_up(line) || has_failed && (is_near_the_end || output::is_a_failure(line))
        });
        if has_failed {
            lines.push(format!("all of it: {}", self.log.display()));
        }
        if !lines.is_empty() {
            progress::print(&lines.join("\n"));
        }
        Ok(())
    }

    /// Where all that its programs print is.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }
}

/// Whether cargo says by this variable which crate it runs. `ring` is compiled again, with all crates
/// that use it, when such a variable is not the same: after `cargo test` by hand, for example.
fn is_about_us(variable: &OsStr) -> bool {
    let variable = variable.to_string_lossy();
    variable.starts_with("CARGO_PKG_") || variable.starts_with("CARGO_MANIFEST_")
}

/// The same command, at the lowest priority.
fn after_others(command: &Command) -> Command {
    let mut nice = Command::new("nice");
    nice.args(["-n", "19"]).arg(command.get_program());
    nice.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => nice.env(name, value),
            None => nice.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        nice.current_dir(folder);
    }
    nice
}
