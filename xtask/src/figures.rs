//! What each method of looking for defects has gone through: `docs/figures.json`, to which the command of
//! each adds its own, and the page of the documentation that is made from it.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use xshell::cmd;

use crate::build::shell;
use crate::root;

/// An array with an object for each method: its name in `method`, the `command` that runs it, the `date` of the
/// run, `figures` as pairs of words and a number or text, and in `found` what came to light by it, if anything.
const FIGURES: &str = "docs/figures.json";
const PAGE: &str = "docs/src/figures.md";
const INTRODUCTION: &str = "\
# What has been tried to break it

What each method went through the last time that it ran for long; tests run less of each. `cargo xtask` makes this
page from `docs/figures.json`, and each command below puts its own figures there. [What is promised](safety.md) says
which promises they hold.
";

/// Puts the figures of one method in place of those that it had.
pub(crate) fn record(method: &str, command: &str, figures: &[(&str, Value)]) -> Result<()> {
    let mut methods = load()?;
    let shell = shell()?;
    let date = cmd!(shell, "date -u +%F").quiet().read()?;
    let known = methods.iter().position(|it| it["method"] == method);
    let number = known.unwrap_or_else(|| {
        methods.push(json!({ "method": method, "found": [] }));
        methods.len() - 1
    });
    let place = &mut methods[number];
    place["command"] = command.into();
    place["date"] = date.into();
    place["figures"] = figures.iter().map(|it| json!([it.0, it.1])).collect();
    fs::write(
        path(FIGURES),
        serde_json::to_string_pretty(&methods)? + "\n",
    )?;
    make_page()
}

/// Makes the page again.
pub(crate) fn make_page() -> Result<()> {
    let page = page(&load()?)?;
    fs::write(path(PAGE), page).with_context(|| format!("cannot write {PAGE}"))
}

/// Fails if the page shows anything else.
pub(crate) fn check() -> Result<()> {
    let shown = fs::read_to_string(path(PAGE)).unwrap_or_default();
    ensure!(
        shown == page(&load()?)?,
        "{PAGE} is stale: run `cargo xtask figures`"
    );
    Ok(())
}

fn load() -> Result<Vec<Value>> {
    let text = fs::read_to_string(path(FIGURES)).with_context(|| format!("no {FIGURES}"))?;
    serde_json::from_str(&text).with_context(|| format!("{FIGURES} is not what it should be"))
}

fn path(name: &str) -> PathBuf {
    root().join(name)
}

fn page(methods: &[Value]) -> Result<String> {
    let mut page = INTRODUCTION.to_owned();
    for method in methods {
        let text = |field: &str| {
            let text = method[field].as_str();
            text.with_context(|| format!("{FIGURES}: no `{field}` in {method}"))
        };
        let (name, command, date) = (text("method")?, text("command")?, text("date")?);
        write!(
            page,
            "\n## {name}\n\n`{command}`, {date}.\n\n| | |\n|---|---:|\n"
        )?;
        for figure in array(method, "figures")? {
            writeln!(page, "| {} | {} |", shown(&figure[0]), shown(&figure[1]))?;
        }
        let found = array(method, "found")?;
        if !found.is_empty() {
            page += "\nIt has found, all corrected:\n\n";
        }
        for defect in found {
            writeln!(page, "- {}", shown(defect))?;
        }
    }
    Ok(page)
}

fn array<'a>(method: &'a Value, field: &str) -> Result<&'a Vec<Value>> {
    let array = method[field].as_array();
    array.with_context(|| format!("{FIGURES}: no list `{field}` in {method}"))
}

/// Whole numbers with their thousands apart.
fn shown(value: &Value) -> String {
    let Some(number) = value.as_u64() else {
        return value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
    };
    let digits = number.to_string();
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_each_method_with_what_it_found() {
        let methods = [json!({
            "method": "Looking", "command": "cargo xtask look", "date": "2026-01-02",
            "figures": [["hours", 1_234_567], ["share", "61 of 61"], ["years", 1.5]], "found": ["a defect"],
        })];
        let shown = page(&methods).unwrap();
        let rows = "| hours | 1,234,567 |\n| share | 61 of 61 |\n| years | 1.5 |\n";
        assert!(shown.contains(rows), "{shown}");
        assert!(shown.ends_with("\n- a defect\n"), "{shown}");
        assert!(page(&[json!({ "method": "Looking" })]).is_err());
    }
}
