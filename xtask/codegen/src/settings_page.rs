//! The page of the documentation that lists all settings.

use anyhow::Result;
use askama::Template;
use heck::{ToKebabCase, ToLowerCamelCase};
use leasehold::Mode;
use leasehold::vocabulary::{self, Kind, SETTINGS, Setting};

use crate::spelling::{Spelling, seconds};
use crate::{File, MADE, node};

pub(crate) fn file() -> Result<File> {
    let settings = SETTINGS.iter().map(|setting| Row {
        name: setting.name,
        java: setting.name.to_lower_camel_case(),
        property: setting.name.to_kebab_case(),
        option: node::option(setting),
        variable: setting.variable(),
        default: Page.default(setting).unwrap_or_default(),
        docs: Page.text(setting.docs),
    });
    let modes = vocabulary::MODES.words.iter().map(|word| ModeRow {
        name: word.name,
        docs: Page.text(word.docs),
    });
    let page = SettingsPage {
        made: MADE,
        settings: settings.collect(),
        modes: modes.collect(),
    };
    File::new("docs/src/reference/settings.md", &page)
}

#[derive(Template)]
#[template(path = "docs/settings.md", escape = "none")]
struct SettingsPage {
    made: &'static str,
    settings: Vec<Row>,
    modes: Vec<ModeRow>,
}

struct Row {
    name: &'static str,
    java: String,
    property: String,
    option: String,
    variable: String,
    default: String,
    docs: String,
}

struct ModeRow {
    name: &'static str,
    docs: String,
}

/// In a page for all languages: as in the core.
struct Page;

impl Spelling for Page {
    fn setting(&self, setting: &Setting) -> String {
        self.code(setting.name)
    }

    fn mode(&self, mode: Mode) -> String {
        self.code(mode.name())
    }

    fn method(&self, name: &str) -> String {
        self.code(name)
    }

    fn host_runtime(&self) -> &'static str {
        "host runtime (JVM, event loop, interpreter)"
    }

    fn value(&self, kind: Kind, value: &str) -> String {
        match kind {
            Kind::Duration => format!("{} s", seconds(value)),
            Kind::Word(_) => self.quoted(value),
            _ => value.to_owned(),
        }
    }
}
