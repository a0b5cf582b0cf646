//! `cargo xtask package`: what is published, built for each platform on this machine, and checked.
//!
//! All of it is in `target/packages`, the same bytes for the same commit: with the time of the commit,
//! without the paths of this machine, and with pinned tools.

mod archive;
mod image;
mod inspection;
mod origin;
mod papers;
mod rules;
mod sums;
mod toolchain;
mod twice;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use xshell::cmd;

use crate::build::{cargo, shell};
use crate::commit_time::CommitTime;
use crate::platform::{NativeHalf, PLATFORMS, Platform};
use crate::steps::{Ran, Steps};
use crate::{copy_file, java, node, python, root, target_folder};
use origin::Origin;
use papers::Papers;
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
    /// Without a build: packs what an earlier run has built from this very commit, and checks it again.
    #[arg(long)]
    staged: bool,
    /// Then builds all of it again, from a clone in a folder with a longer path, and fails if its bytes
    /// are others.
    #[arg(long, conflicts_with = "staged")]
    twice: bool,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The libraries: crate, library, and what it becomes.
const LIBRARIES: [(&str, &str, Artifact); 3] = [
    ("leasehold-java", "leasehold_java", Artifact::Java),
    ("leasehold-node", "leasehold_node", Artifact::Node),
    ("leasehold-python", "_leasehold", Artifact::Python),
];
/// The crate of the program, and what that is called: the second makes it a drop-in for the old sidecar.
const PROGRAM: (&str, [&str; 2]) = ("leasehold-cli", ["leasehold", "leader-elector"]);

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
        let platforms = PLATFORMS.iter();
        platforms
            .filter(|platform| platform.is_like(host))
            .collect()
    } else {
        options.target.clone()
    };
    let packages = packages();
    let time = CommitTime::read()?;
    let steps = Steps::start();
    if !options.staged {
        build(&steps, &platforms);
    }
    steps.run(
        "libraries and programs are of what they are packed with",
        |_| Origin::read()?.check(&platforms),
    );
    steps.run("libraries and programs are as they must be", |_| {
        platforms.iter().try_for_each(|it| rules::check_all(it))
    });
    // What is incomplete is not packed, and replaces nothing.
    if !steps.have_failed() {
        if packages.exists() {
            fs::remove_dir_all(&packages)?;
        }
        pack(&steps, &platforms, &time, &packages);
        pack_sources(&steps, &time, &packages, options.staged);
    }
    if !steps.have_failed() {
        steps.run("checksums and sizes", |_| sums::write(&packages));
    }
    if options.twice && !steps.have_failed() {
        steps.run("the same bytes in another folder", |step| {
            twice::check(step, &platforms, &packages)
        });
    }
    steps.finish()
}

/// The system that differs most from those that it is developed on.
const CHECKED: &str = "windows-x86_64";

/// Whether what is published compiles for another system, if what that takes is installed: to install
/// it takes too long for everybody's tests.
pub(crate) fn add_check_to(steps: &Steps) {
    let name = [CHECKED, ": compiles (cargo check)"].concat();
    steps.run_if_possible(&name, |step| {
        let platform = named(CHECKED)?;
        if let Some(what) = Toolchain::missing(platform)? {
            let install = ["`cargo xtask package --target ", CHECKED, "` installs it"].concat();
            return Ok(Ran::No(format!("no {what}: {install}")));
        }
        Toolchain::installed()?.check(step, platform)?;
        Ok(Ran::Yes)
    });
}

fn build(steps: &Steps, platforms: &[&'static Platform]) {
    let mut toolchain = None;
    steps.run("tools for other systems (zig), installed once", |step| {
        toolchain = Some(Toolchain::prepare(step, platforms)?);
        Ok(())
    });
    let Some(toolchain) = toolchain else {
        return;
    };
    for platform in platforms {
        steps.run(&format!("{}: built", platform.name), |step| {
            let origin = Origin::read()?;
            toolchain.build(step, platform)?;
            origin.note(platform)
        });
    }
}

fn pack(steps: &Steps, platforms: &[&'static Platform], time: &CommitTime, packages: &Path) {
    let halves: Vec<_> = platforms.iter().map(|it| NativeHalf::staged(it)).collect();
    let java = LIBRARIES[0].0;
    steps.run("papers: licences, and what is inside (CycloneDX)", |_| {
        platforms
            .iter()
            .try_for_each(|it| write_papers(it, time, &packages.join("sbom")))
    });
    steps.run("programs", |step| {
        let mut platforms = platforms.iter();
        platforms.try_for_each(|it| archive::pack(step, it, time, &packages.join("programs")))
    });
    steps.run("images", |step| {
        image::pack(step, platforms, time, &packages.join("images"))
    });
    steps.run("Java: jars", |step| {
        // The jar has the libraries of all platforms.
        let (folder, papers) = (packages.join("sbom"), Papers::of(java, platforms)?);
        let (notice, sbom) = (
            folder.join("leasehold-java.NOTICE"),
            folder.join("leasehold-java.cdx.json"),
        );
        fs::create_dir_all(&folder)?;
        fs::write(&notice, papers.notice()?)?;
        let purl = format!("pkg:maven/io.leasehold/leasehold@{VERSION}");
        fs::write(&sbom, papers.sbom("leasehold", &purl, time)?)?;
        let papers = [
            ("LICENSE", root().join("LICENSE")),
            ("NOTICE", notice),
            ("sbom/leasehold.cdx.json", sbom),
        ];
        java::pack(step, &halves, &papers, time, &packages.join("java"))
    });
    steps.run("papers: as the schema of CycloneDX wants them", |step| {
        papers::validate(step, &packages.join("sbom"))
    });
    steps.run("Node: packages", |step| {
        node::pack(step, &halves, &packages.join("node"))
    });
    steps.run("Python: wheels", |step| {
        let folder = packages.join("python");
        halves
            .iter()
            .try_for_each(|half| python::pack(step, half, Some(time), &folder).map(drop))
    });
}

/// What people build by themselves: crates, and what pip takes where no wheel fits.
fn pack_sources(steps: &Steps, time: &CommitTime, packages: &Path, without_build: bool) {
    steps.run("crates (cargo package)", |step| {
        let (shell, cargo) = (shell()?, cargo());
        let crates = ["leasehold", PROGRAM.0];
        let chosen = crates.iter().flat_map(|package| ["--package", package]);
        // Cargo builds them as somebody would who has nothing but them.
        let verify = without_build.then_some("--no-verify");
        step.run(cmd!(
            shell,
            "{cargo} package --locked {verify...} {chosen...}"
        ))?;
        for package in crates {
            let file = format!("{package}-{VERSION}.crate");
            let made = target_folder().join("package").join(&file);
            copy_file(made, packages.join("crates").join(file))?;
        }
        Ok(())
    });
    steps.run("Python: source distribution", |step| {
        python::pack_sources(step, time, &packages.join("python"))
    });
}

/// Writes what goes with each thing that is built for `platform`, beside it, and the lists of what is
/// inside also into a folder of their own.
fn write_papers(platform: &Platform, time: &CommitTime, lists: &Path) -> Result<()> {
    fs::create_dir_all(lists)?;
    let [java, node, python] = LIBRARIES.map(|(package, ..)| package);
    let npm = format!("@leasehold/{}", platform.npm.package);
    for (package, name, purl) in [
        (java, "leasehold", "maven/io.leasehold/leasehold"),
        (node, &npm, &npm.replace('@', "npm/%40")),
        (python, "leasehold", "pypi/leasehold"),
        (PROGRAM.0, PROGRAM.0, "cargo/leasehold-cli"),
    ] {
        if package == PROGRAM.0 && !platform.has_programs() {
            continue;
        }
        let papers = Papers::of(package, &[platform])?;
        fs::write(platform.notice(package), papers.notice()?)?;
        let purl = format!("pkg:{purl}@{VERSION}");
        let list = papers.sbom(name, &purl, time)?;
        fs::write(platform.sbom(package), &list)?;
        fs::write(
            lists.join(format!("{package}-{}.cdx.json", platform.name)),
            list,
        )?;
    }
    Ok(())
}

/// Where everything that is published is put.
pub(crate) fn packages() -> PathBuf {
    target_folder().join("packages")
}
