//! The packages of a platform, installed as somebody who uses them does, and a program beside them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use super::registries::npm;
use super::runtimes::Row;
use super::{VERSION, folder};
use crate::build::shell;
use crate::platform::{Platform, System};
use crate::steps::Step;
use crate::{package, root, utf8};

const PROGRAMS: &str = "tests/everywhere";

/// What is installed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// The jar of the platform alone, which is what an image has.
    Jar,
    /// The same, and nothing is extracted from it when it runs.
    JarWithLibraryBeside,
    /// By npm.
    Npm,
    Pnpm,
    /// By Yarn, without `node_modules`.
    PlugAndPlay,
    /// By npm, then made one file by esbuild, with the library beside it.
    Bundle,
    /// That file inside of Node's own, with the library beside it.
    Executable,
    Wheel,
    /// A wheel that pip builds of the source distribution, as where none fits.
    Sources,
    /// The archive of `leasehold`.
    Program,
}

impl Packing {
    /// In the folder of all packages.
    fn folder(self) -> &'static str {
        match self {
            Self::Jar | Self::JarWithLibraryBeside => "java",
            Self::Npm | Self::Pnpm | Self::PlugAndPlay | Self::Bundle | Self::Executable => "node",
            Self::Wheel | Self::Sources => "python",
            Self::Program => "programs",
        }
    }
}

/// A program beside what it needs.
pub(super) struct Installed {
    pub(super) folder: PathBuf,
    /// The command line, as this machine's own programs are called.
    pub(super) words: Vec<String>,
    /// Whether the words are for the system of the row, and not for this machine.
    pub(super) is_foreign: bool,
}

/// Installs what a row is about, to be run by `runtime`; `None` if it was not built.
pub(super) fn install(
    step: &Step,
    row: &Row,
    platform: &Platform,
    runtime: String,
) -> Result<Option<Installed>> {
    let from = package::packages().join(row.packing.folder());
    let to = folder().join("installed").join(row.slug());
    if to.exists() {
        fs::remove_dir_all(&to)?;
    }
    fs::create_dir_all(&to)?;
    step.tell("installing");
    let shell = shell()?;
    shell.change_dir(&to);
    let job = Job {
        step,
        shell,
        row,
        platform,
        from,
        to,
    };
    let options = row.options.iter().map(|&it| it.to_owned());
    let runtime = [runtime].into_iter().chain(options);
    let Some(words) = (match row.packing {
        Packing::Jar => job.jar()?,
        Packing::JarWithLibraryBeside => {
            let words = job.jar()?;
            if words.is_some() {
                job.put_library_beside()?;
            }
            words
        }
        Packing::Npm => job.packages(Job::by_npm)?,
        Packing::Pnpm => job.packages(Job::by_pnpm)?,
        Packing::PlugAndPlay => job.packages(Job::by_yarn)?,
        Packing::Bundle => job.packages(Job::bundle)?,
        Packing::Executable => {
            let node = runtime.collect::<Vec<_>>().concat();
            let made = job.packages(|job, tarballs| job.executable(tarballs, &node))?;
            return Ok(made.map(|words| job.installed(words)));
        }
        Packing::Wheel => job.wheel()?,
        Packing::Sources => job.sources()?,
        Packing::Program => {
            let words = job.program()?;
            return Ok(words.map(|words| Installed {
                is_foreign: false,
                ..job.installed(words)
            }));
        }
    }) else {
        return Ok(None);
    };
    Ok(Some(job.installed(runtime.chain(words).collect())))
}

/// The tarballs of npm: of the main package, and of the library for the platform.
struct Tarballs {
    main: PathBuf,
    library: PathBuf,
}

struct Job<'a> {
    step: &'a Step,
    shell: Shell,
    row: &'a Row,
    platform: &'a Platform,
    from: PathBuf,
    to: PathBuf,
}

impl Job<'_> {
    fn installed(&self, words: Vec<String>) -> Installed {
        Installed {
            folder: self.to.clone(),
            words,
            is_foreign: true,
        }
    }

    /// One of the programs that every platform runs.
    fn add_program(&self, name: &str) -> Result<String> {
        let place = self.to.join(name);
        fs::copy(root().join(PROGRAMS).join(name), &place)?;
        utf8(place)
    }

    // ---- Java and Python ---------------------------------------------------------------------------

    fn jar(&self) -> Result<Option<Vec<String>>> {
        let jar = format!("leasehold-{VERSION}-{}.jar", self.platform.name);
        let (jar, copy) = (self.from.join(jar), self.to.join("leasehold.jar"));
        if !jar.exists() {
            return Ok(None);
        }
        fs::copy(&jar, &copy)?;
        let classes = self.to.join("classes");
        let source = root().join(PROGRAMS).join("Guarded.java");
        self.step.run(cmd!(
            self.shell,
            "javac --release 17 -cp {jar} -d {classes} {source}"
        ))?;
        let how = self.row.how;
        let separator = match self.platform.system {
            System::Windows => ";",
            System::Linux | System::MacOs => ":",
        };
        let path = [how.path(&copy)?, how.path(&classes)?].join(separator);
        Ok(Some(vec!["-cp".to_owned(), path, "Guarded".to_owned()]))
    }

    fn put_library_beside(&self) -> Result<()> {
        let library = self.platform.library("leasehold_java");
        self.step.run(cmd!(
            self.shell,
            "python3 -m zipfile --extract leasehold.jar jar"
        ))?;
        let from = self
            .to
            .join("jar/io/leasehold/native")
            .join(self.platform.name);
        fs::rename(from.join(&library), self.to.join(library))?;
        Ok(fs::remove_dir_all(self.to.join("jar"))?)
    }

    /// By the name that a package index would find it by.
    fn wheel(&self) -> Result<Option<Vec<String>>> {
        let tag = self
            .platform
            .wheel_tag
            .split('.')
            .next()
            .unwrap_or_default();
        let is_for = |name: &str| {
            let tags = name
                .strip_suffix(".whl")
                .and_then(|it| it.rsplit('-').next());
            tags.is_some_and(|tags| tags.split('.').any(|it| it == tag))
        };
        let wheels = fs::read_dir(&self.from).into_iter().flatten().flatten();
        let mut names = wheels.map(|wheel| wheel.file_name());
        if !names.any(|name| is_for(&name.to_string_lossy())) {
            return Ok(None);
        }
        let options = ["--platform", tag, "--python-version", "3.10"];
        self.wheel_from(&self.from, &options).map(Some)
    }

    fn sources(&self) -> Result<Option<Vec<String>>> {
        let sources = self.from.join(format!("leasehold-{VERSION}.tar.gz"));
        if !sources.exists() {
            return Ok(None);
        }
        self.step.tell("building, for minutes");
        let wheels = self.to.join("wheels");
        // Not here, where cargo would find the settings of this checkout.
        let elsewhere = Shell::new()?;
        elsewhere.change_dir("/");
        // Kept, so that it takes less the next time.
        elsewhere.set_var("CARGO_TARGET_DIR", folder().join("target"));
        self.step.run(cmd!(
            elsewhere,
            "python3 -m pip wheel --disable-pip-version-check --no-deps --wheel-dir {wheels} {sources}"
        ))?;
        self.wheel_from(&wheels, &[]).map(Some)
    }

    /// Installs a wheel, and puts the program beside it.
    fn wheel_from(&self, folder: &Path, options: &[&str]) -> Result<Vec<String>> {
        let packages = self.to.join("packages");
        self.step.run(cmd!(
            self.shell,
            "python3 -m pip install --quiet --disable-pip-version-check --no-index --find-links {folder} --only-binary=:all: {options...} --target {packages} leasehold"
        ))?;
        ensure!(packages.join("leasehold").exists(), "nothing was installed");
        Ok(vec![self.add_program("guarded.py")?])
    }

    // ---- Node --------------------------------------------------------------------------------------

    fn packages(
        &self,
        install: impl Fn(&Self, &Tarballs) -> Result<Vec<String>>,
    ) -> Result<Option<Vec<String>>> {
        let library = self.platform.npm.package;
        let tarballs = Tarballs {
            main: self.from.join(format!("leasehold-{VERSION}.tgz")),
            library: self.from.join(format!("leasehold-{library}-{VERSION}.tgz")),
        };
        if !tarballs.library.exists() {
            return Ok(None);
        }
        install(self, &tarballs).map(Some)
    }

    /// As npm on that platform would.
    fn by_npm(&self, tarballs: &Tarballs) -> Result<Vec<String>> {
        fs::write(self.to.join("package.json"), "{ \"private\": true }\n")?;
        let npm = &self.platform.npm;
        let (os, cpu) = (npm.os, npm.cpu);
        let libc = npm.libc.map(|libc| ["--libc=", libc].concat());
        let Tarballs { main, library } = tarballs;
        // Forced: what is named outright must be for the machine that installs, otherwise.
        self.step.run(cmd!(
            self.shell,
            "npm install --offline --no-audit --no-fund --force --os={os} --cpu={cpu} {libc...} {main} {library}"
        ))?;
        Ok(vec![self.add_program("guarded.mjs")?])
    }

    /// Where each package of a platform is, as no registry has them yet: in JSON, one a line. What is
    /// for others is nothing, in a folder that has `scheme`.
    fn places_of_libraries(&self, tarballs: &Tarballs, scheme: &str) -> Result<String> {
        let mut places = String::new();
        for platform in &crate::platform::PLATFORMS {
            let name = ["@leasehold/", platform.npm.package].concat();
            let place = if platform == self.platform {
                ["file:", &utf8(tarballs.library.clone())?].concat()
            } else {
                // One that is for another machine is left out, and this is.
                let other = self.to.join("others").join(platform.npm.package);
                fs::create_dir_all(&other)?;
                let (os, cpu) = (platform.npm.os, platform.npm.cpu);
                let libc = platform.npm.libc.unwrap_or("none");
                let about = format!(
                    r#"{{ "name": "{name}", "version": "{VERSION}", "os": ["{os}"], "cpu": ["{cpu}"], "libc": ["{libc}"] }}"#
                );
                fs::write(other.join("package.json"), about)?;
                [scheme, "./others/", platform.npm.package].concat()
            };
            let _ = writeln!(places, "  \"{name}\": \"{place}\",");
        }
        Ok(places.trim_end_matches([',', '\n']).to_owned())
    }

    fn by_pnpm(&self, tarballs: &Tarballs) -> Result<Vec<String>> {
        let pnpm = npm(self.step, "pnpm@10", "bin/pnpm.cjs")?;
        let (main, places) = (
            utf8(tarballs.main.clone())?,
            self.places_of_libraries(tarballs, "file:")?,
        );
        let about = format!(
            "{{ \"private\": true, \"dependencies\": {{ \"leasehold\": \"file:{main}\" }}, \"pnpm\": {{ \"overrides\": {{\n{places}\n}} }} }}\n"
        );
        fs::write(self.to.join("package.json"), about)?;
        let store = self.to.join("store");
        self.step.run(cmd!(
            self.shell,
            "node {pnpm} install --offline --ignore-workspace --store-dir {store}"
        ))?;
        Ok(vec![self.add_program("guarded.mjs")?])
    }

    fn by_yarn(&self, tarballs: &Tarballs) -> Result<Vec<String>> {
        let yarn = npm(self.step, "@yarnpkg/cli-dist@4", "bin/yarn.js")?;
        let (main, places) = (
            utf8(tarballs.main.clone())?,
            self.places_of_libraries(tarballs, "link:")?,
        );
        let about = format!(
            "{{ \"private\": true, \"dependencies\": {{ \"leasehold\": \"file:{main}\" }}, \"resolutions\": {{\n{places}\n}} }}\n"
        );
        fs::write(self.to.join("package.json"), about)?;
        fs::write(self.to.join("yarn.lock"), "")?;
        let settings = "nodeLinker: pnp\npnpEnableEsmLoader: true\nenableGlobalCache: false\nenableTelemetry: false\nenableNetwork: false\n";
        fs::write(self.to.join(".yarnrc.yml"), settings)?;
        self.step
            .run(cmd!(self.shell, "node {yarn} install --no-immutable"))?;
        ensure!(!self.to.join("node_modules").exists(), "not Plug'n'Play");
        let loaders = [
            "--require",
            "./.pnp.cjs",
            "--experimental-loader",
            "./.pnp.loader.mjs",
        ];
        let words = loaders.into_iter().map(str::to_owned);
        Ok(words.chain([self.add_program("guarded.mjs")?]).collect())
    }

    /// In a folder of its own, without `node_modules`.
    fn bundle(&self, tarballs: &Tarballs) -> Result<Vec<String>> {
        let [program] = &self.by_npm(tarballs)?[..] else {
            unreachable!("one program");
        };
        let esbuild = npm(self.step, "@esbuild/linux-x64@0.28", "bin/esbuild")?;
        let to = self.to.join("alone");
        let bundle = to.join("guarded.cjs");
        self.step.run(cmd!(
            self.shell,
            "{esbuild} {program} --bundle --platform=node --format=cjs --outfile={bundle}"
        ))?;
        let package = self
            .to
            .join("node_modules/@leasehold")
            .join(self.platform.npm.package);
        fs::copy(package.join("leasehold.node"), to.join("leasehold.node"))?;
        fs::remove_dir_all(self.to.join("node_modules"))?;
        Ok(vec![utf8(bundle)?])
    }

    /// By Node's own means, which put a bundle into a copy of its program.
    fn executable(&self, tarballs: &Tarballs, node: &str) -> Result<Vec<String>> {
        self.bundle(tarballs)?;
        let alone = self.to.join("alone");
        self.shell.change_dir(&alone);
        let settings = r#"{ "main": "guarded.cjs", "output": "guarded.blob", "disableExperimentalSEAWarning": true }"#;
        fs::write(alone.join("sea.json"), settings)?;
        self.step.run(cmd!(
            self.shell,
            "{node} --experimental-sea-config sea.json"
        ))?;
        let program = alone.join("guarded");
        fs::copy(node, &program)?;
        let fuse = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";
        let postject = "postject@1.0.0-alpha.6";
        self.step.run(cmd!(
            self.shell,
            "npm exec --yes --package={postject} -- postject {program} NODE_SEA_BLOB guarded.blob --sentinel-fuse {fuse}"
        ))?;
        for used in ["guarded.cjs", "guarded.blob", "sea.json"] {
            fs::remove_file(alone.join(used))?;
        }
        Ok(vec![utf8(program)?])
    }

    // ---- Any other program -------------------------------------------------------------------------

    /// What asks two of them over HTTP, by this machine's Python.
    fn program(&self) -> Result<Option<Vec<String>>> {
        let name = format!("leasehold-{VERSION}-{}", self.platform.archive());
        let (kind, module) = match self.platform.system {
            System::Windows => (".zip", "zipfile"),
            System::Linux | System::MacOs => (".tar.gz", "tarfile"),
        };
        let archive = self.from.join([&name, kind].concat());
        if !archive.exists() {
            return Ok(None);
        }
        let script = self.add_program("served.py")?;
        let to = &self.to;
        self.step.run(cmd!(
            self.shell,
            "python3 -m {module} --extract {archive} {to}"
        ))?;
        let program = self.to.join(name).join(self.platform.program("leasehold"));
        let words = ["python3".to_owned(), script];
        let called = self.row.how.prefix(self.step)?;
        let called = called
            .into_iter()
            .chain([utf8(program).context("a program")?]);
        Ok(Some(words.into_iter().chain(called).collect()))
    }
}

/// A shell without settings of ours, with what a row needs beside.
pub(super) fn environment(row: &Row, installed: &Path) -> Result<Shell> {
    let shell = shell()?;
    shell.change_dir(installed);
    shell.set_var("PYTHONPATH", row.how.path(&installed.join("packages"))?);
    for (name, value) in row.how.variables()? {
        shell.set_var(name, value);
    }
    Ok(shell)
}
