//! Candidates as pods of a real node, by the manifests of `examples/kubernetes`, what is done to
//! them, and who led when: all on one clock, which the node's processes share with the test.
//!
//! Each container writes what it has to say into a file of its own, in a folder of the node that
//! outlives pods.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use leasehold_test_cluster::{Image, NodeCluster};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::candidates::Intervals;
use crate::{Answer, LIMIT, Moment, Timeline, now};

const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// How a container's process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// SIGKILL.
    Killed,
    /// It uses more memory than its limit allows. Only the agent of Rust knows how.
    OutOfMemory,
    /// It ends with the code 1. Only the agent of Rust knows how.
    Exit,
}

/// What the pods of a Deployment run.
#[derive(Clone, Debug)]
pub struct Program<'a> {
    /// An image that the node has been given.
    pub image: &'a str,
    /// What a shell runs, with `LEDGER` the file that it writes to.
    pub script: &'a str,
    /// More of the container, as YAML, each line as it is under `containers[0]`.
    pub container: &'a str,
    /// More of the pod, as YAML, each line as it is under `spec`.
    pub pod: &'a str,
    /// Patches of the Deployment, as a list of JSON patches in YAML.
    pub patches: &'a str,
    /// More settings: `NAME=value`.
    pub settings: &'a [&'a str],
}

/// The agent of Rust or client-go's, which keep the contract of this crate.
pub const CANDIDATE: &str =
    r#"exec /candidate "$LEASEHOLD_LEASE" "$POD_NAME.$(date +%N)" $TIMING >>"$LEDGER""#;

/// The container's time to end is its own, not that of a Service that may still send requests.
pub const WITHOUT_PRE_STOP: &str =
    "- {op: remove, path: /spec/template/spec/containers/0/lifecycle}";

impl Default for Program<'_> {
    fn default() -> Self {
        Self {
            image: "candidate:1",
            script: CANDIDATE,
            container: "",
            pod: "",
            patches: WITHOUT_PRE_STOP,
            settings: &["TIMING=15 10 2"],
        }
    }
}

/// An image with a shell and this program as `/candidate`.
pub fn candidate_image(name: &str, candidate: &Path) -> Result<Image> {
    let (shell, date) = (system_program("sh")?, system_program("date")?);
    let programs = [
        (candidate, "/candidate"),
        (&*shell, "/bin/sh"),
        (&*date, "/bin/date"),
    ];
    Image::of_programs(name, &programs, &[])
}

/// Where this machine has one of its own programs.
pub fn system_program(name: &str) -> Result<PathBuf> {
    let folders = ["/bin", "/usr/bin"].map(|folder| Path::new(folder).join(name));
    let found = folders.into_iter().find(|path| path.exists());
    found.with_context(|| format!("this machine has no {name}"))
}

/// The Deployment `worker` of a namespace, whose pods are candidates for one Lease.
pub struct Pods<'a> {
    node: &'a NodeCluster,
    namespace: String,
    ledger: PathBuf,
    /// When a container ended that could not say so.
    ends: BTreeMap<PathBuf, Moment>,
}

impl<'a> Pods<'a> {
    /// Three pods, which take part on return.
    pub fn start(node: &'a NodeCluster, namespace: &str, program: &Program<'_>) -> Result<Self> {
        let ledger = node.shared_folder(namespace)?;
        let this = Self {
            node,
            namespace: namespace.to_owned(),
            ledger,
            ends: BTreeMap::new(),
        };
        let namespace = serde_json::json!({ "metadata": { "name": namespace, "labels": {
            "pod-security.kubernetes.io/warn": "restricted",
        }}});
        this.node
            .cluster()
            .api()
            .post("/api/v1/namespaces", &namespace)?;
        let folder = tempfile::tempdir()?;
        this.write_manifests(folder.path(), program)?;
        let folder = folder.path().to_str().context("a path in UTF-8")?;
        this.node.kubectl(["apply", "--kustomize", folder])?;
        this.wait_for_rollout()?;
        Ok(this)
    }

    fn write_manifests(&self, folder: &Path, program: &Program<'_>) -> Result<()> {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../examples/kubernetes")
            .canonicalize()?;
        // Kustomize takes no absolute path.
        let way_up = folder
            .canonicalize()?
            .components()
            .skip(1)
            .map(|_| "../")
            .collect::<String>();
        let examples = format!(
            "{way_up}{}",
            examples.display().to_string().trim_start_matches('/')
        );
        let indented = |text: &str, by: usize| {
            let lines: Vec<_> = text.lines().map(|it| format!("{:by$}{it}\n", "")).collect();
            lines.concat()
        };
        let settings = program.settings.iter().map(|it| format!("      - {it}\n"));
        let settings = settings.collect::<Vec<_>>().concat();
        let namespace = &self.namespace;
        let patches = if program.patches.is_empty() {
            String::new()
        } else {
            format!(
                "patches:\n  - target: {{kind: Deployment}}\n    patch: |-\n{}",
                indented(program.patches, 6)
            )
        };
        let kustomization = format!(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: {namespace}\n\
             resources:\n  - {examples}/base\n  - deployment.yaml\ncomponents:\n  - {examples}/candidate\n\
             configMapGenerator:\n  - name: leasehold\n    literals:\n      - LEASEHOLD_LEASE={namespace}\n\
             {settings}{patches}"
        );
        fs::write(folder.join("kustomization.yaml"), kustomization)?;
        let script = format!("LEDGER=/ledger/$POD_NAME.$(date +%s%N); {}", program.script);
        let script = serde_json::to_string(&script)?;
        let deployment = format!(
            "apiVersion: apps/v1
kind: Deployment
metadata:
  name: worker
  labels: {{app.kubernetes.io/component: candidate}}
spec:
  replicas: 3
  selector:
    matchLabels: {{app: worker}}
  template:
    metadata:
      labels: {{app: worker}}
    spec:
{pod}      containers:
        - name: app
          image: {image}
          command: [/bin/sh, -c, {script}]
          volumeMounts:
            - {{name: ledger, mountPath: /ledger}}
{container}      volumes:
        - name: ledger
          hostPath: {{path: {ledger}}}
",
            pod = indented(program.pod, 6),
            image = program.image,
            container = indented(program.container, 10),
            ledger = self.ledger.display(),
        );
        Ok(fs::write(folder.join("deployment.yaml"), deployment)?)
    }

    /// Where the containers write.
    pub fn ledger(&self) -> &Path {
        &self.ledger
    }

    /// Runs `kubectl` in this namespace.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let namespace = ["--namespace", &self.namespace];
        self.node
            .kubectl(namespace.into_iter().chain(arguments.iter().copied()))
    }

    /// Waits until all pods are those of the present manifest, and ready.
    pub fn wait_for_rollout(&self) -> Result<()> {
        let limit = "--timeout=120s";
        self.kubectl(&["rollout", "status", "deployment", "worker", limit])?;
        Ok(())
    }

    /// The pods there are, as the API server has them.
    pub fn list(&self) -> Result<Vec<Value>> {
        let path = format!("/api/v1/namespaces/{}/pods", self.namespace);
        let list = self.node.cluster().api().get(&path)?;
        Ok(list["items"].as_array().cloned().unwrap_or_default())
    }

    /// The pod of this name.
    pub fn pod(&self, name: &str) -> Result<Value> {
        let path = format!("/api/v1/namespaces/{}/pods/{name}", self.namespace);
        Ok(self.node.cluster().api().get(&path)?)
    }

    /// Waits until one candidate leads, and returns its pod's name.
    pub fn leader(&self) -> Result<String> {
        self.leader_since(0).map(|(leader, _)| leader)
    }

    /// Waits for one that begins to lead after `moment`, or goes on, and returns its pod's name and
    /// when it began.
    pub fn leader_since(&self, moment: Moment) -> Result<(String, Moment)> {
        eventually("somebody leads", || {
            let mut leaders = Vec::new();
            for (file, answers) in self.answers()? {
                if let Some((Answer::Leader, began)) = answers.last()
                    && !self.ends.contains_key(&file)
                    && *began > moment
                {
                    leaders.push((pod_of(&file), *began));
                }
            }
            Ok(leaders.into_iter().max_by_key(|(_, began)| *began))
        })
    }

    /// Ends the process of a pod's container, and returns when that was asked for. It has ended on
    /// return.
    pub fn crash(&mut self, pod: &str, how: Crash) -> Result<Moment> {
        let process = self.process(pod)?;
        let files = self.answers()?.into_keys();
        let file = files.filter(|file| pod_of(file) == pod).max();
        let file = file.with_context(|| format!("{pod} has written nothing"))?;
        let moment = now();
        let signal = match how {
            Crash::Killed => Signal::KILL,
            Crash::Exit => Signal::USR1,
            Crash::OutOfMemory => Signal::USR2,
        };
        kill_process(process, signal)?;
        let deadline = Instant::now() + LIMIT;
        while !has_ended(process) {
            ensure!(Instant::now() < deadline, "{pod} lives on after {how:?}");
            thread::sleep(Duration::from_micros(200));
        }
        self.ends.insert(file, now());
        Ok(moment)
    }

    /// Whether a pod's container that has crashed has been started again, and takes part.
    pub fn has_begun_again(&self, pod: &str) -> Result<bool> {
        let answers = self.answers()?;
        let last = answers.iter().rfind(|(file, _)| pod_of(file) == pod);
        Ok(
            last.is_some_and(|(file, answers)| {
                !self.ends.contains_key(file) && !answers.is_empty()
            }),
        )
    }

    /// How many pods there are whose container takes part.
    pub fn taking_part(&self) -> Result<usize> {
        let answers = self.answers()?;
        let mut count = 0;
        for pod in self.list()? {
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            let begun = answers.iter().any(|(file, answers)| {
                pod_of(file) == name && !self.ends.contains_key(file) && !answers.is_empty()
            });
            count += usize::from(begun);
        }
        Ok(count)
    }

    /// The node that a pod is on.
    pub fn node_of(&self, pod: &str) -> Result<String> {
        let pod = self.pod(pod)?;
        let node = pod["spec"]["nodeName"].as_str();
        Ok(node.context("it is on no node")?.to_owned())
    }

    /// The first process of a pod's container `app`, as this machine knows it.
    pub fn process(&self, pod: &str) -> Result<Pid> {
        let status = self.pod(pod)?;
        let containers = status["status"]["containerStatuses"].as_array();
        let app = containers
            .into_iter()
            .flatten()
            .find(|it| it["name"] == "app");
        let id = app.and_then(|it| it["containerID"].as_str());
        let id = id.with_context(|| format!("{pod} has no container"))?;
        let first = self.node.processes(id)?.into_iter().next();
        first.with_context(|| format!("{pod} has no process"))
    }

    /// When each candidate led. One that ended in a way that it could not tell counts as leader
    /// until now, unless [`crash`](Self::crash) has ended it.
    pub fn timeline(&self) -> Result<Timeline> {
        let mut all = Vec::new();
        for (file, answers) in self.answers()? {
            let mut intervals = Intervals::new(&pod_of(&file));
            for (answer, moment) in answers {
                intervals.note(answer, moment);
            }
            if let Some(end) = self.ends.get(&file) {
                intervals.silenced(*end);
            }
            all.extend(intervals.finish(now()));
        }
        Ok(Timeline::new(all))
    }

    /// Fails if two ever led at one instant.
    pub fn ensure_one_leader(&self) -> Result<Timeline> {
        let timeline = self.timeline()?;
        if let Some((old, new)) = timeline.overlaps().next() {
            bail!(
                "{} and {} led at one instant:\n{timeline}",
                old.identity,
                new.identity
            );
        }
        Ok(timeline)
    }

    /// What each container has said, by the file that it writes to.
    fn answers(&self) -> Result<BTreeMap<PathBuf, Vec<(Answer, Moment)>>> {
        let mut all = BTreeMap::new();
        for entry in fs::read_dir(&self.ledger)? {
            let file = entry?.path();
            // A line that is not complete yet is no answer.
            let answers = fs::read_to_string(&file)?;
            let answers = answers
                .split_inclusive('\n')
                .filter(|line| line.ends_with('\n'));
            let answers = answers.filter_map(Answer::parse).collect();
            all.insert(file, answers);
        }
        Ok(all)
    }

    /// Deletes the namespace and does not wait for its end.
    pub fn delete(self) -> Result<()> {
        self.node
            .kubectl(["delete", "namespace", &self.namespace, "--wait=false"])?;
        Ok(())
    }
}

/// Waits until there is an answer.
pub fn eventually<T>(what: &str, answer: impl Fn() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + 2 * LIMIT;
    loop {
        if let Some(answer) = answer()? {
            return Ok(answer);
        }
        ensure!(
            Instant::now() < deadline,
            "not within {:?}: {what}",
            2 * LIMIT
        );
        thread::sleep(POLL_INTERVAL);
    }
}

/// The file is `POD.MOMENT`.
fn pod_of(file: &Path) -> String {
    file.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn has_ended(process: Pid) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero()));
    status.map_or(true, |status| {
        status.contains(") Z ") || status.contains(") X ")
    })
}
