//! How long a crash leaves three candidates without a leader, in many rounds: figures. In the same rounds
//! those of client-go, and three workers of one container. No two lead at one instant, and no job is done
//! twice.
//!
//! `LEASEHOLD_ROUNDS` says how many rounds, and `LEASEHOLD_CANDIDATE` another program of Rust's candidate,
//! such as `cargo xtask candidate rust` builds.

use std::env;
use std::path::Path;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use leasehold_test_cluster::{NodeCluster, left_out};
use leasehold_tests::pods::{
    CANDIDATE_WITH_JOB, Crash, Pods, Program, WITHOUT_PRE_STOP, WORKERS, eventually, image, jobs,
    with_token_from,
};
use leasehold_tests::{Moment, command_under_test, go_candidate};

const PROOFS_OF_DEATH: [&str; 3] = ["none", "local", "pods"];
const CRASHES: [Crash; 3] = [Crash::Killed, Crash::OutOfMemory, Crash::Exit];
/// From one candidates' crash to the next ones', so that the kubelet has no two of them to see to.
const STAGGER: Duration = Duration::from_secs(2);
/// The shortest that the API server gives out.
const LIFE_OF_A_TOKEN: Duration = Duration::from_secs(600);
const TIMING: &str = "TIMING=15 10 2";
const LIMITED: &str = "resources: {limits: {memory: 64Mi}}";

fn node() -> Option<&'static NodeCluster> {
    static NODE: OnceLock<Option<NodeCluster>> = OnceLock::new();
    let node = NODE.get_or_init(|| {
        if let Some(why) = left_out().expect("the cache folder") {
            eprintln!("{why}");
            return None;
        }
        Some(start().expect("a cluster with a node"))
    });
    node.as_ref()
}

fn start() -> Result<NodeCluster> {
    let node = NodeCluster::start()?;
    let candidate = &command_under_test(env!("CARGO_BIN_EXE_candidate"))[0];
    let go = &go_candidate()?[0];
    for (name, program) in [("candidate:1", candidate), ("client-go:1", go)] {
        node.load(&image(name, &[(Path::new(program), "/candidate")])?)?;
    }
    Ok(node)
}

#[test]
fn rounds() -> Result<()> {
    let Some(node) = node() else { return Ok(()) };
    let rounds: usize = env::var("LEASEHOLD_ROUNDS")
        .unwrap_or("20".to_owned())
        .parse()?;
    let mut contestants = vec![Contestant::of_client_go(node)?];
    for proofs in PROOFS_OF_DEATH {
        contestants.push(Contestant::with_proofs(node, proofs)?);
    }
    contestants.push(Contestant::of_workers(node)?);
    for crash in CRASHES {
        for round in 1..=rounds {
            let told = at_once(&mut contestants, |number, it| {
                thread::sleep(STAGGER * u32::try_from(number)?);
                it.crash(crash)
            })?;
            let told: Vec<_> = told.into_iter().flatten().collect();
            eprintln!("{crash:?} {round}/{rounds}: {}", told.join(", "));
            at_once(&mut contestants, |_, it| it.replace_the_crashed())?;
        }
    }
    print_figures(&contestants);
    for it in &contestants {
        it.judge().with_context(|| it.name.clone())?;
    }
    Ok(())
}

/// A leader's first token lives for ten minutes, and its term goes on with those by which the kubelet
/// replaces it.
#[test]
fn a_term_outlives_its_token() -> Result<()> {
    let Some(node) = node() else { return Ok(()) };
    let pods = Pods::start(
        node,
        "short-lived",
        &Program {
            pod: "automountServiceAccountToken: false",
            patches: &with_token_from(&format!(
                "serviceAccountToken: {{path: token, expirationSeconds: {}}}",
                LIFE_OF_A_TOKEN.as_secs()
            )),
            ..Program::default()
        },
    )?;
    let leader = pods.leader()?;
    let first = pods.token(&leader)?;
    let begun = Instant::now();
    // An answer may be remembered for some seconds.
    while begun.elapsed() < LIFE_OF_A_TOKEN + Duration::from_secs(60) {
        thread::sleep(Duration::from_secs(1));
    }
    ensure!(pods.token(&leader)? != first, "the token is the first");
    let last = pods.renew_time()?;
    eventually("the next renewal", || {
        Ok((pods.renew_time()? != last).then_some(()))
    })?;
    let terms = pods.ensure_one_leader()?;
    ensure!(terms.intervals().len() == 1, "a term has ended:\n{terms}");
    println!(
        "a term has outlived its first token, by {:?}",
        Duration::from_secs(60)
    );
    pods.delete()
}

/// Three candidates for one Lease.
struct Contestant<'a> {
    name: String,
    pods: Pods<'a>,
    /// In one container: what ends is a process, not a container.
    are_workers: bool,
    /// Whose place another takes, which the kubelet does not keep waiting for its crashes.
    crashed: Option<String>,
    takeovers: Vec<Takeover>,
}

/// How a crashed leader was succeeded.
struct Takeover {
    crash: Crash,
    wait: Duration,
    /// By how much it came after the expiry of the Lease.
    after_expiry: Option<Duration>,
    /// By how much after the start of the very container that had crashed, if that succeeds itself.
    after_start: Option<Duration>,
}

impl<'a> Contestant<'a> {
    fn of_client_go(node: &'a NodeCluster) -> Result<Self> {
        let program = Program {
            image: "client-go:1",
            script: CANDIDATE_WITH_JOB,
            container: LIMITED,
            settings: &[TIMING],
            ..Program::default()
        };
        Self::start(node, "client-go", &program)
    }

    fn with_proofs(node: &'a NodeCluster, proofs: &str) -> Result<Self> {
        let setting = format!("LEASEHOLD_PROOF_OF_DEATH={proofs}");
        let program = Program {
            script: CANDIDATE_WITH_JOB,
            container: LIMITED,
            settings: &[TIMING, &setting],
            // Rights that only the last of them uses.
            components: &["proofs"],
            ..Program::default()
        };
        Self::start(node, &format!("proof-of-death-{proofs}"), &program)
    }

    fn of_workers(node: &'a NodeCluster) -> Result<Self> {
        let patches =
            format!("{WITHOUT_PRE_STOP}\n- {{op: replace, path: /spec/replicas, value: 1}}");
        let program = Program {
            script: WORKERS,
            patches: &patches,
            settings: &[TIMING],
            ..Program::default()
        };
        let mut this = Self::start(node, "workers-of-one-container", &program)?;
        this.are_workers = true;
        Ok(this)
    }

    fn start(node: &'a NodeCluster, name: &str, program: &Program<'_>) -> Result<Self> {
        let this = Self {
            name: name.to_owned(),
            pods: Pods::start(node, name, program)?,
            are_workers: false,
            crashed: None,
            takeovers: Vec::new(),
        };
        this.all_take_part()?;
        Ok(this)
    }

    fn all_take_part(&self) -> Result<()> {
        eventually("three take part", || {
            Ok((self.pods.taking_part()? >= 3).then_some(()))
        })
    }

    /// Ends the leader, and waits for the next. Returns what to tell of it.
    fn crash(&mut self, crash: Crash) -> Result<Option<String>> {
        if self.are_workers && crash != Crash::Killed {
            return Ok(None);
        }
        let old = self.pods.leader()?;
        let asked = self.pods.crash(&old, crash)?;
        let expiry = self.pods.expiry()?;
        let (new, began) = self.pods.leader_since(asked)?;
        let started = self.pods.started(&new)?;
        let wait = Duration::from_nanos(began - asked);
        self.takeovers.push(Takeover {
            crash,
            wait,
            after_expiry: later(expiry, began),
            after_start: later(started, began).filter(|_| new == old),
        });
        self.crashed = Some(old);
        Ok(Some(format!("{} {wait:.3?}", self.name)))
    }

    fn replace_the_crashed(&mut self) -> Result<()> {
        if let Some(crashed) = self.crashed.take()
            && !self.are_workers
        {
            self.pods.kubectl(&["delete", "pod", &crashed])?;
            self.pods.wait_for_rollout()?;
        }
        self.all_take_part()
    }

    fn judge(&self) -> Result<()> {
        self.pods.ensure_one_leader()?;
        let (count, _) = jobs::ensure_none_was_done_twice(&self.pods)?;
        ensure!(count > 0 || self.are_workers, "no job was done");
        Ok(())
    }
}

/// Does it with each, on threads of their own.
fn at_once<'a, T: Send>(
    contestants: &mut [Contestant<'a>],
    act: impl Fn(usize, &mut Contestant<'a>) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    thread::scope(|scope| {
        let act = &act;
        let threads = contestants.iter_mut().enumerate();
        let threads: Vec<_> = threads
            .map(|(number, it)| {
                let name = it.name.clone();
                (name, scope.spawn(move || act(number, it)))
            })
            .collect();
        let outcomes = threads.into_iter().map(|(name, thread)| {
            let outcome = thread
                .join()
                .unwrap_or_else(|_| Err(anyhow!("it panicked")));
            outcome.context(name)
        });
        outcomes.collect()
    })
}

fn print_figures(contestants: &[Contestant<'_>]) {
    println!(
        "\n| candidates | crash | rounds | p50 | max | after the container's start | after the Lease's expiry |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|");
    for it in contestants {
        for crash in CRASHES {
            let takeovers: Vec<_> = it.takeovers.iter().filter(|it| it.crash == crash).collect();
            let waits = takeovers.iter().map(|it| it.wait);
            let Some((middle, last)) = middle_and_last(waits) else {
                continue;
            };
            let after_start = takeovers.iter().filter_map(|it| it.after_start);
            let after_expiry = takeovers.iter().filter_map(|it| it.after_expiry);
            println!(
                "| {} | {crash:?} | {} | {middle:.3?} | {last:.3?} | {} | {} |",
                it.name,
                takeovers.len(),
                shown(middle_and_last(after_start)),
                shown(middle_and_last(after_expiry)),
            );
        }
    }
    println!("\n| candidates | terms | overlaps | jobs | done twice |\n|---|---:|---:|---:|---:|");
    for it in contestants {
        let timeline = it.pods.timeline();
        let (terms, overlaps) = timeline.map_or((0, 0), |timeline| {
            (timeline.intervals().len(), timeline.overlaps().count())
        });
        let done = jobs::done(&it.pods).unwrap_or_default();
        let mut due: Vec<_> = done.iter().map(|job| job.due).collect();
        due.sort_unstable();
        due.dedup();
        let twice = done.len() - due.len();
        println!(
            "| {} | {terms} | {overlaps} | {} | {twice} |",
            it.name,
            done.len()
        );
    }
}

fn middle_and_last(durations: impl Iterator<Item = Duration>) -> Option<(Duration, Duration)> {
    let mut durations: Vec<_> = durations.collect();
    durations.sort_unstable();
    Some((*durations.get(durations.len() / 2)?, *durations.last()?))
}

fn shown(figures: Option<(Duration, Duration)>) -> String {
    figures.map_or_else(String::new, |(middle, last)| {
        format!("p50 {middle:.3?}, max {last:.3?}")
    })
}

fn later(earlier: Moment, later: Moment) -> Option<Duration> {
    later.checked_sub(earlier).map(Duration::from_nanos)
}
