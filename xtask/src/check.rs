//! `cargo xtask check`: form, spelling, lints, what is generated, architecture, parity, licences,
//! documentation.

use anyhow::Result;
use xshell::cmd;

use crate::build::{self, cargo, shell};
use crate::steps::{Step, Steps};
use crate::tool::{GoTool, Tool};
use crate::{codegen, figures, python, site, target_folder};

/// Checks licences, bans and sources. Its advisory database is left out: it comes from the network,
/// and a build must not turn red because of what others found out overnight.
const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    features: &[],
};

/// Reads workflows as GitHub does, which runs them where we cannot.
const ACTIONLINT: GoTool = GoTool {
    name: "actionlint",
    package: "github.com/rhysd/actionlint/cmd/actionlint",
    version: "v1.7.12",
};

pub(crate) fn run_checks() -> Result<()> {
    let steps = Steps::start();
    add_to(&steps);
    steps.finish()
}

pub(crate) fn add_to(steps: &Steps) {
    steps.run("form (cargo fmt)", |step| {
        let (shell, cargo) = (shell()?, cargo());
        step.run(cmd!(shell, "{cargo} fmt --all --check"))
    });
    steps.run("spelling (typos)", |step| {
        python::prepare_environment(step)?;
        let (shell, typos) = (shell()?, python::program("typos")?);
        step.run(cmd!(shell, "{typos}"))
    });
    steps.run("lints (cargo clippy)", |step| {
        let (shell, cargo) = (shell()?, cargo());
        step.run(cmd!(
            shell,
            "{cargo} clippy --workspace --all-targets --locked -- --deny warnings"
        ))
    });
    steps.run(
        "settings and words of other languages (codegen)",
        codegen::check,
    );
    steps.run("the page of figures", |_| figures::check());
    steps.run(
        "architecture: what each module of the core may use",
        |step| build::test(step, "architecture", &[]),
    );
    steps.run(
        "parity: versions, settings in documents, plain words",
        |step| {
            let parity = "leasehold-parity";
            build::debug(step, &["--bin", parity])?;
            let (shell, parity) = (shell()?, build::program(parity)?);
            step.run(cmd!(shell, "{parity}"))
        },
    );
    steps.run("licences, bans and sources (cargo deny)", deny);
    steps.run("workflows (actionlint)", |step| {
        let (shell, actionlint) = (shell()?, ACTIONLINT.program(step)?);
        let workflows =
            ["audit", "ci", "release"].map(|name| format!(".github/workflows/{name}.yml"));
        step.run(cmd!(shell, "{actionlint} {workflows...}"))
    });
    steps.run("documentation site (mdbook)", |step| {
        site::make_book(step, &target_folder().join("book"))
    });
    steps.run("documentation (cargo doc)", |step| {
        let (shell, cargo) = (shell()?, cargo());
        let document = cmd!(shell, "{cargo} doc --workspace --no-deps --locked");
        step.run(document.env("RUSTDOCFLAGS", "--deny warnings"))
    });
}

fn deny(step: &Step) -> Result<()> {
    let (shell, cargo_deny) = (shell()?, CARGO_DENY.program(step)?);
    let checks = ["licenses", "bans", "sources"];
    step.run(cmd!(
        shell,
        "{cargo_deny} --workspace check --hide-inclusion-graph {checks...}"
    ))
}
