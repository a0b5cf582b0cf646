//! `cargo xtask check`: form, lints, parity of languages, licences, documentation.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::steps::{Steps, cargo, run, run_with};
use crate::utf8;

/// Checks licences, bans and sources. Its advisory database is left out: it comes from the network,
/// and a build must not turn red because of what others found out overnight.
const CARGO_DENY_VERSION: &str = "0.20.2";

pub(crate) fn run_checks() -> Result<()> {
    let mut steps = Steps::default();
    add_to(&mut steps);
    steps.finish()
}

pub(crate) fn add_to(steps: &mut Steps) {
    let cargo = &cargo();
    steps.run("form (cargo fmt)", || {
        run(cargo, &["fmt", "--all", "--check"])
    });
    steps.run("lints (cargo clippy)", || {
        let lint = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--quiet",
        ];
        run(cargo, &[&lint[..], &["--", "--deny", "warnings"]].concat())
    });
    steps.run(
        "parity: names, settings, defaults and versions in each language",
        || {
            let parity = [
                "run",
                "--quiet",
                "--locked",
                "--package",
                "leasehold-parity",
            ];
            run(cargo, &parity)
        },
    );
    steps.run("licences, bans and sources (cargo deny)", deny);
    steps.run("documentation (cargo doc)", || {
        let document = ["doc", "--workspace", "--no-deps", "--locked", "--quiet"];
        run_with(
            Command::new(cargo)
                .args(document)
                .env("RUSTDOCFLAGS", "--deny warnings"),
        )
    });
}

fn deny() -> Result<()> {
    let cargo_deny = installed_cargo_deny()?;
    let arguments = [
        "--workspace",
        "check",
        "--hide-inclusion-graph",
        "licenses",
        "bans",
        "sources",
    ];
    run_with(Command::new(cargo_deny).args(arguments))
}

/// Installs cargo-deny once, beside the cached test cluster.
fn installed_cargo_deny() -> Result<PathBuf> {
    let folder =
        leasehold_test_cluster::cache_folder()?.join(format!("cargo-deny-{CARGO_DENY_VERSION}"));
    let program = folder.join("bin").join("cargo-deny");
    if !program.exists() {
        println!("installing cargo-deny {CARGO_DENY_VERSION}, once (some minutes) …");
        let root = utf8(folder.clone())?;
        let install = [
            "install",
            "cargo-deny",
            "--locked",
            "--quiet",
            "--debug",
            "--version",
        ];
        // Built apart: its settings are not those of this workspace.
        run(
            &cargo(),
            &[&install[..], &[CARGO_DENY_VERSION, "--root", &root]].concat(),
        )?;
    }
    Ok(program)
}
