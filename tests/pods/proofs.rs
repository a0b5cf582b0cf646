//! A leader whose container is killed, and candidates in other pods that see it in the status of its pod.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use leasehold_test_cluster::NodeCluster;
use leasehold_tests::now;
use leasehold_tests::pods::{CANDIDATE, Crash, Pods, Program, WITHOUT_PRE_STOP, eventually};
use serde_json::Value;

use crate::{report, shared};

/// Its own next instance would know of its end as well: it takes no part.
const ONCE: &str = "[ -e /dev/shm/began ] && exit 1; : >/dev/shm/began; ";

/// For how long a process does not ask what its container is called, less what two clocks may differ by.
const SETTLED: Duration = Duration::from_secs(59);

/// How often the Lease is looked at, for a minute.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// A control group namespace of its own takes a right that nothing else here has.
const MAY_UNSHARE: &str = "
- op: replace
  path: /spec/template/spec/containers/0/securityContext
  value:
    runAsNonRoot: false
    runAsUser: 0
    readOnlyRootFilesystem: true
    capabilities: {drop: [ALL], add: [SYS_ADMIN]}";

#[test]
fn a_leader_whose_container_is_killed_is_succeeded_by_another_pod_long_before_its_lease_expires()
-> Result<()> {
    let Some(node) = shared() else { return Ok(()) };
    let pods = start(&node, "proven", CANDIDATE, WITHOUT_PRE_STOP)?;
    kill_the_leader(pods)
}

/// As is usual with version 2 of control groups, of which a container sees its own alone.
#[test]
fn so_is_one_that_had_to_ask_what_its_container_is_called() -> Result<()> {
    let Some(node) = shared() else { return Ok(()) };
    let hidden = CANDIDATE.replace("exec", "exec unshare --cgroup");
    let patches = format!("{WITHOUT_PRE_STOP}{MAY_UNSHARE}");
    let pods = start(&node, "asked", &hidden, &patches)?;
    let leader = pods.leader()?;
    let started = pods.started(&leader)?;
    let (id, known) = eventually("its container's ID is noted", || {
        thread::sleep(LOOK_INTERVAL);
        let id = &noted(&pods)?["container"]["id"];
        Ok(id.as_str().map(|id| (id.to_owned(), now())))
    })?;
    ensure!(
        Duration::from_nanos(known - started) >= SETTLED,
        "nobody had to ask for {id}"
    );
    let status = &pods.pod(&leader)?["status"]["containerStatuses"][0];
    assert_eq!(status["containerID"], format!("containerd://{id}"));
    kill_the_leader(pods)
}

/// Three pods, for a Lease that nobody waits for.
fn start<'a>(node: &'a NodeCluster, name: &str, script: &str, patches: &str) -> Result<Pods<'a>> {
    let program = Program {
        script: &format!("{ONCE}{script}"),
        settings: &["TIMING=300 200 2", "LEASEHOLD_PROOF_OF_DEATH=pods"],
        components: &["proofs"],
        patches,
        ..Program::default()
    };
    Pods::start(node, name, &program)
}

fn kill_the_leader(mut pods: Pods<'_>) -> Result<()> {
    let old = pods.leader()?;
    let asked = pods.crash(&old, Crash::Killed)?;
    let (new, began) = pods.leader_since(asked)?;
    report("SIGKILL, with the status of pods", asked, began, &pods)?;
    let noted = noted(&pods)?;
    assert_eq!(noted["acquired"], "container_terminated", "{noted}");
    assert_eq!(noted["container"]["podName"], new, "{noted}");
    ensure!(new != old, "{old} was not to take part again");
    pods.delete()
}

/// What the leader has noted of its process.
fn noted(pods: &Pods<'_>) -> Result<Value> {
    let annotations = &pods.lease()?["metadata"]["annotations"];
    let noted = annotations["leasehold.io/holder-process"].as_str();
    Ok(serde_json::from_str(noted.context("a note")?)?)
}
