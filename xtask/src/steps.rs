//! Runs named steps one after another, says how long each took, and sums up.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use console::style;

use crate::root;

/// The steps run so far.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<Step>,
}

struct Step {
    name: String,
    took: Duration,
    failure: Option<String>,
}

impl Steps {
    /// Runs a step. A failure does not keep the next ones from running.
    pub(crate) fn run(&mut self, name: &str, step: impl FnOnce() -> Result<()>) {
        println!("{} {name}", style("──").bold());
        let started = Instant::now();
        let failure = step().err().map(|error| format!("{error:#}"));
        let step = Step {
            name: name.to_owned(),
            took: started.elapsed(),
            failure,
        };
        println!("{}", step.line());
        self.done.push(step);
    }

    /// Prints the summary, and fails if a step has.
    pub(crate) fn finish(self) -> Result<()> {
        println!("\n{}", style("Summary").bold());
        for step in &self.done {
            println!("{}", step.line());
        }
        let total: Duration = self.done.iter().map(|step| step.took).sum();
        let failed = self
            .done
            .iter()
            .filter(|step| step.failure.is_some())
            .count();
        println!(
            "steps: {} passed, {failed} failed",
            self.done.len() - failed
        );
        println!("in {:.0} s", total.as_secs_f64());
        if failed > 0 {
            bail!("{failed} of {} steps failed", self.done.len());
        }
        Ok(())
    }
}

impl Step {
    fn line(&self) -> String {
        let took = format!("{:.1} s", self.took.as_secs_f64());
        match &self.failure {
            None => format!("{} {} ({took})", style("ok").green(), self.name),
            Some(why) => format!("{} {} ({took}): {why}", style("FAILED").red(), self.name),
        }
    }
}

/// Runs a program in the root of the checkout; its output goes where ours goes.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<()> {
    run_with(Command::new(program).args(arguments))
}

/// As [`run`], for a command with more to it.
pub(crate) fn run_with(command: &mut Command) -> Result<()> {
    run_in(".", command)
}

/// As [`run_with`], in a folder of the checkout.
pub(crate) fn run_in(folder: &str, command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .current_dir(root().join(folder))
        .status()
        .with_context(|| format!("cannot run {program}"))?;
    if !status.success() {
        let arguments: Vec<_> = command.get_args().map(|it| it.to_string_lossy()).collect();
        bail!("`{program} {}` ended with {status}", arguments.join(" "));
    }
    Ok(())
}

/// The cargo that runs us, so that all of it is one toolchain.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}
