//! Candidates in pods of a real node: what users and Kubernetes do to them, judged on one clock.
//!
//! Where no node can run, or its programs have not been built, a line says so.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result};
use leasehold_test_cluster::{NodeCluster, left_out};
use leasehold_tests::now;
use leasehold_tests::pods::{Crash, Pods, Program, candidate_image};

/// One node for all tests, if this machine can have one; it ends with the test program.
fn node() -> Option<&'static NodeCluster> {
    static NODE: OnceLock<Option<NodeCluster>> = OnceLock::new();
    let node = NODE.get_or_init(|| {
        if let Some(why) = left_out().expect("the cache folder") {
            eprintln!("{why}");
            return None;
        }
        let node = NodeCluster::start().expect("a cluster with a node");
        let candidate = Path::new(env!("CARGO_BIN_EXE_candidate"));
        let image = candidate_image("candidate:1", candidate).expect("an image");
        node.load(&image).expect("the node takes the image");
        Some(node)
    });
    node.as_ref()
}

#[test]
fn a_leader_whose_pod_is_deleted_hands_over_at_once() -> Result<()> {
    let Some(node) = node() else { return Ok(()) };
    let pods = Pods::start(node, "deleted", &Program::default())?;
    let old = pods.leader()?;
    let asked = now();
    pods.kubectl(&["delete", "pod", &old, "--wait=false"])?;
    let (new, began) = pods.leader_since(asked)?;
    assert_ne!(old, new);
    let timeline = pods.ensure_one_leader()?;
    let gap = timeline.gaps().max().context("a handover")?;
    report(
        "kubectl delete pod",
        Duration::from_nanos(began - asked),
        gap,
    );
    pods.delete()
}

#[test]
fn a_leader_whose_container_crashes_is_succeeded_and_restarted() -> Result<()> {
    let Some(node) = node() else { return Ok(()) };
    for crash in [Crash::Killed, Crash::Exit, Crash::OutOfMemory] {
        let name = format!("{crash:?}").to_lowercase();
        let program = Program {
            container: "resources: {limits: {memory: 64Mi}}",
            settings: &["TIMING=3 2 0.5"],
            ..Program::default()
        };
        let mut pods = Pods::start(node, &name, &program)?;
        let old = pods.leader()?;
        let asked = pods.crash(&old, crash)?;
        let (_, began) = pods.leader_since(asked)?;
        let timeline = pods.ensure_one_leader()?;
        let gap = timeline.gaps().max().context("a takeover")?;
        report(&name, Duration::from_nanos(began - asked), gap);
        pods.delete()?;
    }
    Ok(())
}

fn report(what: &str, since_asked: Duration, gap: Duration) {
    println!("{what}: another led {since_asked:.3?} after it; without a leader for {gap:.3?}");
}
