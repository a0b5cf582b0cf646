//! Programs that are installed from crates.io or Go's module proxy, once, beside the cached test cluster.

use anyhow::{Context, Result};
use xshell::cmd;

use crate::build::{cargo, shell};
use crate::cache;
use crate::steps::Step;
use crate::utf8;

pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) features: &'static [&'static str],
}

impl Tool {
    /// Installs it if that has not been done, and returns where it is.
    pub(crate) fn program(&self, step: &Step) -> Result<String> {
        let Self {
            name,
            version,
            features,
        } = self;
        let folder = cache::folder()?.join(format!("{name}-{version}"));
        let program = folder.join("bin").join(name);
        if !program.exists() {
            step.tell("installed once, for some minutes");
            let (shell, cargo, features) = (shell()?, cargo(), *features);
            // Built apart: its settings are not those of this workspace.
            step.run(cmd!(
                shell,
                "{cargo} install {name} --version {version} --root {folder} --locked --debug {features...}"
            ))?;
        }
        utf8(program)
    }
}

/// A program that Go builds from its module proxy, once, beside the others.
pub(crate) struct GoTool {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
    pub(crate) version: &'static str,
}

impl GoTool {
    /// Installs it if that has not been done, and returns where it is.
    pub(crate) fn program(&self, step: &Step) -> Result<String> {
        let Self {
            name,
            package,
            version,
        } = self;
        let folder = cache::folder()?.join(format!("{name}-{version}"));
        let program = folder.join(name);
        if !program.exists() {
            step.tell("installed once, for a minute");
            let shell = shell()?;
            // The caller's settings for other modules must not change what is built.
            let go = cmd!(shell, "go install {package}@{version}").env_remove("GOFLAGS");
            step.run(go.env("GOBIN", folder).env("CGO_ENABLED", "0"))
                .context("install Go 1.26 or newer (https://go.dev)")?;
        }
        utf8(program)
    }
}
