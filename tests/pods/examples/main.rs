//! The manifests of `examples/kubernetes` as they stand, in pods of a real node, with images by the
//! Dockerfiles of the examples.
//!
//! Where no node can run, its programs have not been built, or images cannot be, a line says so.

mod images;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use images::{Workshop, checkout, copy};
use leasehold_test_cluster::{Image, NodeCluster, left_out};
use leasehold_tests::now;
use leasehold_tests::pods::eventually;
use serde_json::Value;

fn node() -> Option<&'static NodeCluster> {
    static NODE: OnceLock<Option<NodeCluster>> = OnceLock::new();
    let node = NODE.get_or_init(|| {
        let why = left_out()
            .expect("the cache folder")
            .or_else(images::what_is_missing);
        if let Some(why) = why {
            eprintln!("{why}");
            return None;
        }
        Some(start().expect("a cluster with the images of the examples"))
    });
    node.as_ref()
}

fn start() -> Result<NodeCluster> {
    let built = Path::new(env!("CARGO_BIN_EXE_candidate"))
        .parent()
        .context("a folder")?;
    let target = built.parent().context("a folder")?;
    let mut workshop = Workshop::open()?;

    let package = workshop.stage("package")?.join("src");
    let npm = "cargo xtask node";
    for file in ["package.json", "dist"] {
        let file = Path::new("bindings-node").join(file);
        copy(&checkout().join(&file), &package.join(&file), npm)?;
    }
    let worker = package.join("examples/node-worker");
    copy(&checkout().join("examples/node-worker"), &worker, npm)?;
    if worker.join("node_modules").exists() {
        fs::remove_dir_all(worker.join("node_modules"))?;
    }
    images::run(
        Command::new("npm")
            .args(["ci", "--omit=dev", "--prefix"])
            .arg(&worker),
    )?;
    let library = workshop.stage("node-library")?;
    copy(
        &built.join("libleasehold_node.so"),
        &library.join("src/target/release/libleasehold_node.so"),
        npm,
    )?;
    let stages = [
        ("package", package.parent().context("a folder")?),
        ("library", &library),
    ];
    workshop.build(
        "node-worker:0.1.0",
        "examples/node-worker/Dockerfile",
        &stages,
    )?;

    let wheel = workshop.stage("wheel")?;
    copy(
        &target.join("python/wheels"),
        &wheel.join("wheels"),
        "cargo xtask python",
    )?;
    workshop.build(
        "python-worker:0.1.0",
        "examples/python-worker/Dockerfile",
        &[("wheel", &wheel)],
    )?;

    let jar = workshop.stage("jar")?;
    let name = "examples/spring-scheduled-jobs/target/spring-scheduled-jobs-0.1.0.jar";
    copy(
        &checkout().join(name),
        &jar.join("src").join(name),
        "cargo xtask spring",
    )?;
    let library = workshop.stage("java-library")?;
    copy(
        &built.join("libleasehold_java.so"),
        &library.join("src/target/release/libleasehold_java.so"),
        "cargo xtask java",
    )?;
    let stages: [(&str, &Path); 2] = [("jar", &jar), ("library", &library)];
    workshop.build(
        "spring-scheduled-jobs:0.1.0",
        "examples/spring-scheduled-jobs/Dockerfile",
        &stages,
    )?;

    // Of the sidecar's example, the container that is the user's own.
    workshop.build_from("busybox:1.37.0", "RUN ln -s busybox /usr/bin/wget", &[])?;

    let node = NodeCluster::start()?;
    let (archive, _folder) = workshop.archive()?;
    node.load(&archive)?;
    let leasehold = built.join("leasehold");
    ensure!(
        leasehold.exists(),
        "there is no leasehold: `cargo build --workspace --bins` makes it"
    );
    node.load(&Image::of_program("leasehold:0.1.0", &leasehold)?)?;
    let drop_in = Image::of_programs(
        "leader-elector:0.1.0",
        &[(&leasehold, "/leader-elector")],
        &["/leader-elector"],
    )?;
    node.load(&drop_in)?;
    Ok(node)
}

/// What is applied in a namespace of its own, where Pod Security is `restricted`.
struct Application<'a> {
    node: &'a NodeCluster,
    namespace: String,
    lease: &'a str,
}

impl<'a> Application<'a> {
    /// Applies a folder of `examples/kubernetes`, and changes nothing but the namespace.
    fn apply(node: &'a NodeCluster, folder: &str, lease: &'a str) -> Result<Self> {
        let this = Self::new(node, folder, lease)?;
        let temporary = tempfile::tempdir_in(std::env::temp_dir().canonicalize()?)?;
        let ups: String = temporary
            .path()
            .components()
            .skip(1)
            .map(|_| "../")
            .collect();
        let examples: PathBuf = checkout()
            .canonicalize()?
            .join("examples/kubernetes")
            .join(folder);
        let kustomization = format!(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: {}\nresources: [{ups}{}]\n",
            this.namespace,
            examples.display().to_string().trim_start_matches('/')
        );
        fs::write(temporary.path().join("kustomization.yaml"), kustomization)?;
        let folder = temporary.path().to_str().context("a path in UTF-8")?;
        let applied = node.kubectl(["apply", "--kustomize", folder])?;
        println!("{applied}");
        Ok(this)
    }

    fn new(node: &'a NodeCluster, namespace: &str, lease: &'a str) -> Result<Self> {
        let object = serde_json::json!({ "metadata": { "name": namespace, "labels": {
            "pod-security.kubernetes.io/enforce": "restricted",
        }}});
        node.cluster().api().post("/api/v1/namespaces", &object)?;
        Ok(Self {
            node,
            namespace: namespace.to_owned(),
            lease,
        })
    }

    fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let namespace = ["--namespace", &self.namespace];
        self.node
            .kubectl(namespace.into_iter().chain(arguments.iter().copied()))
    }

    fn roll_out(&self, deployment: &str) -> Result<()> {
        let rolled_out = self.kubectl(&[
            "rollout",
            "status",
            "deployment",
            deployment,
            "--timeout=300s",
        ]);
        rolled_out.map(drop).with_context(|| {
            let seen = self.kubectl(&["describe", "pods"]).unwrap_or_default();
            let logs = self.kubectl(&[
                "logs",
                &format!("deployment/{deployment}"),
                "--all-containers",
                "--tail=50",
            ]);
            format!("{deployment}: {seen}\n{}", logs.unwrap_or_default())
        })
    }

    /// The pod that the Lease names, other than `old`.
    fn leader(&self, old: &str) -> Result<String> {
        let path = format!(
            "/apis/coordination.k8s.io/v1/namespaces/{}/leases/{}",
            self.namespace, self.lease
        );
        eventually("a pod leads", || {
            let lease = self.node.cluster().api().get(&path);
            let holder = lease
                .ok()
                .and_then(|it| Some(it["spec"]["holderIdentity"].as_str()?.to_owned()));
            let pod = holder.and_then(|it| Some(it.rsplit_once('_')?.0.to_owned()));
            Ok(pod.filter(|pod| pod != old))
        })
    }

    /// The leader's pod is deleted, and another leads; no container had to be started again.
    fn hand_over(&self) -> Result<String> {
        let old = self.leader("")?;
        let asked = now();
        self.kubectl(&["delete", "pod", &old, "--wait=false"])?;
        let new = self.leader(&old)?;
        let took = Duration::from_nanos(now() - asked);
        println!(
            "{}: {new} after {old}, {took:.3?} after kubectl delete pod (5 s are preStop)",
            self.namespace
        );
        let path = format!("/api/v1/namespaces/{}/pods", self.namespace);
        let pods = self.node.cluster().api().get(&path)?;
        for pod in pods["items"].as_array().into_iter().flatten() {
            for status in ["containerStatuses", "initContainerStatuses"] {
                let all = pod["status"][status].as_array();
                let restarted = all.into_iter().flatten().find(|it| it["restartCount"] != 0);
                ensure!(
                    restarted.is_none(),
                    "{}: {restarted:?}",
                    pod["metadata"]["name"]
                );
            }
        }
        Ok(new)
    }

    fn delete(self) -> Result<()> {
        self.node
            .kubectl(["delete", "namespace", &self.namespace, "--wait=false"])?;
        Ok(())
    }
}

#[test]
fn the_worker_of_node_hands_over() -> Result<()> {
    let Some(node) = node() else { return Ok(()) };
    let application = Application::apply(node, "node", "node-worker")?;
    application.roll_out("node-worker")?;
    let leader = application.hand_over()?;
    let said = eventually("the job is done", || {
        let log = application.kubectl(&["logs", &leader])?;
        Ok(log.contains("billing Ada").then_some(log))
    })?;
    assert!(said.contains("leading, under token"), "{said}");
    application.delete()
}

#[test]
fn the_worker_of_python_hands_over() -> Result<()> {
    let Some(node) = node() else { return Ok(()) };
    let application = Application::apply(node, "python", "python-worker")?;
    application.roll_out("python-worker")?;
    let leader = application.hand_over()?;
    let pod = node
        .cluster()
        .api()
        .get(&format!("/api/v1/namespaces/python/pods/{leader}"))?;
    let address = pod["status"]["podIP"].as_str().context("an address")?;
    let way = node.forward(format!("{address}:8080").parse()?)?;
    eventually("it says that it leads, and has worked", || {
        let answer = http(way.port(), "/")?;
        let answer: Value = serde_json::from_str(&answer)?;
        Ok((answer["is_leader"] == true && answer["bills"].as_u64() > Some(0)).then_some(()))
    })?;
    application.delete()
}

#[test]
fn the_monolith_of_spring_hands_over() -> Result<()> {
    let Some(node) = node() else { return Ok(()) };
    let application = Application::apply(node, "spring", "monolith-jobs")?;
    // There is no DNS: the database's name leads to its pod, once that has an address.
    application.kubectl(&["scale", "deployment", "monolith-web", "--replicas=0"])?;
    application.roll_out("monolith-database")?;
    let selector = "app=monolith-database";
    let address = application.kubectl(&[
        "get",
        "pods",
        "--selector",
        selector,
        "--output",
        "jsonpath={.items[0].status.podIP}",
    ])?;
    let patch = serde_json::json!({ "spec": { "template": { "spec": { "hostAliases": [
        { "ip": address, "hostnames": ["monolith-database"] },
    ]}}}});
    application.kubectl(&[
        "patch",
        "deployment",
        "monolith-web",
        "--patch",
        &patch.to_string(),
    ])?;
    application.kubectl(&["scale", "deployment", "monolith-web", "--replicas=3"])?;
    application.roll_out("monolith-web")?;
    application.hand_over()?;
    application.delete()
}

/// A native sidecar: `restartPolicy: Always` of an init container.
#[test]
fn the_sidecar_hands_over() -> Result<()> {
    let Some(node) = node() else { return Ok(()) };
    let application = Application::apply(node, "sidecar", "nightly-report")?;
    application.roll_out("sidecar-report")?;
    let leader = application.hand_over()?;
    eventually("the report is made", || {
        let log = application.kubectl(&["logs", &leader, "--container", "app"])?;
        Ok(log.contains("the report of").then_some(()))
    })?;
    let shown = application.kubectl(&["get", "lease", "nightly-report"])?;
    println!("{shown}");
    assert!(shown.contains(&leader), "{shown}");
    let described = application.kubectl(&["describe", "lease", "nightly-report"])?;
    assert!(
        described.contains("Lease Duration Seconds:  15"),
        "{described}"
    );
    application.delete()
}

/// The articles' own program of Node, which asks the sidecar of its pod whom it takes for the leader.
const ARTICLE: &str = "
const http = require('http'), os = require('os');
const isLeader = () => new Promise((resolve, reject) => {
  http.get('http://localhost:4040', (response) => {
    let body = '';
    response.on('data', (chunk) => (body += chunk));
    response.on('end', () => resolve(JSON.parse(body).name === os.hostname()));
  }).on('error', reject);
});
setInterval(async () => {
  try { console.log((await isLeader()) ? 'I am the leader' : 'I follow'); }
  catch (error) { console.log('no answer: ' + error.message); }
}, 1000);
";

#[test]
fn a_program_written_for_the_old_sidecar_runs_beside_the_drop_in() -> Result<()> {
    let Some(node) = node() else { return Ok(()) };
    let application = Application::new(node, "article", "article")?;
    let base = checkout().join("examples/kubernetes/base");
    for file in ["serviceaccount.yaml", "role.yaml", "rolebinding.yaml"] {
        let text = fs::read_to_string(base.join(file))?.replace("monolith-jobs", "article");
        let temporary = tempfile::Builder::new().suffix(".yaml").tempfile()?;
        fs::write(&temporary, text)?;
        application.kubectl(&[
            "apply",
            "--filename",
            temporary.path().to_str().context("UTF-8")?,
        ])?;
    }
    let locked = serde_json::json!({
        "allowPrivilegeEscalation": false,
        "capabilities": { "drop": ["ALL"] },
        "readOnlyRootFilesystem": true,
        "runAsNonRoot": true,
        "runAsUser": 65532,
        "seccompProfile": { "type": "RuntimeDefault" },
    });
    let deployment = serde_json::json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "web", "namespace": "article" },
        "spec": {
            "replicas": 2,
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": {
                    "serviceAccountName": "leasehold",
                    "terminationGracePeriodSeconds": 5,
                    "containers": [
                        {
                            "name": "app",
                            "image": "busybox:1.37.0",
                            "command": ["node", "-e", ARTICLE],
                            "securityContext": locked,
                        },
                        {
                            "name": "elector",
                            "image": "leader-elector:0.1.0",
                            "args": ["--election=article", "--http=0.0.0.0:4040"],
                            "securityContext": locked,
                        },
                    ],
                },
            },
        },
    });
    let path = "/apis/apps/v1/namespaces/article/deployments";
    node.cluster().api().post(path, &deployment)?;
    application.roll_out("web")?;
    let old = application.leader("")?;
    let leads = |pod: &str| {
        eventually("the program says that it leads", || {
            let log = application.kubectl(&["logs", pod, "--container", "app", "--tail=1"])?;
            Ok(log.contains("I am the leader").then_some(()))
        })
    };
    leads(&old)?;
    application.kubectl(&["delete", "pod", &old, "--wait=false"])?;
    leads(&application.leader(&old)?)?;
    application.delete()
}

fn http(port: u16, path: &str) -> Result<String> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").context("an answer")?;
    Ok(body.to_owned())
}
