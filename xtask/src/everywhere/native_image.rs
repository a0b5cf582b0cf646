//! What a native image (`GraalVM`) must know: it has of Java what is named in the jar, or what it
//! sees that Java itself uses. What the library looks up it cannot see.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xshell::cmd;

use super::{VERSION, folder};
use crate::build::shell;
use crate::steps::{Ran, Step};
use crate::{package, root, utf8};

const LOOKED_UP: &str = "looked up: ";
const DESCRIBED: &str = "META-INF/native-image/io.leasehold/leasehold/jni-config.json";

/// All that the library looks up while two candidates elect is named in the jar.
pub(super) fn check(step: &Step) -> Result<Ran> {
    let jar = format!("java/leasehold-{VERSION}-linux-x86_64-gnu.jar");
    let jar = package::packages().join(jar);
    if !jar.exists() {
        return Ok(Ran::No("first `cargo xtask package`".to_owned()));
    }
    let Some(jdk) = jdk_with_headers() else {
        return Ok(Ran::No(
            "no JDK with its headers in /usr/lib/jvm".to_owned(),
        ));
    };
    let (shell, to) = (shell()?, folder().join("native-image"));
    if to.exists() {
        fs::remove_dir_all(&to)?;
    }
    fs::create_dir_all(to.join("records"))?;
    shell.change_dir(&to);
    let (programs, headers) = (root().join("tests/everywhere"), jdk.join("include"));
    let (source, agent) = (programs.join("jni_uses.c"), to.join("libjni_uses.so"));
    let headers = [utf8(headers.clone())?, utf8(headers.join("linux"))?];
    let includes = headers.map(|it| ["-I", &it].concat());
    step.run(cmd!(
        shell,
        "cc -shared -fPIC {includes...} -o {agent} {source}"
    ))?;
    let program = programs.join("Guarded.java");
    step.run(cmd!(
        shell,
        "javac --release 17 -cp {jar} -d classes {program}"
    ))?;
    shell.set_var("LEASEHOLD_LEASE", "native-image");
    shell.set_var("LEASEHOLD_MODE", "file");
    shell.set_var("LEASEHOLD_DIRECTORY", to.join("records"));
    let path = [utf8(jar.clone())?, "classes".to_owned()].join(":");
    let (java, agent) = (jdk.join("bin/java"), utf8(agent)?);
    step.run(cmd!(shell, "{java} -agentpath:{agent} -cp {path} Guarded"))?;
    step.run(cmd!(shell, "python3 -m zipfile --extract {jar} jar"))?;
    let described = fs::read_to_string(to.join("jar").join(DESCRIBED))?;
    let described = named(&serde_json::from_str(&described)?)?;
    let log = fs::read_to_string(step.log())?;
    let used = log.lines().filter_map(|it| it.strip_prefix(LOOKED_UP));
    // Up to what a method returns, of which nothing is said there.
    let used: Vec<_> = used
        .map(|it| it.split_inclusive(')').next().unwrap_or(it))
        .collect();
    ensure!(!used.is_empty(), "the agent has seen nothing");
    let missing: Vec<_> = used
        .into_iter()
        .filter(|it| !described.iter().any(|named| named == it))
        .collect();
    ensure!(missing.is_empty(), "not named in {DESCRIBED}: {missing:?}");
    Ok(Ran::Yes)
}

fn jdk_with_headers() -> Option<PathBuf> {
    let all = fs::read_dir("/usr/lib/jvm").ok()?.flatten();
    let mut homes = all.map(|jdk| jdk.path());
    homes.find(|home| home.join("include/jvmti.h").exists() && home.join("bin/java").exists())
}

/// Classes and methods of such a file, as the agent prints them.
fn named(file: &Value) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for class in file.as_array().context("a list")? {
        let name = descriptor(class["name"].as_str().context("a name")?);
        for method in class["methods"].as_array().into_iter().flatten() {
            let types = method["parameterTypes"].as_array().context("types")?;
            let types: String = types
                .iter()
                .filter_map(Value::as_str)
                .map(descriptor)
                .collect();
            let method = method["name"].as_str().context("a method")?;
            all.push(format!("{name} {method} ({types})"));
        }
        all.push(name);
    }
    Ok(all)
}

/// A type as JNI writes it.
fn descriptor(name: &str) -> String {
    match name {
        "boolean" => "Z".to_owned(),
        "int" => "I".to_owned(),
        "long" => "J".to_owned(),
        _ => format!("L{};", name.replace('.', "/")),
    }
}
