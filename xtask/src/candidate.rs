//! `cargo xtask candidate`: programs that keep the contract of candidates, of Leasehold in each language and of
//! its peers, which are as their registries have them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use xshell::cmd;

use crate::build::{cargo, check_installed, shell};
use crate::steps::{Step, run_shown};
use crate::{cluster, java, node, python, root, target_folder, utf8};

pub(crate) const PEERS: &str = "bench/peers";

#[derive(Args)]
pub(crate) struct Options {
    /// Whose candidate.
    #[arg(value_enum)]
    candidate: Candidate,
}

/// Leasehold first, then its peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Candidate {
    /// The core itself.
    Rust,
    /// The jar.
    Java,
    /// The npm package.
    Node,
    /// The wheel.
    Python,
    /// client-go, by `IsLeader()`.
    Go,
    /// client-go, by its callbacks.
    GoCallbacks,
    /// fabric8's client for Java.
    Fabric8,
    /// The official client for Java.
    JavaClient,
    /// A crate.
    Kubert,
    /// A crate.
    KubeLeaderElection,
    /// A crate.
    KubeLeaseManager,
    /// The official client for Python.
    Kubernetes,
    /// The same on asyncio.
    KubernetesAsyncio,
    /// The elector of the npm registry.
    NpmElector,
}

/// A candidate that was built (release).
pub(crate) struct Built {
    /// Its program and first arguments.
    pub(crate) command: Vec<String>,
    pub(crate) version: String,
    /// What an application has to have beside its own program, or the program if it is one file.
    pub(crate) installed: Vec<PathBuf>,
}

pub(crate) fn run_build(options: &Options) -> Result<()> {
    println!("{}", options.candidate.build()?.command.join(" "));
    Ok(())
}

impl Candidate {
    /// What people call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Rust => "Leasehold, Rust",
            Self::Java => "Leasehold, Java",
            Self::Node => "Leasehold, Node",
            Self::Python => "Leasehold, Python",
            Self::Go => "client-go `IsLeader()`",
            Self::GoCallbacks => "client-go callbacks, `ReleaseOnCancel`",
            Self::Fabric8 => "fabric8 callbacks",
            Self::JavaClient => "kubernetes-client for Java",
            Self::Kubert => "kubert",
            Self::KubeLeaderElection => "kube-leader-election",
            Self::KubeLeaseManager => "kube-lease-manager",
            Self::Kubernetes => "kubernetes for Python",
            Self::KubernetesAsyncio => "kubernetes_asyncio",
            Self::NpmElector => "kubernetes-leader-election of npm",
        }
    }

    /// What an application of it is written in.
    pub(crate) fn language(self) -> &'static str {
        match self {
            Self::Rust | Self::Kubert | Self::KubeLeaderElection | Self::KubeLeaseManager => "Rust",
            Self::Java | Self::Fabric8 | Self::JavaClient => "Java",
            Self::Node | Self::NpmElector => "Node",
            Self::Python | Self::Kubernetes | Self::KubernetesAsyncio => "Python",
            Self::Go | Self::GoCallbacks => "Go",
        }
    }

    pub(crate) fn is_leasehold(self) -> bool {
        self.title().starts_with("Leasehold")
    }

    /// Builds it.
    pub(crate) fn build(self) -> Result<Built> {
        match self {
            Self::Go => client_go(&[]),
            Self::GoCallbacks => client_go(&["-callbacks"]),
            _ => run_shown(self.title(), |step| self.build_in(step)),
        }
    }

    fn build_in(self, step: &Step) -> Result<Built> {
        match self {
            Self::Rust => rust(step),
            Self::Java => {
                let command = java::candidate(step, true)?;
                let version = env!("CARGO_PKG_VERSION");
                let jar = format!("tests/candidates/java/target/lib/leasehold-{version}.jar");
                Ok(leasehold(command, root().join(jar)))
            }
            Self::Node => {
                let command = node::candidate(step, true)?;
                let package = root().join("bindings-node");
                let mut built = leasehold(command, package.join("leasehold.node"));
                built.installed.push(package.join("dist"));
                Ok(built)
            }
            Self::Python => {
                let command = python::candidate(step, true)?;
                let (shell, [python, ..]) = (shell()?, &command[..]) else {
                    bail!("no Python");
                };
                let script = "import leasehold; print(leasehold.__path__[0])";
                let package = cmd!(shell, "{python} -c {script}").quiet().read()?;
                Ok(leasehold(command, package.into()))
            }
            Self::Go | Self::GoCallbacks => bail!("built by another program"),
            Self::Fabric8 => java_peer(step, "fabric8", "kubernetes-client"),
            Self::JavaClient => java_peer(step, "official", "client-java-extended"),
            Self::Kubert => rust_peer(step, "kubert"),
            Self::KubeLeaderElection => rust_peer(step, "kube-leader-election"),
            Self::KubeLeaseManager => rust_peer(step, "kube-lease-manager"),
            Self::Kubernetes => python_peer(step, "kubernetes"),
            Self::KubernetesAsyncio => python_peer(step, "kubernetes_asyncio"),
            Self::NpmElector => npm_peer(step),
        }
    }
}

fn leasehold(command: Vec<String>, installed: PathBuf) -> Built {
    Built {
        command,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        installed: vec![installed],
    }
}

fn rust(step: &Step) -> Result<Built> {
    let (shell, cargo) = (shell()?, cargo());
    step.run(cmd!(
        shell,
        "{cargo} build --release --locked --package leasehold-tests"
    ))?;
    let program = target_folder().join("release").join("candidate");
    Ok(leasehold(vec![utf8(program.clone())?], program))
}

fn client_go(arguments: &[&str]) -> Result<Built> {
    let folder = "tests/candidates/go";
    let program = cluster::go_program("client-go-candidate", folder)?;
    let version = after(&format!("{folder}/go.mod"), "k8s.io/client-go v")?;
    let mut command = vec![program.clone()];
    command.extend(arguments.iter().map(|it| (*it).to_owned()));
    Ok(Built {
        command,
        version,
        installed: vec![program.into()],
    })
}

fn rust_peer(step: &Step, name: &str) -> Result<Built> {
    let (shell, cargo) = (shell()?, cargo());
    let manifest = format!("{PEERS}/rust/Cargo.toml");
    let target = target_folder().join("peers");
    step.run(cmd!(
        shell,
        "{cargo} build --release --locked --manifest-path {manifest} --target-dir {target} --bin {name}"
    ))?;
    let program = target.join("release").join(name);
    Ok(Built {
        command: vec![utf8(program.clone())?],
        version: after(
            &format!("{PEERS}/rust/Cargo.lock"),
            &format!("name = \"{name}\"\nversion = \""),
        )?,
        installed: vec![program],
    })
}

fn java_peer(step: &Step, module: &str, artifact: &str) -> Result<Built> {
    check_installed("mvn", "install a JDK, 17 or newer, and Maven 3.8 or newer")?;
    let (shell, poms) = (shell()?, format!("{PEERS}/java/pom.xml"));
    step.run(cmd!(
        shell,
        "mvn --batch-mode --file {poms} --projects {module} --also-make package"
    ))?;
    let target = root().join(PEERS).join("java").join(module).join("target");
    let jar = utf8(target.join("candidate.jar"))?;
    let pom = format!("{PEERS}/java/{module}/pom.xml");
    let version = format!("<artifactId>{artifact}</artifactId>\n      <version>");
    Ok(Built {
        command: ["java", "-jar", &jar].map(str::to_owned).to_vec(),
        version: after(&pom, &version)?,
        installed: vec![target.join("lib")],
    })
}

fn python_peer(step: &Step, name: &str) -> Result<Built> {
    check_installed("python3", "install Python 3.10 or newer, with pip")?;
    let (shell, requirements) = (shell()?, format!("{PEERS}/python/{name}.txt"));
    let packages = target_folder().join("peers").join(name);
    shell.remove_path(&packages)?;
    step.run(cmd!(
        shell,
        "python3 -m pip install --quiet --requirement {requirements} --target {packages}"
    ))?;
    let script = root()
        .join(PEERS)
        .join(format!("python/{name}_candidate.py"));
    let path = format!("PYTHONPATH={}", packages.display());
    Ok(Built {
        command: vec!["env".to_owned(), path, "python3".to_owned(), utf8(script)?],
        version: after(&requirements, "==")?,
        installed: vec![packages],
    })
}

fn npm_peer(step: &Step) -> Result<Built> {
    let folder = format!("{PEERS}/node");
    node::install(step, &folder)?;
    let package = root().join(&folder).join("node_modules");
    Ok(Built {
        command: vec![
            "node".to_owned(),
            utf8(root().join(&folder).join("candidate.mjs"))?,
        ],
        version: after(
            &format!("{folder}/package.json"),
            "kubernetes-leader-election\": \"",
        )?,
        installed: vec![package],
    })
}

/// The version that follows `before` in a file: its digits and dots.
fn after(file: &str, before: &str) -> Result<String> {
    let text = fs::read_to_string(root().join(file)).with_context(|| format!("no {file}"))?;
    let (_, version) = text
        .split_once(before)
        .with_context(|| format!("{file}: no {before}"))?;
    let end = version.find(|it: char| !it.is_ascii_digit() && it != '.');
    Ok(version[..end.unwrap_or(version.len())].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_manifests() {
        let version = after("bench/peers/rust/Cargo.toml", "kubert = { version = \"=").unwrap();
        assert!(
            version.starts_with("0.") && version.ends_with(char::is_numeric),
            "{version}"
        );
    }
}
