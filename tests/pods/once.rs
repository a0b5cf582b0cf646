//! The migration of `examples/kubernetes/once`, which an init container of each pod asks for: done by one.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use leasehold_test_cluster::Image;
use leasehold_tests::pods::jobs::{self, Job};
use leasehold_tests::pods::{Pods, eventually, examples_from, image};
use rustix::process::{Signal, kill_process};

use crate::shared;

/// The image of the manifest, with the programs that its containers run.
pub(crate) fn migration(leasehold: &Path) -> Result<Image> {
    let migrate = Path::new(env!("CARGO_MANIFEST_DIR")).join("pods/migrate.sh");
    let programs = [(leasehold, "/leasehold"), (&migrate, "/migrate")];
    image("shop-migration:1.4.2", &programs)
}

#[test]
fn a_migration_in_init_containers_is_done_by_one_pod_and_by_another_if_that_ends() -> Result<()> {
    let Some(node) = shared() else { return Ok(()) };
    let pods = Pods::without_pods(&node, "once")?;
    apply_example(&pods)?;

    let first = begun(&pods, 1)?;
    the_others_wait_for(&first, &pods)?;
    kill_process(pods.first_process(&first.pod, "migrate")?, Signal::KILL)?;

    let second = begun(&pods, 2)?;
    assert!(second.token > first.token, "{first:?}, then {second:?}");
    pods.kubectl(&["delete", "pod", &second.pod, "--wait=false"])?;

    let third = begun(&pods, 3)?;
    assert_ne!(third.pod, second.pod);
    the_others_wait_for(&third, &pods)?;
    fs::write(pods.ledger().join("go-on"), "")?;
    wait_for_rollout(&pods)?;
    assert_eq!(jobs::done(&pods)?, [third]);

    // It is the old one's by then, and no longer to be done.
    pods.kubectl(&["scale", "deployment", DEPLOYMENT, "--replicas=4"])?;
    wait_for_rollout(&pods)?;
    assert_eq!(jobs::done(&pods)?.len(), 1);
    pods.delete()
}

const DEPLOYMENT: &str = "once-shop";

/// The manifests as they are, where the test can see what the migration does. There are five attempts, none of which may
/// be spent on a term that a slow machine has lost.
fn apply_example(pods: &Pods<'_>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let kustomization = format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: {}
resources: [{}/once]
images:
  - {{name: busybox, newName: shop-migration, newTag: 1.4.2}}
patches:
  - target: {{kind: Deployment}}
    patch: |-
      - {{op: add, path: /spec/template/spec/volumes, value: [{{name: ledger, hostPath: {{path: {}}}}}]}}
      - op: add
        path: /spec/template/spec/initContainers/0/volumeMounts
        value: [{{name: ledger, mountPath: /ledger}}]
      - {{op: add, path: /spec/template/spec/initContainers/0/env/-, value: {{name: LEASEHOLD_LEASE_DURATION, value: 60s}}}}
      - {{op: add, path: /spec/template/spec/initContainers/0/env/-, value: {{name: LEASEHOLD_RENEW_DEADLINE, value: 50s}}}}
",
        pods.namespace(),
        examples_from(folder.path())?,
        pods.ledger().display(),
    );
    fs::write(folder.path().join("kustomization.yaml"), kustomization)?;
    let folder = folder.path().to_str().context("a path in UTF-8")?;
    pods.kubectl(&["apply", "--kustomize", folder])?;
    Ok(())
}

/// Waits until the migration has been begun so often, and returns who did last.
fn begun(pods: &Pods<'_>, times: usize) -> Result<Job> {
    eventually(&format!("the migration is begun {times} times"), || {
        let all = fs::read_to_string(pods.ledger().join("begun")).unwrap_or_default();
        let last = all.split_inclusive('\n').nth(times - 1);
        let last = last.and_then(|line| line.strip_suffix('\n')?.split_once(' '));
        last.map(|(token, pod)| {
            Ok(Job {
                due: 1,
                token: token.parse()?,
                pod: pod.to_owned(),
            })
        })
        .transpose()
    })
}

/// Waits until the two other pods have said for whom they wait.
fn the_others_wait_for(leader: &Job, pods: &Pods<'_>) -> Result<()> {
    let holder = format!("waiting: `{}_", leader.pod);
    let waits = |line: &str| line.contains(&holder) && line.contains("is running it");
    eventually(&format!("two wait for {}", leader.pod), || {
        let mut count = 0;
        for pod in pods.list()? {
            let name = pod["metadata"]["name"].as_str().context("a name")?;
            if name == leader.pod {
                continue;
            }
            // It may be gone, or not have begun.
            let log = pods.kubectl(&["logs", name, "--container=migrate"]);
            count += usize::from(log.is_ok_and(|log| log.lines().any(waits)));
        }
        Ok((count == 2).then_some(()))
    })
}

fn wait_for_rollout(pods: &Pods<'_>) -> Result<()> {
    let limit = "--timeout=120s";
    pods.kubectl(&["rollout", "status", "deployment", DEPLOYMENT, limit])?;
    Ok(())
}
