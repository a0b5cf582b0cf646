//! What `cargo xtask bench` measures: candidates, with the programs of each that measure themselves, and what takes
//! part in no election.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use serde_json::{Value, json};
use xshell::cmd;

use crate::build::{cargo, shell};
use crate::candidate::{Candidate, PEERS};
use crate::steps::{Step, run_shown};
use crate::{cluster, node, python, root, target_folder, utf8};

/// What is no candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Extra {
    /// `leasehold serve`, asked over HTTP.
    Sidecar,
}

/// What of a candidate measures itself.
#[derive(Default)]
struct Probes {
    programs: Vec<Vec<String>>,
    import: Vec<String>,
    footprint: Option<PathBuf>,
}

/// A row of the tables, as `bench/src/peers.rs` reads it.
pub(crate) fn candidate(candidate: Candidate) -> Result<Value> {
    let built = candidate.build()?;
    let name = format!("{}: what measures itself", candidate.title());
    // Without it, the election itself can be measured.
    let probes = match candidate {
        Candidate::Go => Probes::of_go(),
        _ => run_shown(&name, |step| Probes::of(candidate, step)),
    };
    let probes = probes.unwrap_or_else(|error| {
        println!("{name}: {error:#}");
        Probes::default()
    });
    Ok(json!({
        "name": candidate.title(),
        "version": built.version,
        "language": candidate.language(),
        "has_proofs": candidate.is_leasehold(),
        "command": built.command,
        "installed": built.installed,
        "probes": probes.programs,
        "import": probes.import,
        "footprint": probes.footprint,
    }))
}

/// The same of what is no candidate.
pub(crate) fn extra(extra: Extra) -> Result<Value> {
    run_shown(extra.title(), |step| {
        let program = match extra {
            Extra::Sidecar => sidecar(step)?,
        };
        Ok(json!({
            "name": extra.title(),
            "version": env!("CARGO_PKG_VERSION"),
            "language": "",
            "probes": [program],
        }))
    })
}

impl Extra {
    /// What people call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Sidecar => "Leasehold, sidecar over HTTP",
        }
    }
}

impl Probes {
    /// It shows itself how far it is.
    fn of_go() -> Result<Self> {
        let program = cluster::go_program("client-go-answers", "bench/peers/go")?;
        Ok(Self {
            programs: vec![vec![program]],
            ..Self::default()
        })
    }

    fn of(candidate: Candidate, step: &Step) -> Result<Self> {
        Ok(match candidate {
            Candidate::Rust => Self {
                footprint: Some(footprint(step)?),
                ..Self::default()
            },
            Candidate::Node => Self {
                programs: vec![in_node(step, "answers.mjs", &[])?],
                import: import_in_node(step, "bindings-node/dist/index.mjs")?,
                footprint: None,
            },
            Candidate::Python => Self {
                programs: vec![answers_in_python(step)?],
                import: import_in_python(vec![python::program("python")?], &["leasehold"])?,
                footprint: None,
            },
            Candidate::Kubernetes => import_of_peer("kubernetes")?,
            Candidate::KubernetesAsyncio => import_of_peer("kubernetes_asyncio")?,
            Candidate::NpmElector => {
                let module = "node_modules/@codedependant/kubernetes-leader-election/index.js";
                Self {
                    import: import_in_node(step, &format!("{PEERS}/node/{module}"))?,
                    ..Self::default()
                }
            }
            _ => Self::default(),
        })
    }
}

/// The program with many elections.
fn footprint(step: &Step) -> Result<PathBuf> {
    let (shell, cargo) = (shell()?, cargo());
    let package = ["--package", "leasehold-bench", "--bin", "footprint"];
    step.run(cmd!(shell, "{cargo} build --release --locked {package...}"))?;
    Ok(target_folder().join("release").join("footprint"))
}

fn sidecar(step: &Step) -> Result<Vec<String>> {
    let (shell, cargo) = (shell()?, cargo());
    step.run(cmd!(
        shell,
        "{cargo} build --release --locked --package leasehold-cli --bin leasehold"
    ))?;
    let program = utf8(target_folder().join("release").join("leasehold"))?;
    in_node(step, "sidecar.mjs", &[&program])
}

fn in_node(step: &Step, script: &str, arguments: &[&str]) -> Result<Vec<String>> {
    node::install(step, "bench/node")?;
    let script = utf8(root().join("bench/node").join(script))?;
    let words = ["node", &script]
        .into_iter()
        .chain(arguments.iter().copied());
    Ok(words.map(str::to_owned).collect())
}

/// `module` is from the root of the checkout.
fn import_in_node(step: &Step, module: &str) -> Result<Vec<String>> {
    let module = utf8(root().join(module))?;
    in_node(step, "import.mjs", &[&module])
}

fn answers_in_python(step: &Step) -> Result<Vec<String>> {
    let (shell, packages) = (shell()?, target_folder().join("peers").join("pyperf"));
    let (python, requirements) = (python::program("python")?, "bench/python/requirements.txt");
    step.run(cmd!(
        shell,
        "{python} -m pip install --quiet --upgrade --requirement {requirements} --target {packages}"
    ))?;
    let script = utf8(root().join("bench/python/answers.py"))?;
    let path = format!("PYTHONPATH={}", packages.display());
    Ok(vec!["env".to_owned(), path, python, script])
}

fn import_in_python(mut python: Vec<String>, modules: &[&str]) -> Result<Vec<String>> {
    python.push(utf8(root().join("bench/python/import.py"))?);
    python.extend(modules.iter().map(|it| (*it).to_owned()));
    Ok(python)
}

fn import_of_peer(name: &str) -> Result<Probes> {
    let packages = target_folder().join("peers").join(name);
    let path = format!("PYTHONPATH={}", packages.display());
    let python = vec!["env".to_owned(), path, "python3".to_owned()];
    let modules = ["client", "config", "leaderelection.leaderelection"];
    let modules = modules.map(|it| [name, ".", it].concat());
    let modules = modules.each_ref().map(String::as_str);
    Ok(Probes {
        import: import_in_python(python, &modules)?,
        ..Probes::default()
    })
}
