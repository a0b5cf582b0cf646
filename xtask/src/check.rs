//! `cargo xtask check`: form, lints, parity, licences, documentation.

use std::process::Command;

use anyhow::Result;

use crate::steps::{Steps, cargo, run, run_with};
use crate::target_folder;
use crate::tool::Tool;

/// Checks licences, bans and sources. Its advisory database is left out: it comes from the network,
/// and a build must not turn red because of what others found out overnight.
const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    features: &[],
};

/// Makes the documentation site, searchable.
const MDBOOK: Tool = Tool {
    name: "mdbook",
    version: "0.5.4",
    features: &["--no-default-features", "--features=search"],
};

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
    steps.run("parity: versions, and settings in documents", || {
        let parity = [
            "run",
            "--quiet",
            "--locked",
            "--package",
            "leasehold-parity",
        ];
        run(cargo, &parity)
    });
    steps.run("licences, bans and sources (cargo deny)", deny);
    steps.run("documentation site (mdbook)", || {
        let mut mdbook = Command::new(MDBOOK.program()?);
        mdbook.args(["build", "docs", "--dest-dir"]);
        run_with(
            mdbook
                .arg(target_folder().join("book"))
                .env("MDBOOK_LOG", "warn"),
        )
    });
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
    let cargo_deny = CARGO_DENY.program()?;
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
