//! What package registries have, fetched by their own clients, once.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::cmd;

use super::folder;
use crate::build::shell;
use crate::steps::Step;
use crate::utf8;

/// Unpacks a package of npm, and returns a file of it.
pub(super) fn npm(step: &Step, package: &str, file: &str) -> Result<String> {
    fetched(package, file, |folder| {
        let shell = shell()?;
        shell.change_dir(folder);
        step.run(cmd!(shell, "npm pack --silent {package}"))?;
        let archive = only_file(folder)?;
        step.run(cmd!(
            shell,
            "tar --extract --strip-components=1 --file {archive}"
        ))?;
        Ok(fs::remove_file(archive)?)
    })
}

/// Unpacks a wheel for a platform, and returns a file of it.
pub(super) fn wheel(step: &Step, package: &str, tag: &str, file: &str) -> Result<String> {
    fetched(&[package, "-", tag].concat(), file, |folder| {
        let shell = shell()?;
        shell.change_dir(folder);
        step.run(cmd!(
            shell,
            "python3 -m pip download --quiet --no-deps --only-binary=:all: --platform {tag} {package}"
        ))?;
        unpack(step, &only_file(folder)?)
    })
}

/// Unpacks a jar, and returns a file of it.
pub(super) fn maven(step: &Step, artifact: &str, file: &str) -> Result<String> {
    fetched(artifact, file, |folder| {
        let shell = shell()?;
        step.run(cmd!(
            shell,
            "mvn --batch-mode dependency:copy -Dartifact={artifact} -DoutputDirectory={folder}"
        ))?;
        unpack(step, &only_file(folder)?)
    })
}

/// Beside itself.
fn unpack(step: &Step, archive: &Path) -> Result<()> {
    let (shell, folder) = (shell()?, archive.parent().context("a folder")?);
    step.run(cmd!(shell, "python3 -m zipfile -e {archive} {folder}"))?;
    // That program does not keep who may run what.
    step.run(cmd!(shell, "chmod -R u+rwX,a+x {folder}"))?;
    Ok(fs::remove_file(archive)?)
}

/// Packages of a Debian, unpacked into a folder.
pub(super) fn debian(
    step: &Step,
    suite: &str,
    architecture: &str,
    name: &str,
    packages: &[&str],
) -> Result<PathBuf> {
    let place = fetched(name, "usr", |folder| {
        let apt = Apt::new(step, suite, architecture, folder)?;
        apt.run(step, &[&["download"], packages].concat())?;
        let shell = shell()?;
        for package in apt.fetched("deb")? {
            step.run(cmd!(shell, "dpkg --extract {package} {folder}"))?;
        }
        apt.remove()
    })?;
    let usr = PathBuf::from(place);
    Ok(usr.parent().context("its folder")?.to_owned())
}

/// Debian's client for one of its suites, which leaves alone what this machine has installed.
struct Apt {
    state: PathBuf,
    options: Vec<String>,
}

impl Apt {
    /// With its files beside `folder`.
    fn new(step: &Step, suite: &str, architecture: &str, folder: &Path) -> Result<Self> {
        let state = folder.with_extension("apt");
        for each in ["lists/partial", "archives/partial"] {
            fs::create_dir_all(state.join(each))?;
        }
        let keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
        let from = format!("[signed-by={keys}] {} {suite} main\n", debians()?);
        let sources = state.join("sources.list");
        fs::write(&sources, format!("deb {from}"))?;
        let options = [
            format!("Dir::Etc::sourcelist={}", sources.display()),
            "Dir::Etc::sourceparts=/dev/null".to_owned(),
            format!("Dir::State={}", state.display()),
            // Not what this machine has installed.
            "Dir::State::status=/dev/null".to_owned(),
            format!("Dir::Cache={}", state.display()),
            format!("APT::Architecture={architecture}"),
            format!("APT::Architectures={architecture}"),
        ];
        let options = options.into_iter().flat_map(|it| ["-o".to_owned(), it]);
        let apt = Self {
            state,
            options: options.collect(),
        };
        apt.run(step, &["update"])?;
        Ok(apt)
    }

    fn run(&self, step: &Step, words: &[&str]) -> Result<()> {
        let (shell, options) = (shell()?, &self.options);
        shell.change_dir(&self.state);
        step.run(cmd!(shell, "apt-get {options...} {words...}"))
    }

    /// The files of this kind that it has fetched.
    fn fetched(&self, extension: &str) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.state)? {
            let file = entry?.path();
            if file.extension().is_some_and(|it| it == extension) {
                files.push(file);
            }
        }
        Ok(files)
    }

    fn remove(self) -> Result<()> {
        Ok(fs::remove_dir_all(self.state)?)
    }
}

/// Where this machine takes Debian's packages from.
fn debians() -> Result<String> {
    let (shell, format) = (shell()?, "$(REPO_URI)");
    let all = cmd!(shell, "apt-get indextargets --format {format}")
        .quiet()
        .read()?;
    let mut all = all
        .lines()
        .filter(|it| it.trim_end_matches('/').ends_with("/debian"));
    Ok(all
        .next()
        .context("this machine knows no archive of Debian")?
        .to_owned())
}

/// A file in the folder of what is called `name`, which `fetch` fills unless it is there.
fn fetched(name: &str, file: &str, fetch: impl FnOnce(&Path) -> Result<()>) -> Result<String> {
    let name = name.replace(|it: char| !it.is_ascii_alphanumeric() && it != '.', "-");
    let place = folder().join("runtimes").join(name);
    if !place.join(file).exists() {
        let new = place.with_extension("new");
        if new.exists() {
            fs::remove_dir_all(&new)?;
        }
        fs::create_dir_all(&new)?;
        fetch(&new)?;
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::rename(new, &place)?;
    }
    utf8(place.join(file))
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let file = fs::read_dir(folder)?.next();
    Ok(file.context("nothing was fetched")??.path())
}
