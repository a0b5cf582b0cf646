//! How programs of other systems are run on this machine.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::Result;
use xshell::cmd;

use super::folder;
use super::registries::debian;
use crate::build::{check_installed, shell};
use crate::steps::Step;
use crate::{target_folder, utf8};

/// How programs of a platform are run on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// As any other.
    Here,
    /// In a root that has musl and nothing else, as Alpine's smallest images do.
    Musl,
    /// In a root with the libraries of Debian 11, whose glibc is 2.31.
    OldDebian,
    /// In a root with those of Debian's newest, which has what is newest of Java and Python, too.
    NewDebian,
    /// By qemu, in a root with Debian's libraries for arm64.
    Arm,
    /// By qemu, in a root of arm64 with musl and nothing else.
    ArmMusl,
    /// By wine.
    Wine,
}

impl How {
    pub(super) fn said(self) -> &'static str {
        match self {
            Self::Here => "natively",
            Self::Musl => "natively, in a root with musl alone",
            Self::OldDebian => "natively, in a root of Debian 11 (glibc 2.31)",
            Self::NewDebian => "natively, in a root of Debian's unstable",
            Self::Arm => "emulated (qemu-user), in a root of Debian 12",
            Self::ArmMusl => "emulated (qemu-user), in a root with musl alone",
            Self::Wine => "wine",
        }
    }

    /// Why it cannot be done here.
    pub(super) fn is_missing(self) -> Option<&'static str> {
        let is_there = |program| check_installed(program, "").is_ok();
        match self {
            Self::Wine if !is_there("wine") => Some("install wine"),
            Self::Here | Self::Wine => None,
            _ if !is_there("apt-get") => Some("its libraries are taken from Debian, by apt-get"),
            _ if !is_there("unshare") || !is_root() => Some("it takes unshare, and root"),
            _ => None,
        }
    }

    /// What goes before the program.
    pub(super) fn prefix(self, step: &Step) -> Result<Vec<String>> {
        Ok(match self {
            Self::Here => Vec::new(),
            Self::Wine => vec!["wine".to_owned()],
            Self::Arm => [in_root(arm(step)?)?, vec![qemu(step)?]].concat(),
            Self::ArmMusl => {
                [in_root(musl(step, "arm64", "aarch64")?)?, vec![qemu(step)?]].concat()
            }
            Self::Musl => in_root(musl(step, "amd64", "x86_64")?)?,
            Self::OldDebian => in_root(old_debian(step)?)?,
            Self::NewDebian => in_root(new_debian(step)?)?,
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
                // Wine says that it is Windows 7, unless it was told otherwise.
                ("NODE_SKIP_PLATFORM_CHECK", "1".to_owned()),
            ],
            _ => Vec::new(),
        })
    }

    /// What such programs need once before they run.
    pub(super) fn prepare(self, step: &Step) -> Result<()> {
        if self != Self::Wine {
            return Ok(());
        }
        let (system, shell) = (folder().join("wine/drive_c/windows/system32"), shell()?);
        for (name, value) in self.variables()? {
            shell.set_var(name, value);
        }
        if !system.exists() {
            step.run(cmd!(shell, "timeout 600 wine wineboot --init"))?;
        }
        // Wine older than 9 lacks it.
        let library = system.join("bcryptprimitives.dll");
        if !library.exists() {
            let source = crate::root().join("tests/wine/bcryptprimitives.c");
            step.run(cmd!(
                shell,
                "x86_64-w64-mingw32-gcc -shared -o {library} {source} -ladvapi32"
            ))?;
        }
        Ok(())
    }
}

fn is_root() -> bool {
    let user = shell().and_then(|shell| Ok(cmd!(shell, "id -u").quiet().read()?));
    user.is_ok_and(|user| user == "0")
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

/// qemu-user of Debian, unpacked, not installed.
pub(super) fn qemu(step: &Step) -> Result<String> {
    let packages = ["qemu-user-static"];
    let folder = debian(step, "bookworm", "amd64", "qemu", &packages)?;
    utf8(folder.join("usr/bin/qemu-aarch64-static"))
}

/// What runtimes need of any Debian.
const LIBRARIES: [&str; 4] = ["libc6", "libgcc-s1", "libstdc++6", "zlib1g"];

/// A root of Debian for arm64, with its Java and its Python.
fn arm(step: &Step) -> Result<PathBuf> {
    let own = [
        "libexpat1",
        "libpython3.11-minimal",
        "libpython3.11-stdlib",
        "openjdk-17-jre-headless",
        "python3.11-minimal",
    ];
    let packages = [&LIBRARIES[..], &own].concat();
    debian(step, "bookworm", "arm64", "debian-12-arm64", &packages)
}

/// A root of the oldest Debian that there is, with its Java.
fn old_debian(step: &Step) -> Result<PathBuf> {
    let packages = [&LIBRARIES[..], &["openjdk-17-jre-headless"]].concat();
    debian(step, "bullseye", "amd64", "debian-11", &packages)
}

/// A root of the newest Debian.
fn new_debian(step: &Step) -> Result<PathBuf> {
    let own = [
        "libexpat1",
        "libpython3.14-minimal",
        "libpython3.14-stdlib",
        "openjdk-21-jre-headless",
        "openjdk-26-jre-headless",
        "python3.14-minimal",
    ];
    let packages = [&LIBRARIES[..], &own].concat();
    let root = debian(step, "sid", "amd64", "debian-sid", &packages)?;
    // By that Debian's package of basic files, which has no more than these of use here.
    for folder in ["lib", "lib64"] {
        if !root.join(folder).exists() {
            symlink(Path::new("usr").join(folder), root.join(folder))?;
        }
    }
    Ok(root)
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
