//! Every place that documents a setting says the same default, in the same words.

use std::collections::BTreeMap;

use anyhow::Result;
use regex::Regex;

use crate::places::{BY_NAME, MODEL};
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
        let (expected, untold) = self.expected(places);
        let telling = places.iter().filter(|place| place.tells_defaults);
        let settings = telling.flat_map(|place| &place.names);
        let wrong =
            settings.filter_map(|(name, declared)| self.wrong(declared, expected.get(name)?));
        let untold = untold.iter().map(|declared| {
            format!("{declared} has no default: say `Default: ….` there, which all others repeat")
        });
        wrong.chain(untold).collect()
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

    /// The defaults by the names of settings, and the settings of which the core tells none.
    fn expected<'a>(&self, places: &'a [Place]) -> (BTreeMap<String, String>, Vec<&'a Declared>) {
        let of = |place: &str| {
            places
                .iter()
                .find(|it| it.name == place)
                .map(|it| &it.names)
        };
        let (mut expected, mut untold) = (BTreeMap::new(), Vec::new());
        let settings = of(BY_NAME).into_iter().flat_map(BTreeMap::keys);
        for name in settings.filter(|name| *name != WITHOUT_DEFAULT) {
            let Some(declared) = of(MODEL).and_then(|names| names.get(name)) else {
                continue;
            };
            let setting = name.rsplit('.').next().unwrap_or(name);
            let constant = self.constants.get(setting).cloned();
            match constant.or_else(|| self.told(declared)) {
                Some(default) => drop(expected.insert(name.clone(), default)),
                None => untold.push(declared),
            }
        }
        (expected, untold)
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
