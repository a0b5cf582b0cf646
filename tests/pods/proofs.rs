//! A leader whose container is killed, and candidates in other pods that see it in the status of its pod.

use anyhow::{Context, Result, ensure};
use leasehold_tests::pods::{CANDIDATE, Crash, Pods, Program};
use serde_json::Value;

use crate::{report, shared};

#[test]
fn a_leader_whose_container_is_killed_is_succeeded_by_another_pod_long_before_its_lease_expires()
-> Result<()> {
    let Some(node) = shared() else { return Ok(()) };
    // Its own next instance would know as well: it takes no part.
    let script = format!("[ -e /dev/shm/began ] && exit 1; : >/dev/shm/began; {CANDIDATE}");
    let program = Program {
        script: &script,
        settings: &["TIMING=300 200 2", "LEASEHOLD_PROOF_OF_DEATH=pods"],
        components: &["proofs"],
        ..Program::default()
    };
    let mut pods = Pods::start(&node, "proven", &program)?;
    let old = pods.leader()?;
    let asked = pods.crash(&old, Crash::Killed)?;
    let (new, began) = pods.leader_since(asked)?;
    report("SIGKILL, with the status of pods", asked, began, &pods)?;
    let lease = pods.kubectl(&["get", "lease", "proven", "--output=json"])?;
    let lease: Value = serde_json::from_str(&lease)?;
    let noted = &lease["metadata"]["annotations"]["leasehold.io/holder-process"];
    let noted: Value = serde_json::from_str(noted.as_str().context("a note")?)?;
    assert_eq!(noted["acquired"], "container_terminated", "{noted}");
    assert_eq!(noted["container"]["podName"], new, "{noted}");
    ensure!(new != old, "{old} was not to take part again");
    pods.delete()
}
