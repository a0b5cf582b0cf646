//! One version, in each place that names one.

use anyhow::{Context, Result};
use regex::Regex;
use roxmltree::{Document, Node};
use serde_json::Value;

use crate::sources::Sources;

/// Of the workspace, which this crate shares.
const VERSION: &str = env!("CARGO_PKG_VERSION");
const GROUP: &str = "io.leasehold";
const PYTHON: &str = "bindings-python/pyproject.toml";
/// It tells of other versions as well.
const CHANGELOG: &str = "CHANGELOG.md";

pub(crate) fn compare(sources: &Sources) -> Result<Vec<String>> {
    let mut named = Vec::new();
    for file in sources.below("", "Cargo.toml") {
        named.extend(in_cargo(file, &sources.text(file)?)?);
    }
    for file in sources.below("", "pom.xml") {
        let text = sources.text(file)?;
        named.extend(in_pom(file, &text).with_context(|| format!("{file} cannot be parsed"))?);
    }
    for file in sources.below("", ".json") {
        if file.ends_with("/package.json") || file.ends_with("/package-lock.json") {
            in_npm(
                file,
                &serde_json::from_str(&sources.text(file)?)?,
                &mut named,
            );
        }
    }
    named.extend(in_python(&sources.text(PYTHON)?)?);
    for ending in [".md", ".yaml", "requirements.txt"] {
        for file in sources.below("", ending).filter(|file| *file != CHANGELOG) {
            named.extend(in_text(file, &sources.text(file)?)?);
        }
    }
    let wrong = named.iter().filter(|named| !named.is_ours());
    let wrong = wrong.map(|Named { what, at, version }| {
        format!("{at}: {what} is of version {version}, the workspace of {VERSION}: make them one")
    });
    Ok(wrong.collect())
}

/// A version that is named somewhere.
struct Named {
    what: String,
    at: String,
    version: String,
}

impl Named {
    fn is_ours(&self) -> bool {
        // As requirements name it: without the last part.
        let (feature, _) = VERSION.rsplit_once('.').unwrap_or((VERSION, ""));
        self.version == VERSION || self.version == feature
    }
}

/// A crate takes it from the workspace.
fn in_cargo(file: &str, text: &str) -> Result<Option<Named>> {
    let manifest: toml::Table = text.parse()?;
    let package = manifest.get("package").and_then(toml::Value::as_table);
    let own = package.and_then(|package| package.get("version")?.as_str());
    Ok(own.map(|version| Named {
        what: "a crate".to_owned(),
        at: file.to_owned(),
        version: format!("{version}, and not of the workspace's"),
    }))
}

fn in_pom(file: &str, text: &str) -> Result<Vec<Named>> {
    let document = Document::parse(text)?;
    let ours = document.descendants().filter(|node| is_ours(*node));
    let versions = ours.filter_map(|node| {
        let version = child(node, "version")?;
        let line = document.text_pos_at(version.range().start).row;
        Some(Named {
            what: child(node, "artifactId")?.text()?.to_owned(),
            at: format!("{file}:{line}"),
            version: version.text()?.to_owned(),
        })
    });
    // `${project.version}` is what it should be.
    Ok(versions
        .filter(|named| !named.version.starts_with('$'))
        .collect())
}

/// Whether it is an artifact of ours: a project, a parent or a dependency.
fn is_ours(node: Node<'_, '_>) -> bool {
    let group = child(node, "groupId").and_then(|group| group.text());
    group == Some(GROUP)
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children()
        .find(|child| child.tag_name().name() == name)
}

/// Our packages in a manifest or lockfile: by their names, or as somebody's dependencies.
fn in_npm(file: &str, value: &Value, named: &mut Vec<Named>) {
    let Value::Object(object) = value else { return };
    let is_name = |name: &str| name == "leasehold" || name.starts_with("@leasehold/");
    if let (Some(name), Some(version)) = (object.get("name"), object.get("version"))
        && name.as_str().is_some_and(is_name)
    {
        named.push(Named {
            what: name.to_string(),
            at: file.to_owned(),
            version: version.as_str().unwrap_or_default().to_owned(),
        });
    }
    for (key, value) in object {
        match value {
            Value::String(version) if is_name(key) && !version.starts_with("file:") => {
                named.push(Named {
                    what: key.clone(),
                    at: file.to_owned(),
                    version: version.clone(),
                });
            }
            value => in_npm(file, value, named),
        }
    }
}

/// The wheel takes it from its crate.
fn in_python(text: &str) -> Result<Option<Named>> {
    let manifest: toml::Table = text.parse()?;
    let project = manifest.get("project").and_then(toml::Value::as_table);
    let own = project.and_then(|project| project.get("version"));
    Ok(own.map(|version| Named {
        what: "the wheel".to_owned(),
        at: PYTHON.to_owned(),
        version: format!("{version}, and not its crate's"),
    }))
}

/// `leasehold==0.1.0`, `io.leasehold:leasehold:0.1.0`, `<version>` in an example, an image's tag.
fn in_text(file: &str, text: &str) -> Result<Vec<Named>> {
    let mention = Regex::new(
        r#"((?:leasehold|leader-elector)[\w-]*)(?:</artifactId>\s*<version>|[=~]=|@\^?|:v?| = ")(\d+(?:\.\d+)+)"#,
    )?;
    let named = mention.captures_iter(text).map(|found| {
        let line = text[..found.get_match().start()].lines().count();
        Named {
            what: found[1].to_owned(),
            at: format!("{file}:{line}"),
            version: found[2].to_owned(),
        }
    });
    Ok(named.collect())
}
