//! What builds for other systems: rustup's targets, and zig as compiler of C and as linker, which
//! brings the C libraries of all of them, glibc in each version.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::{Cmd, Shell, cmd};

use super::{LIBRARIES, PROGRAM};
use crate::build::{check_installed, shell};
use crate::platform::{Platform, System};
use crate::steps::Step;
use crate::{cache, root, utf8};

/// From `PyPI`, since both come built from there.
const ZIG: [&str; 2] = ["cargo-zigbuild==0.24.1", "ziglang==0.17.1"];
/// The oldest glibc that they run with: of RHEL 7, and what `manylinux2014` means.
pub(super) const GLIBC: &str = "2.17";
/// The oldest macOS that they run on.
pub(super) const MACOS: &str = "11.0";
/// What Apple's linker would find in its SDK, as far as we use it.
const FRAMEWORKS: &str = "xtask/frameworks";

pub(crate) struct Toolchain {
    /// The environment with zig.
    environment: PathBuf,
}

impl Toolchain {
    /// Installs what is missing for `platforms`.
    pub(super) fn prepare(step: &Step, platforms: &[&Platform]) -> Result<Self> {
        let shell = shell()?;
        let targets = platforms.iter().map(|platform| platform.rust_target);
        step.run(cmd!(shell, "rustup target add {targets...}"))?;
        let environment = python_environment(step, "zig", &ZIG)?;
        Ok(Self { environment })
    }

    /// What is missing for `platform`, if anything is.
    pub(crate) fn missing(platform: &Platform) -> Result<Option<String>> {
        let shell = shell()?;
        let installed = cmd!(shell, "rustup target list --installed").quiet();
        let installed = installed.ignore_stderr().read().unwrap_or_default();
        if !installed.lines().any(|it| it == platform.rust_target) {
            return Ok(Some(["Rust for ", platform.rust_target].concat()));
        }
        let has_zig = is_installed(&environment("zig")?, &ZIG);
        Ok((!has_zig).then(|| "zig".to_owned()))
    }

    /// As [`Toolchain::prepare`] has installed it.
    pub(crate) fn installed() -> Result<Self> {
        Ok(Self {
            environment: environment("zig")?,
        })
    }

    /// Compiles what is published, in debug and without code, for `platform`.
    pub(crate) fn check(&self, step: &Step, platform: &Platform) -> Result<()> {
        let shell = shell()?;
        let packages = LIBRARIES.map(|(package, ..)| package);
        let packages = packages.iter().chain(["leasehold", PROGRAM.0].iter());
        let packages = packages.flat_map(|package| ["--package", package]);
        let target = platform.rust_target;
        let check = self.zigbuild(&shell, "check", target)?;
        // A library for musl could not be compiled otherwise.
        let flags = flags(platform, Linked::ToTheSystem)?;
        let check = check.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        step.run(check.args(["--lib", "--bins"]).args(packages))
    }

    /// Builds the libraries and programs for `platform`, and puts them into its folder.
    pub(super) fn build(&self, step: &Step, platform: &Platform) -> Result<()> {
        let shell = shell()?;
        let staged = platform.staged();
        shell.remove_path(&staged)?;
        shell.create_dir(&staged)?;
        let built = crate::target_folder()
            .join(platform.rust_target)
            .join("release");

        let libraries = LIBRARIES
            .iter()
            .flat_map(|(package, ..)| ["--package", package]);
        let libraries = ["--lib"].into_iter().chain(libraries);
        let mut files = LIBRARIES
            .map(|(_, name, _)| platform.library(name))
            .to_vec();
        let mut program = Vec::new();
        if platform.has_programs() {
            let (package, [name, _]) = PROGRAM;
            program.extend(["--bins", "--package", package]);
            files.push(platform.program(name));
        }
        if platform.name.ends_with("-musl") {
            let libraries = libraries.collect();
            for (linked, what) in [
                (Linked::ToTheSystem, libraries),
                (Linked::Statically, program),
            ] {
                step.run(self.cargo(&shell, platform, linked)?.args(what))?;
            }
        } else {
            // What both need is compiled once.
            let cargo = self.cargo(&shell, platform, Linked::ToTheSystem)?;
            step.run(cargo.args(libraries).args(program))?;
        }
        for file in files {
            shell.copy_file(built.join(&file), staged.join(&file))?;
        }
        Ok(())
    }

    fn cargo<'a>(&self, shell: &'a Shell, platform: &Platform, linked: Linked) -> Result<Cmd<'a>> {
        let mut target = platform.rust_target.to_owned();
        if platform.name.ends_with("-gnu") {
            target = [&target, ".", GLIBC].concat();
        }
        let cargo = self.zigbuild(shell, "zigbuild", &target)?;
        Ok(cargo
            .arg("--release")
            // Separated by a byte that is in no path.
            .env(
                "CARGO_ENCODED_RUSTFLAGS",
                flags(platform, linked)?.join("\x1f"),
            ))
    }

    /// cargo, which has zig for the C in it.
    fn zigbuild<'a>(&self, shell: &'a Shell, command: &str, target: &str) -> Result<Cmd<'a>> {
        let bin = self.environment.join("bin");
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([bin.clone()].into_iter().chain(env::split_paths(&path)))?;
        let zigbuild = bin.join("cargo-zigbuild");
        let cargo = cmd!(shell, "{zigbuild} {command} --locked --target {target}");
        Ok(cargo
            .env("PATH", path)
            .env("LIBNODE_PATH", empty_libnode()?)
            .env("MACOSX_DEPLOYMENT_TARGET", MACOS)
            // A file for Windows has a time, and cargo does not link again what is a commit older.
            .env("SOURCE_DATE_EPOCH", "0"))
    }
}

/// napi-build wants a `libnode.dll` to link with on Windows, from which nothing is taken: what Node
/// brings is found when the library is loaded.
fn empty_libnode() -> Result<PathBuf> {
    let folder = crate::target_folder().join("libnode");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("libnode.dll"), "")?;
    // The same for the linker: an archive with nothing in it.
    fs::write(folder.join("libnode.a"), "!<arch>\n")?;
    Ok(folder)
}

/// Of Linux with musl. Elsewhere there is no choice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Linked {
    /// A library cannot bring a C library of its own.
    ToTheSystem,
    /// A program should, so that it runs on any Linux.
    Statically,
}

fn flags(platform: &Platform, linked: Linked) -> Result<Vec<String>> {
    // Where a panic was is in the libraries, but not where that lies on this machine.
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let cargo_home = env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let mut flags = Vec::new();
    for (path, name) in [(cargo_home, "/cargo"), (root(), "/leasehold")] {
        flags.push(["--remap-path-prefix=", &utf8(path)?, "=", name].concat());
    }
    if platform.name.ends_with("-musl") && linked == Linked::ToTheSystem {
        flags.push("-Ctarget-feature=-crt-static".to_owned());
    }
    if platform.system == System::MacOs {
        // Relative, since cargo takes the flags into the names of symbols, but for prefixes of paths.
        flags.push(["-Clink-arg=-F", FRAMEWORKS].concat());
        // Else the linker's mark of what it links comes from names of files that are then stripped.
        flags.push("-Clink-arg=-s".to_owned());
        // Else the path that a library is built at. It is loaded by its file, not by this.
        flags.push("-Clink-arg=-Wl,-install_name,@rpath/leasehold".to_owned());
    }
    Ok(flags)
}

/// An environment of Python with `requirements`, in the folder for what is built once.
pub(super) fn python_environment(
    step: &Step,
    name: &str,
    requirements: &[&str],
) -> Result<PathBuf> {
    let folder = self::environment(name)?;
    if is_installed(&folder, requirements) {
        return Ok(folder);
    }
    check_installed(
        "python3",
        "install Python 3.10 or newer (https://python.org)",
    )?;
    let shell = shell()?;
    step.tell("environment");
    step.run(cmd!(shell, "python3 -m venv --clear {folder}"))
        .context("install Python 3.10 or newer with its module venv (Debian: python3-venv)")?;
    let pip = folder.join("bin").join("pip");
    step.run(cmd!(
        shell,
        "{pip} install --quiet --disable-pip-version-check {requirements...}"
    ))?;
    fs::write(installed(&folder), requirements.join("\n"))?;
    Ok(folder)
}

fn environment(name: &str) -> Result<PathBuf> {
    Ok(cache::folder()?.join(["packaging-", name].concat()))
}

fn is_installed(environment: &Path, requirements: &[&str]) -> bool {
    let installed = fs::read_to_string(installed(environment));
    installed.is_ok_and(|installed| installed == requirements.join("\n"))
}

/// What is in an environment, written when all of it is.
fn installed(environment: &Path) -> PathBuf {
    environment.join("requirements.txt")
}
