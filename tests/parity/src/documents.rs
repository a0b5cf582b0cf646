//! What documents say of settings.

use std::collections::BTreeMap;

use anyhow::Result;
use regex::Regex;

use crate::defaults::Defaults;
use crate::differences::{Differences, FILE};
use crate::places::SETTING;
use crate::sources::Sources;
use crate::surface::{Declared, Place, Surface};

/// Has the table of all settings.
const PAGE: &str = "docs/src/operations/settings.md";
/// Where users read of variables of the environment.
const READ_BY_USERS: [(&str, &str); 7] = [
    ("", ".md"),
    ("", ".yaml"),
    ("core/src/", ".rs"),
    ("cli/src/", ".rs"),
    ("bindings-java/", ".java"),
    ("bindings-node/lib/", ".ts"),
    ("bindings-python/python/", ".py"),
];

/// The table of settings.
pub(crate) fn settings(sources: &Sources) -> Result<Surface> {
    let mut surface = Surface::default();
    for row in rows(PAGE, &sources.text(PAGE)?) {
        surface.add(row);
    }
    Ok(surface)
}

/// Defaults in the tables of other documents.
pub(crate) fn wrong_defaults(sources: &Sources, defaults: &Defaults) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for file in sources.below("", ".md").filter(|file| *file != PAGE) {
        let rows = rows(file, &sources.text(file)?);
        findings.extend(rows.iter().filter_map(|row| defaults.wrong_in_table(row)));
    }
    Ok(findings)
}

/// Variables that begin with `LEASEHOLD_` and are neither settings nor listed.
pub(crate) fn unknown_variables(
    sources: &Sources,
    places: &[Place],
    differences: &Differences,
) -> Result<Vec<String>> {
    let variable = Regex::new(r"\bLEASEHOLD(_[A-Z]+)+\b")?;
    let is_setting = |name: &str| {
        let setting = name.trim_start_matches("LEASEHOLD_").to_lowercase();
        let setting = format!("{SETTING}.{setting}");
        places
            .iter()
            .any(|place| place.names.contains_key(&setting))
    };
    let mut listed: BTreeMap<_, _> = differences
        .variable
        .iter()
        .map(|it| (&*it.name, 0))
        .collect();
    let mut findings = Vec::new();
    for (folder, ending) in READ_BY_USERS {
        for file in sources.below(folder, ending) {
            for (index, line) in sources.text(file)?.lines().enumerate() {
                for name in variable.find_iter(line).map(|found| found.as_str()) {
                    if let Some(times) = listed.get_mut(name) {
                        *times += 1;
                    } else if !is_setting(name) {
                        findings.push(format!(
                            "`{name}` ({file}:{}) is no setting: correct it, or say in {FILE} what \
                             it is",
                            index + 1
                        ));
                    }
                }
            }
        }
    }
    let unused = listed.iter().filter(|(_, times)| **times == 0);
    findings.extend(unused.map(|(name, _)| {
        format!("{FILE}: nobody speaks of the variable `{name}` any more: remove it")
    }));
    Ok(findings)
}

/// The rows of tables that begin with `| setting | default |`.
fn rows(file: &str, text: &str) -> Vec<Declared> {
    let mut rows = Vec::new();
    let mut is_inside = false;
    for (index, line) in text.lines().enumerate() {
        let cells: Vec<_> = line
            .trim()
            .trim_matches('|')
            .split('|')
            .map(str::trim)
            .collect();
        if line.starts_with("| setting | default |") {
            is_inside = true;
        } else if !line.starts_with('|') {
            is_inside = false;
        } else if is_inside && let [name, default, ..] = cells[..] {
            let name = name.trim_matches('`');
            if !name.starts_with('-') {
                rows.push(Declared {
                    name: format!("{SETTING}.{name}"),
                    file: file.to_owned(),
                    line: index + 1,
                    docs: format!("Default: {default}"),
                });
            }
        }
    }
    rows
}
