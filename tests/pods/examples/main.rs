//! The manifests of `examples/kubernetes` as they stand, in pods of a real node, with images by the
//! Dockerfiles of the examples.
//!
//! Where no node can run, its programs have not been built, or images cannot be, a line says so.

mod images;

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use images::{Workshop, checkout, copy};
use leasehold_test_cluster::{Image, NodeCluster, left_out};
use leasehold_tests::now;
use leasehold_tests::pods::{eventually, examples_from};
use serde_json::{Value, json};

/// A folder with the images of our programs that `cargo xtask package` has made.
const PUBLISHED_IMAGES: &str = "LEASEHOLD_TEST_IMAGES";
const MONOLITH: &str = "examples/spring-scheduled-jobs/target/spring-scheduled-jobs-0.1.0.jar";

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
    copy(
        &checkout().join(MONOLITH),
        &jar.join("src").join(MONOLITH),
        "cargo xtask java",
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

    let article = workshop.stage("article")?;
    let source = checkout().join("tests/pods/examples/article");
    for file in ["program.js", "target/article.jar"] {
        let name = Path::new(file).file_name().context("a name")?;
        copy(&source.join(file), &article.join(name), "cargo xtask java")?;
    }
    workshop.build_from(
        "article:1",
        "COPY --from=article program.js article.jar /",
        &[("article", &article)],
    )?;

    // Of the sidecar's example, the container that is the user's own.
    workshop.build_from("busybox:1.37.0", "RUN ln -s busybox /usr/bin/wget", &[])?;

    let node = NodeCluster::start()?;
    let (archive, _folder) = workshop.archive()?;
    node.load(&archive)?;
    load_programs(&node, built)?;
    Ok(node)
}

/// The images of our own programs: as they are published, if a folder has them, or of what was built here.
fn load_programs(node: &NodeCluster, built: &Path) -> Result<()> {
    let names = ["leasehold", "leader-elector"];
    if let Some(published) = env::var_os(PUBLISHED_IMAGES) {
        return names.into_iter().try_for_each(|name| {
            let archive = Path::new(&published).join(format!("{name}-0.1.0-oci.tar"));
            node.load(&Image::of_archive(&archive))
        });
    }
    let leasehold = built.join("leasehold");
    ensure!(
        leasehold.exists(),
        "there is no leasehold: `cargo build --workspace --bins` makes it"
    );
    names.into_iter().try_for_each(|name| {
        let path = format!("/{name}");
        let image = format!("{name}:0.1.0");
        node.load(&Image::of_programs(
            &image,
            &[(&leasehold, &path)],
            &[&path],
        )?)
    })
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
        Self::apply_with(node, folder, lease, "")
    }

    /// The same with one more line in a kustomization above it.
    fn apply_with(node: &'a NodeCluster, folder: &str, lease: &'a str, line: &str) -> Result<Self> {
        let this = Self::new(node, folder, lease)?;
        let temporary = tempfile::tempdir()?;
        let kustomization = format!(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: {}\nresources: [{}/{folder}]\n{line}\n",
            this.namespace,
            examples_from(temporary.path())?,
        );
        fs::write(temporary.path().join("kustomization.yaml"), kustomization)?;
        let folder = temporary.path().to_str().context("a path in UTF-8")?;
        let applied = node.kubectl(["apply", "--kustomize", folder])?;
        println!("{applied}");
        Ok(this)
    }

    fn new(node: &'a NodeCluster, namespace: &str, lease: &'a str) -> Result<Self> {
        let object = json!({ "metadata": { "name": namespace, "labels": {
            "pod-security.kubernetes.io/enforce": "restricted",
        }}});
        node.cluster().api().post("/api/v1/namespaces", &object)?;
        Ok(Self {
            node,
            namespace: namespace.to_owned(),
            lease,
        })
    }

    /// Two pods with a program that knows nothing of Leasehold, each with a `leader-elector`.
    fn beside_the_drop_in(node: &'a NodeCluster, name: &'a str, command: &Value) -> Result<Self> {
        let this = Self::new(node, name, name)?;
        let base = checkout().join("examples/kubernetes/base");
        for file in ["serviceaccount.yaml", "role.yaml", "rolebinding.yaml"] {
            let text = fs::read_to_string(base.join(file))?.replace("monolith-jobs", name);
            let temporary = tempfile::Builder::new().suffix(".yaml").tempfile()?;
            fs::write(&temporary, text)?;
            let file = temporary.path().to_str().context("UTF-8")?;
            this.kubectl(&["apply", "--filename", file])?;
        }
        let locked = json!({
            "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] },
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": true,
            "runAsUser": 65532,
            "seccompProfile": { "type": "RuntimeDefault" },
        });
        let containers = json!([
            {
                "name": "app",
                "image": "article:1",
                "command": command,
                "securityContext": locked,
                "volumeMounts": [{ "name": "tmp", "mountPath": "/tmp" }],
            },
            {
                "name": "elector",
                "image": "leader-elector:0.1.0",
                "args": [format!("--election={name}"), "--http=0.0.0.0:4040"],
                "securityContext": locked,
            },
        ]);
        let deployment = json!({
            "metadata": { "name": "web" },
            "spec": {
                "replicas": 2,
                "selector": { "matchLabels": { "app": "web" } },
                "template": {
                    "metadata": { "labels": { "app": "web" } },
                    "spec": {
                        "serviceAccountName": "leasehold",
                        "terminationGracePeriodSeconds": 5,
                        "containers": containers,
                        // A JVM's.
                        "volumes": [{ "name": "tmp", "emptyDir": {} }],
                    },
                },
            },
        });
        let path = format!("/apis/apps/v1/namespaces/{name}/deployments");
        node.cluster().api().post(&path, &deployment)?;
        Ok(this)
    }

    fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let namespace = ["--namespace", &self.namespace];
        self.node
            .kubectl(namespace.into_iter().chain(arguments.iter().copied()))
    }

    fn get(&self, api: &str, name: &str) -> Result<Value> {
        let path = format!("{api}/namespaces/{}/{name}", self.namespace);
        Ok(self.node.cluster().api().get(&path)?)
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
        let name = format!("leases/{}", self.lease);
        eventually("a pod leads", || {
            let lease = self.get("/apis/coordination.k8s.io/v1", &name);
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
        let pods = self.get("/api/v1", "pods")?;
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

/// With the Service that leads to the leader.
#[test]
fn the_worker_of_node_is_found_by_its_route_while_it_leads() -> Result<()> {
    let Some(node) = node() else { return Ok(()) };
    let application = Application::apply(node, "signs", "node-worker")?;
    application.roll_out("node-worker")?;
    let leader = application.hand_over()?;
    let pod = application.get("/api/v1", &format!("pods/{leader}"))?;
    let address = pod["status"]["podIP"].as_str().context("an address")?;
    let slice = eventually("the route leads to the leader", || {
        let slice = application.get("/apis/discovery.k8s.io/v1", "endpointslices/node-leader")?;
        let addresses = slice["endpoints"][0]["addresses"].clone();
        Ok((addresses == json!([address])).then_some(slice))
    })?;
    assert_eq!(slice["endpoints"].as_array().map(Vec::len), Some(1));
    let port = &slice["ports"][0]["port"];
    let way = node.forward(format!("{address}:{port}").parse()?)?;
    let answer: Value = serde_json::from_str(&http(way.port(), "/leader")?)?;
    assert_eq!(answer["isLeader"], true, "{answer}");
    let described = application.kubectl(&["describe", "lease", "node-worker"])?;
    assert!(described.contains("became leader"), "{described}");
    assert!(
        described.contains("app.kubernetes.io/name=node-worker"),
        "{described}"
    );
    application.delete()
}

#[test]
fn the_worker_of_python_hands_over() -> Result<()> {
    let Some(node) = node() else { return Ok(()) };
    let application = Application::apply(node, "python", "python-worker")?;
    application.roll_out("python-worker")?;
    let leader = application.hand_over()?;
    let pod = application.get("/api/v1", &format!("pods/{leader}"))?;
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
fn the_monolith_of_spring_is_scaled_hands_over_and_bills_no_order_twice() -> Result<()> {
    let Some(node) = node() else { return Ok(()) };
    // There is no DNS: the database's name leads to its pod, once that has an address.
    let later = "replicas: [{name: monolith-web, count: 0}]";
    let application = Application::apply_with(node, "spring", "monolith-jobs-billing", later)?;
    application.roll_out("monolith-database")?;
    let database = application.kubectl(&[
        "get",
        "pods",
        "--selector=app=monolith-database",
        "--output=jsonpath={.items[0].status.podIP}",
    ])?;
    let patch = json!({ "spec": { "replicas": 1, "template": { "spec": { "hostAliases": [
        { "ip": database, "hostnames": ["monolith-database"] },
    ]}}}});
    let patch = patch.to_string();
    application.kubectl(&["patch", "deployment", "monolith-web", "--patch", &patch])?;
    application.roll_out("monolith-web")?;
    let alone = application.leader("")?;
    application.kubectl(&["scale", "deployment", "monolith-web", "--replicas=3"])?;
    application.roll_out("monolith-web")?;
    assert_eq!(application.leader("")?, alone);
    let way = node.forward(format!("{database}:9092").parse()?)?;
    let before = Bills::of(way.port())?;
    application.hand_over()?;
    let after = eventually("bills under the next token", || {
        let bills = Bills::of(way.port())?;
        Ok((bills.tokens > before.tokens).then_some(bills))
    })?;
    println!("{after:?}");
    assert!(after.written > before.written);
    assert_eq!(after.written, after.orders, "an order was billed twice");
    application.delete()
}

/// What billing has done.
#[derive(Debug)]
struct Bills {
    written: u64,
    orders: u64,
    tokens: u64,
}

impl Bills {
    /// As the database has it that is behind a port of the loopback address.
    fn of(port: u16) -> Result<Self> {
        let output = Command::new("java")
            .args(["-Dloader.main=org.h2.tools.Shell", "-cp"])
            .arg(checkout().join(MONOLITH))
            .arg("org.springframework.boot.loader.launch.PropertiesLauncher")
            .args(["-user", "sa", "-url"])
            .arg(format!("jdbc:h2:tcp://127.0.0.1:{port}/monolith"))
            .arg("-sql")
            .arg("SELECT COUNT(*), COUNT(DISTINCT order_id), COUNT(DISTINCT fencing_token) FROM invoice")
            .output()?;
        let shown = String::from_utf8_lossy(&output.stdout);
        let row = shown.lines().find_map(|line| {
            let numbers = line.split('|').map(|it| it.trim().parse().ok());
            numbers.collect::<Option<Vec<u64>>>()
        });
        let Some([written, orders, tokens]) = row.as_deref() else {
            bail!("{shown}{}", String::from_utf8_lossy(&output.stderr));
        };
        Ok(Self {
            written: *written,
            orders: *orders,
            tokens: *tokens,
        })
    }
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

/// The articles' own programs, which ask the sidecar of their pod whom it takes for the leader.
#[test]
fn programs_written_for_the_old_sidecar_run_beside_the_drop_in() -> Result<()> {
    let Some(node) = node() else { return Ok(()) };
    let programs = [
        ("article-node", json!(["node", "/program.js"])),
        (
            "article-spring",
            json!(["java", "-XX:TieredStopAtLevel=1", "-jar", "/article.jar"]),
        ),
    ];
    for (name, command) in programs {
        let application = Application::beside_the_drop_in(node, name, &command)?;
        application.roll_out("web")?;
        let leads = |pod: &str| {
            eventually("the program says that it leads", || {
                let log = application.kubectl(&["logs", pod, "--container", "app", "--tail=1"])?;
                Ok(log.contains("I am the leader").then_some(()))
            })
        };
        let old = application.leader("")?;
        leads(&old)?;
        application.kubectl(&["delete", "pod", &old, "--wait=false"])?;
        leads(&application.leader(&old)?)?;
        application.delete()?;
    }
    Ok(())
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
