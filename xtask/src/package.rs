//! `cargo xtask package`: what is published, built for each platform on this machine, and checked.
//!
//! All of it is in `target/packages`, the same bytes for the same commit: with the time of the commit,
//! without the paths of this machine, and with pinned tools.

mod archive;
mod inspection;
mod rules;
mod toolchain;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::platform::{NativeHalf, PLATFORMS, Platform};
use crate::steps::Steps;
use crate::{java, node, python, target_folder};
use rules::Artifact;
use toolchain::Toolchain;

#[derive(Args)]
pub(crate) struct Options {
    /// For this platform, by our name or by Rust's; may be repeated. By default for this machine,
    /// on Linux with either C library.
    #[arg(long, value_name = "PLATFORM", value_parser = named, conflicts_with = "all")]
    target: Vec<&'static Platform>,
    /// For all platforms.
    #[arg(long)]
    all: bool,
}

/// The libraries: crate, library, and what it is to be.
const LIBRARIES: [(&str, &str, Artifact); 3] = [
    ("leasehold-java", "leasehold_java", Artifact::Java),
    ("leasehold-node", "leasehold_node", Artifact::Node),
    ("leasehold-python", "_leasehold", Artifact::Python),
];
/// The crate of the programs, and what it is called when it is a drop-in for the old sidecar.
const PROGRAMS: (&str, [&str; 2]) = ("leasehold-cli", ["leasehold", "leader-elector"]);

fn named(name: &str) -> Result<&'static Platform> {
    let mut platforms = PLATFORMS.iter();
    let platform = platforms.find(|it| it.name == name || it.rust_target == name);
    platform.with_context(|| {
        let names: Vec<_> = PLATFORMS.iter().map(|platform| platform.name).collect();
        format!("not one of {}", names.join(", "))
    })
}

pub(crate) fn run_package(options: &Options) -> Result<()> {
    let platforms: Vec<_> = if options.all {
        PLATFORMS.iter().collect()
    } else if options.target.is_empty() {
        let host = Platform::host()?;
        // The programs of Linux are those that are linked with musl.
        let platforms = PLATFORMS.iter();
        platforms
            .filter(|platform| platform.is_like(host))
            .collect()
    } else {
        options.target.clone()
    };
    let packages = packages();
    if packages.exists() {
        fs::remove_dir_all(&packages)?;
    }
    fs::create_dir_all(&packages)?;
    let mut steps = Steps::default();
    let mut toolchain = None;
    steps.run("tools of other systems (zig), installed once", |step| {
        toolchain = Some(Toolchain::prepare(step, &platforms)?);
        Ok(())
    });
    let Some(toolchain) = toolchain else {
        return steps.finish();
    };
    let mut halves = Vec::new();
    for platform in platforms {
        steps.run(&format!("{}: built and checked", platform.name), |step| {
            toolchain.build(step, platform)?;
            rules::check_all(platform)?;
            halves.push(NativeHalf::staged(platform));
            Ok(())
        });
    }
    if halves.is_empty() {
        return steps.finish();
    }
    steps.run("programs", |step| {
        halves
            .iter()
            .try_for_each(|half| archive::pack(step, half.platform, &packages))
    });
    steps.run("Java: jars", |step| {
        java::pack(step, &halves, &packages.join("java"))
    });
    steps.run("Node: packages", |step| {
        node::pack(step, &halves, &packages.join("node"))
    });
    steps.run("Python: wheels", |step| {
        for half in &halves {
            python::pack(
                step,
                half,
                Some(half.platform.wheel_tag),
                &packages.join("python"),
            )?;
        }
        Ok(())
    });
    steps.finish()
}

/// Where everything that is published is put.
pub(crate) fn packages() -> PathBuf {
    target_folder().join("packages")
}
