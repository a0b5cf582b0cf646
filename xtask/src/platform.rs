//! The platforms that Leasehold is delivered for, and what each world calls them.

use std::path::PathBuf;

use anyhow::{Result, anyhow};

use crate::target_folder;

/// What a native library is built for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Platform {
    /// Ours: of a folder in the jar, of a classifier, of an archive.
    pub(crate) name: &'static str,
    /// Rust's.
    pub(crate) rust_target: &'static str,
    /// npm's: the name of the package after `@leasehold/`, `os`, `cpu` and `libc`.
    pub(crate) npm: Npm,
    /// `PyPI`'s: the last part of a wheel's name.
    pub(crate) wheel_tag: &'static str,
    pub(crate) system: System,
}

/// How npm tells platforms apart: as `process.platform`, `process.arch`, and the C library.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Npm {
    pub(crate) package: &'static str,
    pub(crate) os: &'static str,
    pub(crate) cpu: &'static str,
    pub(crate) libc: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    Linux,
    MacOs,
    Windows,
}

/// All of them.
pub(crate) const PLATFORMS: [Platform; 7] = [
    Platform {
        name: "linux-x86_64-gnu",
        rust_target: "x86_64-unknown-linux-gnu",
        npm: Npm {
            package: "linux-x64-gnu",
            os: "linux",
            cpu: "x64",
            libc: Some("glibc"),
        },
        wheel_tag: "manylinux_2_17_x86_64.manylinux2014_x86_64",
        system: System::Linux,
    },
    Platform {
        name: "linux-x86_64-musl",
        rust_target: "x86_64-unknown-linux-musl",
        npm: Npm {
            package: "linux-x64-musl",
            os: "linux",
            cpu: "x64",
            libc: Some("musl"),
        },
        wheel_tag: "musllinux_1_2_x86_64",
        system: System::Linux,
    },
    Platform {
        name: "linux-aarch64-gnu",
        rust_target: "aarch64-unknown-linux-gnu",
        npm: Npm {
            package: "linux-arm64-gnu",
            os: "linux",
            cpu: "arm64",
            libc: Some("glibc"),
        },
        wheel_tag: "manylinux_2_17_aarch64.manylinux2014_aarch64",
        system: System::Linux,
    },
    Platform {
        name: "linux-aarch64-musl",
        rust_target: "aarch64-unknown-linux-musl",
        npm: Npm {
            package: "linux-arm64-musl",
            os: "linux",
            cpu: "arm64",
            libc: Some("musl"),
        },
        wheel_tag: "musllinux_1_2_aarch64",
        system: System::Linux,
    },
    Platform {
        name: "macos-aarch64",
        rust_target: "aarch64-apple-darwin",
        npm: Npm {
            package: "darwin-arm64",
            os: "darwin",
            cpu: "arm64",
            libc: None,
        },
        wheel_tag: "macosx_11_0_arm64",
        system: System::MacOs,
    },
    Platform {
        name: "macos-x86_64",
        rust_target: "x86_64-apple-darwin",
        npm: Npm {
            package: "darwin-x64",
            os: "darwin",
            cpu: "x64",
            libc: None,
        },
        wheel_tag: "macosx_11_0_x86_64",
        system: System::MacOs,
    },
    Platform {
        name: "windows-x86_64",
        rust_target: "x86_64-pc-windows-gnu",
        npm: Npm {
            package: "win32-x64",
            os: "win32",
            cpu: "x64",
            libc: None,
        },
        wheel_tag: "win_amd64",
        system: System::Windows,
    },
];

impl Platform {
    /// The one that this machine is.
    pub(crate) fn host() -> Result<&'static Self> {
        let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
        let name = match system {
            "linux" if cfg!(target_env = "musl") => format!("linux-{machine}-musl"),
            "linux" => format!("linux-{machine}-gnu"),
            _ => format!("{system}-{machine}"),
        };
        let host = PLATFORMS.iter().find(|platform| platform.name == name);
        host.ok_or_else(|| anyhow!("Leasehold is not made for {name}: see {}", file!()))
    }

    /// Whether both are of one system and one machine.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (self.npm.os, self.npm.cpu) == (other.npm.os, other.npm.cpu)
    }

    /// Whether there are programs for it: on Linux they are static, and so of one kind.
    pub(crate) fn has_programs(&self) -> bool {
        !self.name.ends_with("-gnu")
    }

    /// What the archive of the programs is called for: those for Linux run with each C library.
    pub(crate) fn archive(&self) -> &'static str {
        self.name.trim_end_matches("-musl")
    }

    /// What cargo calls the library of the crate `name`.
    pub(crate) fn library(&self, name: &str) -> String {
        match self.system {
            System::Linux => format!("lib{name}.so"),
            System::MacOs => format!("lib{name}.dylib"),
            System::Windows => format!("{name}.dll"),
        }
    }

    /// What cargo calls the program `name`.
    pub(crate) fn program(&self, name: &str) -> String {
        match self.system {
            System::Windows => format!("{name}.exe"),
            System::Linux | System::MacOs => name.to_owned(),
        }
    }

    /// What Python wants the extension module `name` for the stable ABI to be called.
    pub(crate) fn python_module(&self, name: &str) -> String {
        match self.system {
            System::Windows => format!("{name}.pyd"),
            System::Linux | System::MacOs => format!("{name}.abi3.so"),
        }
    }

    /// Whose work is in what is built of the crate `package`, beside it.
    pub(crate) fn notice(&self, package: &str) -> PathBuf {
        self.staged().join([package, ".NOTICE"].concat())
    }

    /// The same as `CycloneDX`.
    pub(crate) fn sbom(&self, package: &str) -> PathBuf {
        self.staged().join([package, ".cdx.json"].concat())
    }

    /// Where `cargo xtask package` puts what it has built for this platform, under cargo's names.
    pub(crate) fn staged(&self) -> PathBuf {
        target_folder().join("native").join(self.rust_target)
    }
}

/// The libraries of one platform, as cargo has built them: for Java, Node and Python in one folder.
#[derive(Clone, Debug)]
pub(crate) struct NativeHalf {
    pub(crate) platform: &'static Platform,
    pub(crate) folder: PathBuf,
}

impl NativeHalf {
    /// What `cargo xtask package` has built for `platform`.
    pub(crate) fn staged(platform: &'static Platform) -> Self {
        Self {
            platform,
            folder: platform.staged(),
        }
    }

    /// What a build without `--target` has left for this machine in `profile`.
    pub(crate) fn of_host(profile: &str) -> Result<Self> {
        Ok(Self {
            platform: Platform::host()?,
            folder: target_folder().join(profile),
        })
    }

    /// The file of the crate `name`.
    pub(crate) fn library(&self, name: &str) -> PathBuf {
        self.folder.join(self.platform.library(name))
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn this_machine_is_one_of_them() -> Result<()> {
        let host = Platform::host()?;
        assert!(host.rust_target.starts_with(std::env::consts::ARCH));
        Ok(())
    }

    #[test]
    fn each_loader_knows_them_all_and_no_other() -> Result<()> {
        type Entry = fn(&Platform) -> String;
        let loaders: [(&str, &str, Entry); 3] = [
            (
                "bindings-java/leasehold/src/main/java/io/leasehold/Platform.java",
                "SUPPORTED = List.of(",
                |it| format!("\"{}\"", it.name),
            ),
            ("bindings-node/lib/platform.ts", "PLATFORMS = [", |it| {
                format!("'{}'", it.npm.package)
            }),
            (
                "bindings-python/python/leasehold/_missing.py",
                "_WHEELS = {",
                |it| {
                    let tag = it.wheel_tag.split('.').next().unwrap_or_default();
                    format!("\"{}\": \"{tag}\"", it.name)
                },
            ),
        ];
        for (file, beginning, entry) in loaders {
            let text = std::fs::read_to_string(crate::root().join(file))?;
            let (_, list) = text.split_once(beginning).context(file)?;
            let (list, _) = list.split_once([')', ']', '}']).context(file)?;
            let entries: Vec<_> = list.split(',').map(str::trim).collect();
            let entries: Vec<_> = entries.into_iter().filter(|it| !it.is_empty()).collect();
            assert_eq!(entries, PLATFORMS.each_ref().map(entry), "{file}");
        }
        Ok(())
    }

    #[test]
    fn each_world_has_one_name_for_each() {
        for (index, one) in PLATFORMS.iter().enumerate() {
            for other in &PLATFORMS[index + 1..] {
                assert_ne!(one.name, other.name);
                assert_ne!(one.rust_target, other.rust_target);
                assert_ne!(one.npm.package, other.npm.package);
                assert_ne!(one.wheel_tag, other.wheel_tag);
            }
        }
    }
}
