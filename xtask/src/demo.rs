//! `cargo xtask demo`: starts the demo at once with what is ready, builds the rest meanwhile, and
//! tells the demo what has become of it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use xshell::cmd;

use crate::build::{self, cargo, shell};
use crate::steps::{Step, Steps, run_shown};
use crate::{java, node, python, target_folder};

#[derive(Args)]
pub(crate) struct Options {
    /// Elects through a Lease of the test cluster (built at first use) and shows it.
    #[arg(long)]
    kubernetes: bool,
    /// Leaves a language out.
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    without: Vec<Binding>,
    /// Fails if a language cannot be built, instead of leaving it out.
    #[arg(long)]
    all: bool,
    /// Where the time line goes; by default into `demo.html` in the target folder.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// A language that can be left out.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Binding {
    /// The Spring Boot application.
    Java,
    /// The Node service.
    Node,
    /// The Python worker.
    Python,
}

impl Binding {
    fn name(self) -> &'static str {
        match self {
            Self::Java => "spring-boot",
            Self::Node => "node",
            Self::Python => "python",
        }
    }

    /// Builds its program when `libraries` are there, and returns the command line.
    fn build(self, step: &Step, libraries: &dyn Fn() -> Result<()>) -> Result<Vec<String>> {
        match self {
            Self::Java => java::demo(step, libraries),
            Self::Node => node::demo(step, libraries),
            Self::Python => python::demo(step, libraries),
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    // Ctrl-C is for the demo, which ends what it has started.
    signal_hook::flag::register(
        signal_hook::consts::SIGINT,
        Arc::new(AtomicBool::new(false)),
    )?;
    run_shown("the demo and a sidecar (cargo build)", |step| {
        build::debug(step, &["--bin", "leasehold-demo", "--bin", "leasehold"])
    })?;
    let bindings = Binding::value_variants().iter().copied();
    let bindings: Vec<_> = bindings
        .filter(|it| !options.without.contains(it))
        .collect();
    let html = options.html.clone();
    let html = html.unwrap_or_else(|| target_folder().join("demo.html"));
    let mut demo = Command::new(build::program("leasehold-demo")?);
    demo.arg("--html").arg(html);
    demo.args(options.kubernetes.then_some("--kubernetes"));
    demo.args(options.all.then_some("--all"));
    demo.args(bindings.iter().flat_map(|it| ["--join", it.name()]));
    let mut demo = demo.stdin(Stdio::piped()).spawn()?;
    let input = demo.stdin.take().context("its input")?;
    // Ends with this process, as the demo is then told by the end of its input.
    thread::spawn(move || build_all(&bindings, &Reporter::new(input)));
    ensure!(demo.wait()?.success(), "the demo has failed");
    Ok(())
}

/// All languages must be there, and no job may run twice.
pub(crate) fn add_to(steps: &Steps) {
    steps.run(
        "the demo: four languages, one Lease, no job twice",
        |step| {
            // A process of its own, since it minds Ctrl-C in a way of its own; by cargo, which has
            // built this program again with all others.
            let (shell, cargo) = (shell()?, cargo());
            step.run(cmd!(shell, "{cargo} xtask demo --all"))
        },
    );
}

/// Tells the demo, a line each.
#[derive(Clone)]
struct Reporter(Arc<Mutex<ChildStdin>>);

impl Reporter {
    fn new(input: ChildStdin) -> Self {
        Self(Arc::new(Mutex::new(input)))
    }

    fn tell(&self, what: &Value) {
        let mut input = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A demo that is over needs to know nothing.
        let _ = writeln!(input, "{what}");
    }

    fn building(&self, binding: Binding, how_far: &str) {
        self.tell(&json!({ "building": { "name": binding.name(), "how_far": how_far } }));
    }
}

/// Builds the libraries of all languages in one go, and each one's program beside the others; all of
/// it after the demo, which elects meanwhile and would miss its deadlines.
fn build_all(bindings: &[Binding], reporter: &Reporter) {
    let libraries = &OnceLock::new();
    thread::scope(|scope| {
        if !bindings.is_empty() {
            scope.spawn(|| libraries.set(build_libraries(bindings, reporter)));
        }
        for &binding in bindings {
            scope.spawn(move || {
                let wait = || match libraries.wait() {
                    Ok(()) => Ok(()),
                    Err(error) => Err(anyhow!("{error}")),
                };
                reporter.tell(&match build_one(binding, reporter, &wait) {
                    Ok(command) => {
                        json!({ "ready": { "name": binding.name(), "command": command } })
                    }
                    Err(error) => {
                        let why = format!("{error:#}");
                        json!({ "left_out": { "name": binding.name(), "why": why } })
                    }
                });
            });
        }
    });
    // The demo takes the end of its input for the end of this process.
    thread::park();
}

fn build_libraries(bindings: &[Binding], reporter: &Reporter) -> Result<(), String> {
    let (all, teller) = (bindings.to_vec(), reporter.clone());
    let step = Step::new("demo libraries", move |how_far| {
        for &binding in &all {
            teller.building(binding, how_far);
        }
    });
    let built = step.and_then(|step| {
        let step = step.in_background();
        let built = build::debug(&step, &["--lib"]);
        step.tell("the native library is built");
        built.with_context(|| format!("see {}", step.log().display()))
    });
    built.map_err(|error| format!("{error:#}"))
}

fn build_one(
    binding: Binding,
    reporter: &Reporter,
    libraries: &dyn Fn() -> Result<()>,
) -> Result<Vec<String>> {
    let teller = reporter.clone();
    let step = Step::new(&["demo ", binding.name()].concat(), move |how_far| {
        teller.building(binding, how_far);
    })?;
    let step = step.in_background();
    let built = binding.build(&step, libraries);
    built.with_context(|| format!("see {}", step.log().display()))
}
