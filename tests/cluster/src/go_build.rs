//! Builds a program from its Go module.

use std::fs;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

const GO_MOD: &str = include_str!("../go.mod");
/// The module that pins the servers' programs.
const SERVERS: &str = env!("CARGO_MANIFEST_DIR");

/// A main package, and what a person who waits for it wants to know.
pub(crate) struct Program<'a> {
    pub(crate) name: &'a str,
    /// The folder of the Go module that pins it.
    module: &'a str,
    package: &'a str,
    usual_time: &'a str,
    /// How to do without a build, if one can.
    other_way: &'a str,
}

const SET_ASSETS: &str = ", or set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver";

pub(crate) const ETCD: Program<'_> = Program {
    name: "etcd",
    module: SERVERS,
    package: "go.etcd.io/etcd/server/v3",
    usual_time: "half a minute",
    other_way: SET_ASSETS,
};

pub(crate) const KUBE_APISERVER: Program<'_> = Program {
    name: "kube-apiserver",
    module: SERVERS,
    package: "k8s.io/kubernetes/cmd/kube-apiserver",
    usual_time: "3 to 5 minutes on 2 cores",
    other_way: SET_ASSETS,
};

pub(crate) const TOXIPROXY: Program<'_> = Program {
    name: "toxiproxy-server",
    module: SERVERS,
    package: "github.com/Shopify/toxiproxy/v2/cmd/server",
    usual_time: "10 seconds",
    other_way: "",
};

pub(crate) const KUSTOMIZE: Program<'_> = Program {
    name: "kustomize",
    module: concat!(env!("CARGO_MANIFEST_DIR"), "/kustomize"),
    package: "sigs.k8s.io/kustomize/kustomize/v5",
    usual_time: "half a minute",
    other_way: "",
};

pub(crate) const KUBECTL: Program<'_> = Program {
    name: "kubectl",
    module: concat!(env!("CARGO_MANIFEST_DIR"), "/kubectl"),
    package: "k8s.io/kubernetes/cmd/kubectl",
    usual_time: "2 minutes on 2 cores",
    other_way: "",
};

const KUBERNETES_NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node/kubernetes");
const CONTAINERD_MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node/containerd");
const NETWORK_PLUGINS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node/cni");

/// What a cluster with nodes runs beside its API server.
pub(crate) const KUBERNETES_SERVERS: [Program<'_>; 3] = [
    Program {
        name: "kubelet",
        module: KUBERNETES_NODE,
        package: "k8s.io/kubernetes/cmd/kubelet",
        usual_time: "4 minutes on 2 cores",
        other_way: "",
    },
    Program {
        name: "kube-scheduler",
        module: KUBERNETES_NODE,
        package: "k8s.io/kubernetes/cmd/kube-scheduler",
        usual_time: "10 seconds",
        other_way: "",
    },
    Program {
        name: "kube-controller-manager",
        module: KUBERNETES_NODE,
        package: "k8s.io/kubernetes/cmd/kube-controller-manager",
        usual_time: "2 minutes on 2 cores",
        other_way: "",
    },
];

/// They look for each other in one folder.
pub(crate) const CONTAINERD: [Program<'_>; 3] = [
    Program {
        name: "containerd",
        module: CONTAINERD_MODULE,
        package: "github.com/containerd/containerd/v2/cmd/containerd",
        usual_time: "3 minutes on 2 cores",
        other_way: "",
    },
    Program {
        name: "containerd-shim-runc-v2",
        module: CONTAINERD_MODULE,
        package: "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
        usual_time: "half a minute",
        other_way: "",
    },
    Program {
        name: "ctr",
        module: CONTAINERD_MODULE,
        package: "github.com/containerd/containerd/v2/cmd/ctr",
        usual_time: "half a minute",
        other_way: "",
    },
];

/// The plugins that give pods a network.
pub(crate) const NETWORK: [Program<'_>; 3] = [
    Program {
        name: "bridge",
        module: NETWORK_PLUGINS,
        package: "github.com/containernetworking/plugins/plugins/main/bridge",
        usual_time: "half a minute",
        other_way: "",
    },
    Program {
        name: "host-local",
        module: NETWORK_PLUGINS,
        package: "github.com/containernetworking/plugins/plugins/ipam/host-local",
        usual_time: "10 seconds",
        other_way: "",
    },
    Program {
        name: "loopback",
        module: NETWORK_PLUGINS,
        package: "github.com/containernetworking/plugins/plugins/main/loopback",
        usual_time: "10 seconds",
        other_way: "",
    },
];

/// What the first container of each pod runs.
pub(crate) const PAUSE: Program<'_> = Program {
    name: "pause",
    module: concat!(env!("CARGO_MANIFEST_DIR"), "/node/pause"),
    package: ".",
    usual_time: "5 seconds",
    other_way: "",
};

impl<'a> Program<'a> {
    /// The API server of the version that the Go module in the folder `module` pins.
    pub(crate) fn api_server_in(module: &'a str) -> Self {
        Self {
            module,
            ..KUBE_APISERVER
        }
    }

    /// The main package of a small module of its own.
    pub(crate) fn of_module(name: &'a str, module: &'a str) -> Self {
        Self {
            name,
            module,
            package: ".",
            usual_time: "a minute",
            other_way: "",
        }
    }

    /// What is in its module's folder, in a fixed order: changes with the program.
    pub(crate) fn sources(&self) -> Result<Vec<String>> {
        let folder = || format!("reading the Go module {}", self.module);
        let mut files: Vec<PathBuf> = fs::read_dir(self.module)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
            .with_context(folder)?;
        files.retain(|file| {
            let extension = file.extension().and_then(|extension| extension.to_str());
            matches!(extension, Some("go" | "mod" | "sum"))
        });
        files.sort();
        let texts = files.iter().map(fs::read_to_string);
        texts.collect::<io::Result<_>>().with_context(folder)
    }
}

/// Builds `program` into the file `output`.
pub(crate) fn build(program: &Program<'_>, output: &Path) -> Result<()> {
    build_with(program, &linker_flags(kubernetes_version()), &[], output)
}

/// The same with these flags of the linker and of `go build`.
pub(crate) fn build_with(
    program: &Program<'_>,
    linker_flags: &str,
    flags: &[&str],
    output: &Path,
) -> Result<()> {
    let go = Command::new("go")
        .current_dir(program.module)
        .args(["build", "-trimpath", "-ldflags", linker_flags])
        .args(flags)
        .arg("-o")
        .arg(output)
        .arg(program.package)
        // The caller's settings for other modules must not change what is built.
        .env_remove("GOFLAGS")
        .env("GOWORK", "off")
        .env("CGO_ENABLED", "0")
        .stderr(Stdio::piped())
        .spawn();
    let go = match go {
        Ok(go) => go,
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "{} must be built first, but `go` is not on the PATH: install Go {} or newer{}",
            program.name,
            version_of("go"),
            program.other_way
        ),
        Err(error) => return Err(error).context("running `go build`"),
    };
    let built = with_progress(program, || go.wait_with_output())?;
    ensure!(
        built.status.success(),
        "`go build` of {} failed ({}):\n{}",
        program.name,
        built.status,
        String::from_utf8_lossy(&built.stderr)
    );
    Ok(())
}

/// No symbols, and the version that `/version` reports, such as `v1.36.3`.
pub(crate) fn linker_flags(version: &str) -> String {
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or(""), numbers.next().unwrap_or(""));
    let set = "-X k8s.io/component-base/version.git";
    format!("-s -w {set}Version={version} {set}Major={major} {set}Minor={minor}")
}

pub(crate) fn kubernetes_version() -> &'static str {
    version_of("k8s.io/kubernetes")
}

/// The version after `name` at the start of a line of `go.mod`.
fn version_of(name: &str) -> &'static str {
    GO_MOD
        .lines()
        .find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(' '))
        .and_then(|rest| rest.split_whitespace().next())
        .unwrap_or_else(|| panic!("go.mod gives no version of {name}"))
}

/// Prints to stderr what `work` builds, and for how long it has been at it.
fn with_progress<T>(program: &Program<'_>, work: impl FnOnce() -> T) -> T {
    let (finished, progress) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || show_progress(program, &progress));
        let result = work();
        drop(finished);
        result
    })
}

/// One line that counts the seconds on a terminal; elsewhere a line now and then.
fn show_progress(program: &Program<'_>, finished: &mpsc::Receiver<()>) {
    let started = Instant::now();
    // Not `eprintln!`, which the test harness holds back until the test has ended.
    let mut stderr = io::stderr();
    let (start, end, interval) = if stderr.is_terminal() {
        ("\r", "", 1)
    } else {
        ("", "\n", 30)
    };
    let mut say = |state: &str, end: &str| {
        // That nobody reads it is no reason to stop the build.
        let _ = write!(
            stderr,
            "{start}test-cluster: building {} from source, once; it takes about {}: {} s{state}{end}",
            program.name,
            program.usual_time,
            started.elapsed().as_secs()
        );
    };
    say("", end);
    while finished.recv_timeout(Duration::from_secs(interval)) == Err(RecvTimeoutError::Timeout) {
        say("", end);
    }
    say(", ended", "\n");
}
