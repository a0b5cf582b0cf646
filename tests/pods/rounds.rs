//! How long a crash leaves three pods without a leader, in many rounds: figures, and never two
//! leaders. `LEASEHOLD_ROUNDS` says how many, and `LEASEHOLD_PROOFS` by which proofs of death.

use std::env;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use leasehold_test_cluster::{NodeCluster, left_out};
use leasehold_tests::go_candidate;
use leasehold_tests::pods::{Crash, Pods, Program, candidate_image, eventually};

#[test]
fn rounds() -> Result<()> {
    if let Some(why) = left_out()? {
        eprintln!("{why}");
        return Ok(());
    }
    let rounds: usize = env::var("LEASEHOLD_ROUNDS")
        .unwrap_or("20".to_owned())
        .parse()?;
    let proofs = env::var("LEASEHOLD_PROOFS").unwrap_or("none,local".to_owned());
    let node = NodeCluster::start()?;
    let candidate = Path::new(env!("CARGO_BIN_EXE_candidate"));
    node.load(&candidate_image("candidate:1", candidate)?)?;
    node.load(&candidate_image(
        "client-go:1",
        Path::new(&go_candidate()?[0]),
    )?)?;
    for proof in proofs.split(',') {
        for crash in [Crash::Killed, Crash::Exit, Crash::OutOfMemory] {
            let setting = format!("LEASEHOLD_PROOF_OF_DEATH={proof}");
            let program = Program {
                container: "resources: {limits: {memory: 64Mi}}",
                settings: &["TIMING=15 10 2", &setting],
                ..Program::default()
            };
            measure(
                &node,
                &format!("{proof}-{crash:?}"),
                &program,
                crash,
                rounds,
            )?;
        }
    }
    let program = Program {
        image: "client-go:1",
        ..Program::default()
    };
    measure(&node, "client-go-Killed", &program, Crash::Killed, rounds)
}

fn measure(
    node: &NodeCluster,
    name: &str,
    program: &Program<'_>,
    crash: Crash,
    rounds: usize,
) -> Result<()> {
    let mut pods = Pods::start(node, &name.to_lowercase(), program)?;
    let mut waits = Vec::new();
    for _ in 0..rounds {
        let old = pods.leader()?;
        let asked = pods.crash(&old, crash)?;
        let (_, began) = pods.leader_since(asked)?;
        waits.push(Duration::from_nanos(began - asked));
        // Another in its place, which the kubelet does not keep waiting for its crashes.
        pods.kubectl(&["delete", "pod", &old, "--wait=true"])?;
        pods.kubectl(&[
            "rollout",
            "status",
            "deployment",
            "worker",
            "--timeout=120s",
        ])?;
        eventually("three take part", || {
            Ok((pods.taking_part()? >= 3).then_some(()))
        })?;
    }
    pods.ensure_one_leader()?;
    waits.sort();
    let middle = waits.get(waits.len() / 2).context("a round")?;
    println!(
        "{name}: {rounds} rounds, p50 {middle:.3?}, max {:.3?}; no two leaders",
        waits.last().context("a round")?
    );
    pods.delete()
}
