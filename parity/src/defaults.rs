//! Every place that documents a setting says the same default, in the same words.

use std::collections::BTreeMap;

use anyhow::Result;
use regex::Regex;

use crate::places::{MODEL, SETTING};
use crate::surface::{Declared, Place};

/// It has none: who leaves it out is told so, or has the application's name in Spring.
const WITHOUT_DEFAULT: &str = "Config.lease";

/// Reads defaults out of documentation.
pub(crate) struct Defaults {
    /// What follows `Default:`, up to the end of the sentence.
    sentence: Regex,
    /// Links and code in documentation; what is shown is the first group.
    markup: [Regex; 3],
    /// What the constants of the core say, by the names of settings.
    constants: BTreeMap<String, String>,
}

impl Defaults {
    pub(crate) fn new(constants: BTreeMap<String, String>) -> Result<Self> {
        Ok(Self {
            sentence: Regex::new(r"(?s)\bDefault:\s+(.*?)(\.\s|\.?$)")?,
            markup: [
                Regex::new(r"\{@code\s+([^}]*)\}")?,
                Regex::new(r"\{@link\s+[\w.]*#(\w+)\}")?,
                Regex::new(r"\[`\w+::(\w+)`\]")?,
            ],
            constants,
        })
    }

    /// Compares with the constants of the core, and where it has none with its documentation.
    pub(crate) fn compare(&self, places: &[Place]) -> Vec<String> {
        let expected = self.expected(places);
        let telling = places.iter().filter(|place| place.tells_defaults);
        let settings = telling.flat_map(|place| &place.names);
        settings
            .filter_map(|(name, declared)| self.wrong(declared, expected.get(name)?))
            .collect()
    }

    /// What is wrong with a row of a table, which may leave the default out.
    pub(crate) fn wrong_in_table(&self, row: &Declared) -> Option<String> {
        let setting = row.name.rsplit('.').next()?;
        let expected = self.constants.get(setting)?;
        self.told(row).and_then(|_| self.wrong(row, expected))
    }

    fn wrong(&self, declared: &Declared, expected: &str) -> Option<String> {
        let told = self.told(declared);
        (told.as_deref() != Some(expected)).then(|| {
            let told = told.as_deref().unwrap_or("nothing");
            format!("{declared} says that the default is {told:?}, the core {expected:?}")
        })
    }

    /// The defaults by the names of settings.
    fn expected(&self, places: &[Place]) -> BTreeMap<String, String> {
        let core = places.iter().find(|place| place.name == MODEL);
        let settings = core.iter().flat_map(|place| &place.names);
        let with_default = settings
            .filter(|(name, _)| name.starts_with(SETTING) && *name != WITHOUT_DEFAULT)
            .filter_map(|(name, declared)| {
                let setting = name.split('.').nth(1)?;
                let constant = self.constants.get(setting).cloned();
                Some((name.clone(), constant.or_else(|| self.told(declared))?))
            });
        with_default.collect()
    }

    /// The default in the documentation; `None` where there is none.
    fn told(&self, declared: &Declared) -> Option<String> {
        let docs = without_margin(&declared.docs);
        let told = self.sentence.captures(&docs)?;
        let told = self.plain(told.get(1)?.as_str());
        let is_in_milliseconds = declared.name.ends_with("Ms");
        let millis = told.parse::<f64>().ok().filter(|_| is_in_milliseconds);
        let told = millis.map_or(told, |millis| (millis / 1e3).to_string());
        Some(told).filter(|told| !told.is_empty())
    }

    /// A default as words alone: no quotes, no links, seconds without their unit.
    fn plain(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for markup in &self.markup {
            text = markup.replace_all(&text, "$1").into_owned();
        }
        let text = text.replace(['`', '"'], "");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let number = text.trim_end_matches('s').trim_end().replace(',', "");
        if number.parse::<f64>().is_ok() {
            return number;
        }
        match text.as_str() {
            "AUTO" | "Auto" | "True" | "False" => text.to_lowercase(),
            _ => text,
        }
    }
}

/// A comment's text without the stars and slashes at its edge.
fn without_margin(docs: &str) -> String {
    let docs = docs.trim_end_matches("*/");
    let lines = docs
        .lines()
        .map(|line| line.trim().trim_start_matches('*').trim());
    lines.collect::<Vec<_>>().join("\n")
}
