//! Candidates as pods of a real node, by the manifests of `examples/kubernetes`, what is done to
//! them, and who led when: all on one clock, which the node's processes share with the test.
//!
//! Each container writes what it has to say into a file of its own, in a folder of the node that
//! outlives pods, and what it has done into a database there.

pub mod jobs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use leasehold_test_cluster::{Image, NodeCluster};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::candidates::Intervals;
use crate::{Answer, LIMIT, Moment, Timeline, now};

/// What happens says itself when it did.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// How a container's process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// SIGKILL.
    Killed,
    /// It uses more memory than its limit allows. Only the agent of Rust knows how, and client-go's.
    OutOfMemory,
    /// It ends with the code 1, as a program does that finds itself in a state that it does not know. The
    /// same know how.
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
    /// More components of `examples/kubernetes`.
    pub components: &'a [&'a str],
}

/// The agent of Rust or client-go's, which keep the contract of this crate.
pub const CANDIDATE: &str =
    r#"exec /candidate "$LEASEHOLD_LEASE" "$POD_NAME.$(date +%N)" $TIMING >>"$LEDGER""#;

/// The same, with a job for each second in which it leads.
pub const CANDIDATE_WITH_JOB: &str = r#"ANSWERS=$LEDGER /job.sh & exec /candidate "$LEASEHOLD_LEASE" "$POD_NAME.$(date +%N)" $TIMING >>"$LEDGER""#;

/// Three such candidates in one container, each with a process of its own, and another for one that ends.
pub const WORKERS: &str = r#"for number in 1 2 3; do (
    while :; do
        LEDGER=/ledger/$POD_NAME-$number.$(date +%s%N)
        /candidate "$LEASEHOLD_LEASE" "$POD_NAME-$number.$(date +%N)" $TIMING >>"$LEDGER"
    done
) & done; wait"#;

/// The container's time to end is its own, not that of a Service that may still send requests.
pub const WITHOUT_PRE_STOP: &str =
    "- {op: remove, path: /spec/template/spec/containers/0/lifecycle}";

/// A patch of the Deployment: the folder of its service account, with the token from this source of a
/// projected volume.
pub fn with_token_from(source: &str) -> String {
    format!(
        "{WITHOUT_PRE_STOP}
- op: add
  path: /spec/template/spec/volumes/-
  value:
    name: account
    projected:
      sources:
        - {source}
        - configMap: {{name: kube-root-ca.crt, items: [{{key: ca.crt, path: ca.crt}}]}}
        - downwardAPI: {{items: [{{path: namespace, fieldRef: {{fieldPath: metadata.namespace}}}}]}}
- op: add
  path: /spec/template/spec/containers/0/volumeMounts/-
  value: {{name: account, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}}
"
    )
}

impl Default for Program<'_> {
    fn default() -> Self {
        Self {
            image: "candidate:1",
            script: CANDIDATE,
            container: "",
            pod: "",
            patches: WITHOUT_PRE_STOP,
            settings: &["TIMING=15 10 2"],
            components: &[],
        }
    }
}

/// An image of these programs, each under the path that it has there, with what [`Program::script`] and
/// the job need.
pub fn image(name: &str, programs: &[(&Path, &str)]) -> Result<Image> {
    let tools = ["sh", "date", "sleep", "tail", "sqlite3", "unshare"];
    let tools = tools.map(|tool| Ok((system_program(tool)?, format!("/bin/{tool}"))));
    let tools = tools.into_iter().collect::<Result<Vec<_>>>()?;
    let tools = tools.iter().map(|(tool, path)| (&**tool, &**path));
    let job = Path::new(env!("CARGO_MANIFEST_DIR")).join("pods/job.sh");
    let job = (&*job, "/job.sh");
    let all: Vec<_> = programs.iter().copied().chain([job]).chain(tools).collect();
    Image::of_programs(name, &all, &[])
}

/// Where this machine has one of its own programs.
fn system_program(name: &str) -> Result<PathBuf> {
    let folders = ["/bin", "/usr/bin"].map(|folder| Path::new(folder).join(name));
    let found = folders.into_iter().find(|path| path.exists());
    found.with_context(|| format!("this machine has no {name}: apt-get install {name}"))
}

/// The path of `examples/kubernetes` from a folder, since Kustomize takes no absolute one.
pub fn examples_from(folder: &Path) -> Result<String> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/kubernetes")
        .canonicalize()?;
    let depth = folder.canonicalize()?.components().count() - 1;
    Ok("../".repeat(depth) + examples.display().to_string().trim_start_matches('/'))
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
        let this = Self::without_pods(node, namespace)?;
        this.apply(program)?;
        Ok(this)
    }

    /// Nothing but their namespace.
    pub fn without_pods(node: &'a NodeCluster, namespace: &str) -> Result<Self> {
        let object = serde_json::json!({ "metadata": { "name": namespace, "labels": {
            "pod-security.kubernetes.io/warn": "restricted",
        }}});
        node.cluster().api().post("/api/v1/namespaces", &object)?;
        Ok(Self {
            node,
            namespace: namespace.to_owned(),
            ledger: node.shared_folder(namespace)?,
            ends: BTreeMap::new(),
        })
    }

    /// Creates the pods, which take part on return.
    pub fn apply(&self, program: &Program<'_>) -> Result<()> {
        let folder = tempfile::tempdir()?;
        self.write_manifests(folder.path(), program)?;
        let folder = folder.path().to_str().context("a path in UTF-8")?;
        self.node.kubectl(["apply", "--kustomize", folder])?;
        self.wait_for_rollout()
    }

    fn write_manifests(&self, folder: &Path, program: &Program<'_>) -> Result<()> {
        let examples = examples_from(folder)?;
        let indented = |text: &str, by: usize| {
            let lines: Vec<_> = text.lines().map(|it| format!("{:by$}{it}\n", "")).collect();
            lines.concat()
        };
        let settings = program.settings.iter().map(|it| format!("      - {it}\n"));
        let settings = settings.collect::<Vec<_>>().concat();
        let components = program.components.iter();
        let components = components.map(|it| format!("  - {examples}/{it}\n"));
        let components = components.collect::<Vec<_>>().concat();
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
             {components}configMapGenerator:\n  - name: leasehold\n    literals:\n      - LEASEHOLD_LEASE={namespace}\n\
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

    /// What they are in.
    pub fn namespace(&self) -> &str {
        &self.namespace
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

    /// The path of what is in this namespace, at the core API.
    pub fn path(&self, of: &str) -> String {
        format!("/api/v1/namespaces/{}/{of}", self.namespace)
    }

    /// The pods there are, as the API server has them.
    pub fn list(&self) -> Result<Vec<Value>> {
        let list = self.node.cluster().api().get(&self.path("pods"))?;
        Ok(list["items"].as_array().cloned().unwrap_or_default())
    }

    /// The pod of this name.
    pub fn pod(&self, name: &str) -> Result<Value> {
        let path = self.path(&format!("pods/{name}"));
        Ok(self.node.cluster().api().get(&path)?)
    }

    /// Asks Kubernetes to evict a pod, as a drain does and others that make room.
    pub fn evict(&self, pod: &str) -> Result<()> {
        let eviction = serde_json::json!({
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": { "name": pod, "namespace": self.namespace },
        });
        let path = self.path(&format!("pods/{pod}/eviction"));
        self.node.cluster().api().post(&path, &eviction)?;
        Ok(())
    }

    /// When the Lease was renewed last, as the holder writes it.
    pub fn renew_time(&self) -> Result<String> {
        let renewed = &self.lease()?["spec"]["renewTime"];
        Ok(renewed.as_str().context("a renewed Lease")?.to_owned())
    }

    /// When the Lease expires: its last renewal, by this machine's wall clock, and its duration.
    pub fn expiry(&self) -> Result<Moment> {
        let lease = &self.lease()?["spec"];
        let renewed = lease["renewTime"].as_str().context("a renewed Lease")?;
        let renewed: jiff::Timestamp = renewed.parse()?;
        let age = Duration::try_from(jiff::Timestamp::now().duration_since(renewed))?;
        let duration = lease["leaseDurationSeconds"].as_u64();
        let duration = Duration::from_secs(duration.context("a duration")?);
        Ok(now() + u64::try_from(duration.saturating_sub(age).as_nanos())?)
    }

    /// The Lease, as the API server has it.
    pub fn lease(&self) -> Result<Value> {
        let name = &self.namespace;
        let path = format!("/apis/coordination.k8s.io/v1/namespaces/{name}/leases/{name}");
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

    /// Ends the process of a candidate, and returns when that was asked for. It has ended on
    /// return.
    pub fn crash(&mut self, candidate: &str, how: Crash) -> Result<Moment> {
        let process = self.process(candidate)?;
        let files = self.answers()?.into_keys();
        let file = files.filter(|file| pod_of(file) == candidate).max();
        let file = file.with_context(|| format!("{candidate} has written nothing"))?;
        let moment = now();
        let signal = match how {
            Crash::Killed => Signal::KILL,
            Crash::Exit => Signal::USR1,
            Crash::OutOfMemory => Signal::USR2,
        };
        kill_process(process, signal)?;
        let deadline = Instant::now() + LIMIT;
        // The kernel lets go of its locks before anybody else can see that it has ended.
        let mut last_seen = moment;
        loop {
            let looked = now();
            if has_ended(process) {
                break;
            }
            last_seen = looked;
            ensure!(
                Instant::now() < deadline,
                "{candidate} lives on after {how:?}"
            );
            thread::sleep(Duration::from_micros(200));
        }
        self.ends.insert(file, last_seen);
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

    /// How many candidates take part, in the pods that there are.
    pub fn taking_part(&self) -> Result<usize> {
        let pods = self.list()?;
        let mut names = BTreeSet::new();
        for (file, answers) in self.answers()? {
            let name = pod_of(&file);
            if pods.iter().any(|pod| is_in(&name, pod))
                && !self.ends.contains_key(&file)
                && !answers.is_empty()
            {
                names.insert(name);
            }
        }
        Ok(names.len())
    }

    /// When the container, or worker, was started that is this candidate now.
    pub fn started(&self, candidate: &str) -> Result<Moment> {
        let files = self.answers()?.into_keys();
        let file = files.filter(|file| pod_of(file) == candidate).max();
        let started = file.as_deref().and_then(|it| it.extension()?.to_str());
        let started: Moment = started.context("a candidate's file")?.parse()?;
        // Of the wall clock.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let ago = wall.saturating_sub(Duration::from_nanos(started));
        Ok(now() - u64::try_from(ago.as_nanos())?)
    }

    /// The node that a pod is on.
    pub fn node_of(&self, pod: &str) -> Result<String> {
        let pod = self.pod(pod)?;
        let node = pod["spec"]["nodeName"].as_str();
        Ok(node.context("it is on no node")?.to_owned())
    }

    /// The process of a candidate as this machine knows it: the first of a pod's container `app`, or a
    /// worker there. Waits until the pod's status names the container that runs.
    pub fn process(&self, candidate: &str) -> Result<Pid> {
        eventually(&format!("{candidate} has a process"), || {
            let pods = self.list()?;
            let pod = pods.iter().find(|pod| is_in(candidate, pod));
            let pod = pod.with_context(|| format!("there is no {candidate}"))?;
            let mut processes = self.processes_of(pod, "app")?.into_iter();
            Ok(processes.find(|it| {
                if pod["metadata"]["name"] == candidate {
                    is_first_of_its_namespace(*it)
                } else {
                    has_identity(*it, candidate)
                }
            }))
        })
    }

    /// The same of a container that need not be `app`: the kernel ends all others there with it.
    pub fn first_process(&self, pod: &str, container: &str) -> Result<Pid> {
        eventually(&format!("{container} of {pod} has a process"), || {
            let mut processes = self.processes_of(&self.pod(pod)?, container)?.into_iter();
            Ok(processes.find(|it| is_first_of_its_namespace(*it)))
        })
    }

    fn processes_of(&self, pod: &Value, container: &str) -> Result<Vec<Pid>> {
        let mut containers = ["containerStatuses", "initContainerStatuses"]
            .into_iter()
            .filter_map(|kind| pod["status"][kind].as_array())
            .flatten();
        let container = containers.find(|it| it["name"] == container);
        match container.and_then(|it| it["containerID"].as_str()) {
            Some(id) => self.node.processes(id),
            None => Ok(Vec::new()),
        }
    }

    /// The token of its service account that a pod's container has now.
    pub fn token(&self, pod: &str) -> Result<String> {
        let process = self.process(pod)?.as_raw_nonzero();
        let folder = "var/run/secrets/kubernetes.io/serviceaccount";
        Ok(fs::read_to_string(format!(
            "/proc/{process}/root/{folder}/token"
        ))?)
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
            if !is_of_a_candidate(&file) {
                continue;
            }
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
fn is_of_a_candidate(file: &Path) -> bool {
    let moment = file.extension().unwrap_or_default().as_encoded_bytes();
    !moment.is_empty() && moment.iter().all(u8::is_ascii_digit)
}

fn pod_of(file: &Path) -> String {
    file.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Whether a candidate is a pod, or one of the workers `POD-NUMBER` in it.
fn is_in(candidate: &str, pod: &Value) -> bool {
    let pod = pod["metadata"]["name"].as_str().unwrap_or_default();
    let worker = candidate.strip_prefix(pod);
    worker.is_some_and(|it| it.is_empty() || it.starts_with('-'))
}

/// Whether its arguments name this candidate.
fn has_identity(process: Pid, candidate: &str) -> bool {
    let arguments = fs::read(format!("/proc/{}/cmdline", process.as_raw_nonzero()));
    let arguments = String::from_utf8_lossy(&arguments.unwrap_or_default()).into_owned();
    let mut arguments = arguments.split('\0');
    let identity = arguments.nth(2).and_then(|it| it.rsplit_once('.'));
    identity.is_some_and(|(name, _)| name == candidate)
}

/// What the kernel ends with all others of a container.
fn is_first_of_its_namespace(process: Pid) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", process.as_raw_nonzero()));
    let status = status.unwrap_or_default();
    let numbers = status.lines().find(|line| line.starts_with("NSpid:"));
    numbers.is_some_and(|it| it.split_whitespace().next_back() == Some("1"))
}

fn has_ended(process: Pid) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero()));
    status.map_or(true, |status| {
        status.contains(") Z ") || status.contains(") X ")
    })
}
