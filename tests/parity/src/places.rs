//! Where names are looked for.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::differences::Differences;
use crate::python::Python;
use crate::rust::Rust;
use crate::sources::Sources;
use crate::surface::{Place, Surface};
use crate::{documents, java, rust, typescript};

/// What the names of settings belong to, everywhere.
pub(crate) const SETTING: &str = "Config";
/// The first of all places.
pub(crate) const MODEL: &str = "Rust";
/// Has all settings, and nothing else.
pub(crate) const BY_NAME: &str = "Config::set";

pub(crate) fn all(sources: &Sources, core: &Rust, differences: &Differences) -> Result<Vec<Place>> {
    let python = Python::parse(sources)?;
    let language = |name, surface| Place {
        name,
        types: &[],
        tells_defaults: true,
        names: common(name, surface, differences),
    };
    let settings = |name, tells_defaults, surface| Place {
        name,
        types: &[SETTING],
        tells_defaults,
        names: common(name, surface, differences),
    };
    let asyncio = python.asyncio()?;
    let mut rust = language(MODEL, core.surface()?);
    add_errors(&mut rust);
    Ok(vec![
        rust,
        language("Java", java::surface(sources)?),
        language("Node", typescript::surface(sources)?),
        language("Python", python.surface()?),
        Place {
            name: "asyncio",
            types: &["LeaderElection"],
            tells_defaults: false,
            names: common("asyncio", asyncio, differences),
        },
        settings(BY_NAME, false, core.settings_by_name()?),
        settings("leasehold run", false, rust::flags(sources)?),
        Place {
            types: &[SETTING, "ClusterLeaderService"],
            ..settings("Spring", true, java::spring(sources)?)
        },
        settings("leasehold.types", false, python.annotations()?),
        settings("settings.md", true, documents::settings(sources)?),
    ])
}

/// A surface by the names that are common to all languages.
fn common(
    place: &'static str,
    surface: Surface,
    differences: &Differences,
) -> BTreeMap<String, crate::surface::Declared> {
    let names = surface.into_names();
    names
        .map(|declared| (differences.common_name(place, &declared), declared))
        .collect()
}

/// Rust has kinds of errors where other languages have a class for each.
fn add_errors(rust: &mut Place) {
    let kinds: Vec<_> = rust
        .names
        .iter()
        .filter_map(|(name, declared)| {
            let kind = name.strip_prefix("ErrorKind.")?;
            let class = heck::ToUpperCamelCase::to_upper_camel_case(kind);
            Some((format!("{class}Error"), declared.clone()))
        })
        .collect();
    rust.names.extend(kinds);
}
