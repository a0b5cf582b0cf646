//! What many elections in one process cost it: processor, wake-ups, memory. `footprint --help`.
//!
//! One process leads them all and is measured, then another stands by for the same Leases while the first
//! goes on. Both are this program again, so that nothing else is in what is measured. Linux alone.

use std::fs;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, Subcommand};
use leasehold::{Config, LeaderElection, Mode};
use leasehold_test_cluster::TestCluster;
use rustix::time::{ClockId, clock_gettime};

#[path = "../used.rs"]
mod used;

use used::Used;

const LIMIT: Duration = Duration::from_secs(120);
const ANSWERS: u32 = 20_000_000;

/// Measures what many elections in one process cost it, on the test cluster.
#[derive(Parser)]
struct Options {
    /// How many elections.
    #[arg(long, default_value_t = 1_000)]
    elections: usize,
    /// For how long each process is measured.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Prints two lines of JSON: of the one that leads, and of the one that stands by.
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    process: Option<Process>,
}

/// What a process does that is measured, with `KUBECONFIG`. It ends with its standard input.
#[derive(Clone, Copy, Subcommand)]
enum Process {
    /// Leads.
    Lead,
    /// Stands by: somebody else leads.
    StandBy,
}

fn main() -> Result<()> {
    let options = Options::parse();
    match options.process {
        Some(process) => options.measure(process),
        None => options.run(),
    }
}

impl Options {
    fn run(&self) -> Result<()> {
        let cluster = TestCluster::start()?;
        let kubeconfig = cluster.admin_kubeconfig();
        if !self.json {
            println!(
                "{} elections in one process, 15/10/2 s, a real API server on loopback",
                self.elections
            );
        }
        // The first goes on while the second is measured.
        let leader = self.start("lead", &kubeconfig)?;
        let standby = self.start("stand-by", &kubeconfig)?;
        for (mut process, _lines) in [standby, leader] {
            drop(process.stdin.take());
            ensure!(process.wait()?.success(), "a process has failed");
        }
        Ok(())
    }

    /// Starts such a process, shows what it prints, and returns when it has measured itself.
    fn start(&self, what: &str, kubeconfig: &Path) -> Result<(Child, BufReader<ChildStdout>)> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--elections", &self.elections.to_string()])
            .args(["--seconds", &self.seconds.to_string(), what])
            .env("KUBECONFIG", kubeconfig)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().context("its output")?;
        let mut output = BufReader::new(output);
        let mut line = String::new();
        ensure!(output.read_line(&mut line)? > 0, "{what}: nothing measured");
        if self.json {
            print!("{line}");
        } else {
            println!("{what:<9} {}", serde_json::from_str::<Used>(&line)?);
        }
        Ok((process, output))
    }

    fn measure(&self, process: Process) -> Result<()> {
        let empty = Usage::now()?;
        let elections = (0..self.elections)
            .map(|number| {
                Config::new(format!("footprint-{number}"))
                    .namespace("default")
                    .mode(Mode::Kubernetes)
                    .start()
            })
            .collect::<leasehold::Result<Vec<_>>>()?;
        let deadline = Instant::now() + LIMIT;
        while !elections
            .iter()
            .all(|election| process.is_settled(election))
        {
            ensure!(Instant::now() < deadline, "not all have settled");
            sleep(Duration::from_millis(100));
        }
        // Past the first renewals, and what came of starting all at once.
        sleep(Duration::from_secs(5));

        let (started, before) = (Instant::now(), Usage::now()?);
        sleep(Duration::from_secs(self.seconds));
        let (seconds, after) = (started.elapsed().as_secs_f64(), Usage::now()?);
        if !elections
            .iter()
            .all(|election| process.is_settled(election))
        {
            bail!("leadership has changed meanwhile");
        }

        let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64() / seconds;
        let wakes = after.wakes.saturating_sub(before.wakes);
        let memory = after.kibibytes.saturating_sub(empty.kibibytes);
        let used = Used {
            cpu_percent: 100.0 * cpu,
            wakes_per_second: f64::from(wakes) / seconds,
            kibibytes_each: f64::from(memory) / f64::from(u32::try_from(self.elections)?),
            answer_nanos: answer_nanos(elections.first().context("at least one election")?),
        };
        println!("{}", serde_json::to_string(&used)?);
        // Until the one that has started it has seen enough.
        std::io::stdin().read_line(&mut String::new())?;
        Ok(())
    }
}

impl Process {
    fn is_settled(self, election: &LeaderElection) -> bool {
        match self {
            Self::Lead => election.is_leader(),
            Self::StandBy => {
                let status = election.status();
                status.watching && status.holder.is_some() && !election.is_leader()
            }
        }
    }
}

fn answer_nanos(election: &LeaderElection) -> f64 {
    let started = Instant::now();
    for _ in 0..ANSWERS {
        black_box(black_box(election).is_leader());
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(ANSWERS)
}

/// What this process has used so far.
struct Usage {
    cpu: Duration,
    /// How often one of its threads has slept, and was woken again.
    wakes: u32,
    /// Of memory that is resident, and its own.
    kibibytes: u32,
}

impl Usage {
    fn now() -> Result<Self> {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        let mut wakes = 0;
        for thread in fs::read_dir("/proc/self/task")? {
            let status = fs::read_to_string(thread?.path().join("status"))?;
            wakes += number_in(&status, "voluntary_ctxt_switches:")?;
        }
        let status = fs::read_to_string("/proc/self/status")?;
        Ok(Self {
            cpu: Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec)?),
            wakes,
            kibibytes: number_in(&status, "RssAnon:")?,
        })
    }
}

fn number_in(status: &str, field: &str) -> Result<u32> {
    let value = status.lines().find_map(|line| line.strip_prefix(field));
    let value = value.with_context(|| format!("no {field}"))?;
    let number = value.split_whitespace().next().context("a number")?;
    Ok(number.parse()?)
}
