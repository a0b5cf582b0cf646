//! Candidates in pods of a real node: what users and Kubernetes do to them, judged on one clock.
//!
//! Where no node can run, or its programs have not been built, a line says so.

mod once;
mod proofs;
mod tokens;

use std::fs;
use std::path::Path;
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use leasehold_test_cluster::{NodeCluster, left_out};
use leasehold_tests::now;
use leasehold_tests::pods::{
    Crash, Pods, Program, WITHOUT_PRE_STOP, eventually, image, jobs, with_token_from,
};
use tokens::Tokens;

/// A cluster with two nodes for all tests, if this machine can have one; it ends with the test
/// program. Held for writing by what is done to a whole node.
static NODES: OnceLock<Option<RwLock<NodeCluster>>> = OnceLock::new();

fn nodes() -> Option<&'static RwLock<NodeCluster>> {
    let nodes = NODES.get_or_init(|| {
        if let Some(why) = left_out().expect("the cache folder") {
            eprintln!("{why}");
            return None;
        }
        Some(RwLock::new(start().expect("a cluster with two nodes")))
    });
    nodes.as_ref()
}

fn start() -> Result<NodeCluster> {
    let mut nodes = NodeCluster::start()?;
    nodes.add_node()?;
    let candidate = Path::new(env!("CARGO_BIN_EXE_candidate"));
    nodes.load(&image("candidate:1", &[(candidate, "/candidate")])?)?;
    let leasehold = candidate.with_file_name("leasehold");
    ensure!(
        leasehold.exists(),
        "there is no {}: `cargo build --workspace --bins` makes it",
        leasehold.display()
    );
    nodes.load(&image("leasehold-run:1", &[(&leasehold, "/leasehold")])?)?;
    nodes.load(&once::migration(&leasehold)?)?;
    Ok(nodes)
}

fn shared() -> Option<RwLockReadGuard<'static, NodeCluster>> {
    nodes().map(|nodes| nodes.read().unwrap_or_else(PoisonError::into_inner))
}

fn exclusive() -> Option<RwLockWriteGuard<'static, NodeCluster>> {
    nodes().map(|nodes| nodes.write().unwrap_or_else(PoisonError::into_inner))
}

/// `leasehold run`, with a job for each second.
fn run() -> Program<'static> {
    Program {
        image: "leasehold-run:1",
        script: "exec /leasehold run -- /job.sh",
        settings: &[],
        ..Program::default()
    }
}

#[test]
fn a_leader_whose_pod_is_deleted_or_evicted_hands_over_at_once() -> Result<()> {
    let Some(node) = shared() else { return Ok(()) };
    let pods = Pods::start(&node, "deleted", &Program::default())?;
    let old = pods.leader()?;
    let asked = now();
    pods.kubectl(&["delete", "pod", &old, "--wait=false"])?;
    let (new, began) = pods.leader_since(asked)?;
    assert_ne!(old, new);
    report("kubectl delete pod", asked, began, &pods)?;
    pods.wait_for_rollout()?;
    let asked = now();
    pods.evict(&new)?;
    let (newest, began) = pods.leader_since(asked)?;
    assert_ne!(new, newest);
    report("an eviction", asked, began, &pods)?;
    pods.delete()
}

#[test]
fn a_leader_whose_container_crashes_is_succeeded() -> Result<()> {
    let Some(node) = shared() else { return Ok(()) };
    let program = Program {
        container: "resources: {limits: {memory: 64Mi}}",
        settings: &["TIMING=3 2 0.5"],
        ..Program::default()
    };
    let mut pods = Pods::start(&node, "crashed", &program)?;
    for crash in [Crash::Killed, Crash::Exit, Crash::OutOfMemory] {
        let old = pods.leader()?;
        let asked = pods.crash(&old, crash)?;
        let (_, began) = pods.leader_since(asked)?;
        report(&format!("{crash:?}"), asked, began, &pods)?;
        if crash == Crash::OutOfMemory {
            eventually("Kubernetes says so too", || {
                let pod = pods.pod(&old)?;
                let state = &pod["status"]["containerStatuses"][0];
                let states = [&state["state"], &state["lastState"]];
                Ok(states
                    .iter()
                    .any(|it| it["terminated"]["reason"] == "OOMKilled")
                    .then_some(()))
            })?;
        }
    }
    pods.delete()
}

/// The kubelet waits ever longer before it starts such a container again; the others do not.
#[test]
fn a_container_that_crashes_again_and_again_keeps_nobody_else_from_leading() -> Result<()> {
    let Some(node) = shared() else { return Ok(()) };
    let program = Program {
        settings: &["TIMING=3 2 0.5"],
        ..Program::default()
    };
    let mut pods = Pods::start(&node, "crash-loop", &program)?;
    let crashing = pods.leader()?;
    pods.crash(&crashing, Crash::Exit)?;
    eventually("it is started again", || {
        let pod = pods.pod(&crashing)?;
        let state = &pod["status"]["containerStatuses"][0];
        Ok((state["restartCount"] == 1 && state["state"].get("running").is_some()).then_some(()))
    })?;
    eventually("it takes part again", || {
        Ok(pods.has_begun_again(&crashing)?.then_some(()))
    })?;
    pods.crash(&crashing, Crash::Exit)?;
    eventually("CrashLoopBackOff", || {
        let pod = pods.pod(&crashing)?;
        let waiting = &pod["status"]["containerStatuses"][0]["state"]["waiting"];
        Ok((waiting["reason"] == "CrashLoopBackOff").then_some(()))
    })?;
    assert_ne!(pods.leader()?, crashing);
    pods.ensure_one_leader()?;
    pods.delete()
}

#[test]
fn no_job_is_done_twice_while_a_deployment_is_rolled_out_and_scaled() -> Result<()> {
    let Some(node) = shared() else { return Ok(()) };
    let pods = Pods::start(&node, "rolled-out", &run())?;
    let first = jobs::next(&pods)?;
    pods.kubectl(&["rollout", "restart", "deployment", "worker"])?;
    pods.wait_for_rollout()?;
    let after = jobs::next_of_another(&pods, &first.pod)?;
    assert!(after.token > first.token);
    pods.kubectl(&["scale", "deployment", "worker", "--replicas=5"])?;
    pods.wait_for_rollout()?;
    pods.kubectl(&["scale", "deployment", "worker", "--replicas=1"])?;
    eventually("one pod is left", || {
        Ok((pods.list()?.len() == 1).then_some(()))
    })?;
    let last = pods.list()?[0]["metadata"]["name"]
        .as_str()
        .map(str::to_owned);
    eventually("the last does the job", || {
        Ok((Some(jobs::next(&pods)?.pod) == last).then_some(()))
    })?;
    report_jobs("rollout restart, scale to 5 and to 1", &pods)?;
    pods.delete()
}

#[test]
fn work_that_outlasts_the_grace_period_ends_before_another_begins() -> Result<()> {
    let Some(node) = shared() else { return Ok(()) };
    let program = Program {
        // It does not listen to the signal that ends it.
        script: "exec /leasehold run -- /bin/sh -c \"trap '' TERM; . /job.sh\"",
        settings: &[
            "LEASEHOLD_LEASE_DURATION=6s",
            "LEASEHOLD_RENEW_DEADLINE=4s",
            "LEASEHOLD_RETRY_PERIOD=1s",
        ],
        patches: &format!(
            "{WITHOUT_PRE_STOP}\n- {{op: replace, path: /spec/template/spec/terminationGracePeriodSeconds, value: 3}}"
        ),
        ..run()
    };
    let pods = Pods::start(&node, "short-grace", &program)?;
    let old = jobs::next(&pods)?;
    pods.kubectl(&["delete", "pod", &old.pod])?;
    let new = jobs::next_of_another(&pods, &old.pod)?;
    assert!(new.token > old.token);
    report_jobs("a grace period of 3 s for work that goes on", &pods)?;
    pods.delete()
}

#[test]
fn a_leader_that_fails_its_liveness_probe_hands_over() -> Result<()> {
    let Some(node) = shared() else { return Ok(()) };
    let program = Program {
        container: "\
livenessProbe:
  exec: {command: [/bin/sh, -c, '! [ -e /ledger/sick.$POD_NAME ]']}
  periodSeconds: 1
  failureThreshold: 1",
        ..Program::default()
    };
    let pods = Pods::start(&node, "sick", &program)?;
    let old = pods.leader()?;
    let asked = now();
    fs::write(pods.ledger().join(format!("sick.{old}")), "")?;
    let (new, began) = pods.leader_since(asked)?;
    assert_ne!(old, new);
    report("a liveness probe that fails", asked, began, &pods)?;
    pods.delete()
}

/// As the kubelet rotates a projected token, but sooner: the first is no longer taken once the Secret is
/// gone that it was bound to.
#[test]
fn a_leader_goes_on_with_the_token_that_replaces_its_first() -> Result<()> {
    let Some(node) = shared() else { return Ok(()) };
    let pods = Pods::without_pods(&node, "rotated")?;
    let tokens = Tokens::new(&node, &pods)?;
    let first = tokens.issue("first")?;
    tokens.hand_out(&first)?;
    pods.apply(&Program {
        pod: "automountServiceAccountToken: false",
        patches: &with_token_from(tokens::OF_A_SECRET),
        settings: &["TIMING=3 2 0.5"],
        ..Program::default()
    })?;
    let old = pods.leader()?;
    let second = tokens.issue("second")?;
    tokens.hand_out(&second)?;
    tokens.wait_until_all_have(&second)?;
    tokens.revoke("first", &first)?;
    // Longer than a leader goes on whose writes are refused.
    for _ in 0..6 {
        let last = pods.renew_time()?;
        eventually("the next renewal", || {
            Ok((pods.renew_time()? != last).then_some(()))
        })?;
    }
    let asked = now();
    pods.kubectl(&["delete", "pod", &old, "--wait=false"])?;
    let (_, began) = pods.leader_since(asked)?;
    report("delete, after a rotation of the token", asked, began, &pods)?;
    pods.delete()
}

#[test]
fn a_drained_node_hands_over_to_the_other() -> Result<()> {
    let Some(node) = exclusive() else {
        return Ok(());
    };
    let pods = Pods::start(&node, "drained", &Program::default())?;
    let old = pods.leader()?;
    let drained = pods.node_of(&old)?;
    let asked = now();
    let drain = pods.kubectl(&[
        "drain",
        &drained,
        "--pod-selector",
        "app=worker",
        "--timeout=120s",
    ]);
    let outcome = drain.and_then(|_| pods.leader_since(asked));
    pods.kubectl(&["uncordon", &drained])?;
    let (new, began) = outcome?;
    assert_ne!(pods.node_of(&new)?, drained);
    report("kubectl drain", asked, began, &pods)?;
    pods.delete()
}

/// Kubernetes takes the pods of such a node for lost, and starts others, while they go on.
#[test]
fn a_node_that_stops_answering_leaves_one_leader() -> Result<()> {
    let Some(node) = exclusive() else {
        return Ok(());
    };
    let pods = Pods::start(&node, "silent-node", &Program::default())?;
    let old = pods.leader()?;
    let silent = pods.node_of(&old)?;
    node.pause_kubelet(&silent)?;
    let outcome = eventually("the pods of the silent node are replaced", || {
        let elsewhere = pods.list()?.into_iter().filter(|pod| {
            pod["spec"]["nodeName"] != *silent && pod["status"]["phase"] == "Running"
        });
        Ok((elsewhere.count() == 3).then_some(()))
    });
    let leader = outcome.and_then(|()| pods.leader());
    let while_silent = now();
    node.resume_kubelet(&silent)?;
    // Its pod lives, and has the Lease.
    assert_eq!(leader?, old);
    let (new, began) = pods.leader_since(while_silent)?;
    assert_ne!(pods.node_of(&new)?, silent);
    report("a node that is heard of again", while_silent, began, &pods)?;
    pods.delete()
}

/// The figures of a handover or takeover; fails if two led at one instant.
fn report(what: &str, asked: u64, began: u64, pods: &Pods<'_>) -> Result<()> {
    let timeline = pods.ensure_one_leader()?;
    let gap = timeline
        .until(began + 1)
        .gaps()
        .last()
        .context("a handover")?;
    let since_asked = Duration::from_nanos(began - asked);
    println!("{what}: another led {since_asked:.3?} after it; without a leader for {gap:.3?}");
    Ok(())
}

/// What was done; fails if a job was done twice.
fn report_jobs(what: &str, pods: &Pods<'_>) -> Result<()> {
    let (count, left_out) = jobs::ensure_none_was_done_twice(pods)?;
    println!("{what}: {count} jobs, none twice; seconds without one: {left_out:?}");
    Ok(())
}
