//! Python: types for annotations, exceptions, the arguments of an election.

use anyhow::Result;
use askama::Template;
use heck::ToUpperCamelCase;
use leasehold::Mode;
use leasehold::vocabulary::{self, Kind, SETTINGS, Setting, Word};

use crate::docs::{docstring, fill};
use crate::spelling::{Spelling, seconds};
use crate::{File, MADE};

const PACKAGE: &str = "bindings-python/python/leasehold";
const WIDTH: usize = 100;

pub(crate) fn files() -> Result<Vec<File>> {
    Ok(vec![
        File::new(format!("{PACKAGE}/types.py"), &Types::all())?,
        File::new(format!("{PACKAGE}/_errors.py"), &Errors::all())?,
        File::new(format!("{PACKAGE}/_settings.py"), &Arguments::all())?,
    ])
}

#[derive(Template)]
#[template(path = "python/types.py", escape = "none")]
struct Types {
    made: &'static str,
    lists: Vec<Alias>,
    settings: Vec<Argument>,
}

/// A list as a type of literals.
struct Alias {
    name: &'static str,
    docs: String,
    words: Vec<&'static Word>,
}

struct Argument {
    name: &'static str,
    type_name: &'static str,
    /// The call that makes the core's text of it.
    convert: String,
}

impl Types {
    fn all() -> Self {
        let kinds = vocabulary::ERROR_KINDS;
        let lists = [
            vocabulary::MODES,
            vocabulary::PROOFS_OF_DEATH,
            vocabulary::ACQUISITIONS,
            vocabulary::ROLES,
            vocabulary::LOST_REASONS,
        ];
        let alias = |list: vocabulary::WordList, words: Vec<&'static Word>| Alias {
            name: list.name,
            docs: explained(list.docs, &words),
            words,
        };
        let mut lists: Vec<_> = lists
            .into_iter()
            .map(|list| alias(list, list.words.iter().collect()))
            .collect();
        lists.push(alias(kinds, vocabulary::ERROR_KINDS.words.iter().collect()));
        // The name of the Lease is the one that has a place.
        let settings = arguments().filter(|setting| setting.name != "lease");
        Self {
            made: MADE,
            lists,
            settings: settings.collect(),
        }
    }
}

/// What a list tells, and what each of its words means.
fn explained(docs: &str, words: &[&Word]) -> String {
    let words = words.iter().map(|word| {
        let text = format!("{}: {}", Python.code(word.name), Python.text(word.docs));
        fill(&text, "- ", "  ", WIDTH)
    });
    let (docs, words) = (Python.text(docs), words.collect::<Vec<_>>().join("\n"));
    format!("\"\"\"{docs}\n\n{words}\n\"\"\"")
}

fn arguments() -> impl Iterator<Item = Argument> {
    SETTINGS.iter().map(|Setting { name, kind, .. }| {
        let (type_name, convert) = match kind {
            Kind::Text => ("str", format!("of_name(\"{name}\", {name})")),
            Kind::Path => ("Path", format!("of_name(\"{name}\", {name})")),
            Kind::Word(list) => (*list, format!("of_name(\"{name}\", {name})")),
            Kind::Duration => ("Duration", format!("of_value({name})")),
            Kind::Number => ("int", format!("of_value({name})")),
            Kind::Switch => ("bool", format!("of_value({name})")),
            Kind::Map => ("Mapping[str, str]", format!("of_map(\"{name}\", {name})")),
        };
        Argument {
            name,
            type_name,
            convert,
        }
    })
}

#[derive(Template)]
#[template(path = "python/_errors.py", escape = "none")]
struct Errors {
    made: &'static str,
    words: Vec<Class>,
}

struct Class {
    name: &'static str,
    camel_case: String,
    /// The exception of Python's own that it is as well.
    also: &'static str,
    docs: String,
}

impl Errors {
    fn all() -> Self {
        let words = vocabulary::ERROR_KINDS.words.iter().map(|word| Class {
            name: word.name,
            camel_case: word.name.to_upper_camel_case(),
            also: match word.name {
                "config" => ", ValueError",
                "timed_out" => ", TimeoutError",
                _ => "",
            },
            docs: docstring(&Python.text(word.docs), 4, WIDTH),
        });
        Self {
            made: MADE,
            words: words.collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "python/_settings.py", escape = "none")]
struct Arguments {
    made: &'static str,
    settings: Vec<Argument>,
    docs: String,
}

impl Arguments {
    fn all() -> Self {
        let margin = " ".repeat(8);
        let paragraph = |text: &str| fill(text, &margin, &margin, WIDTH);
        let settings = SETTINGS.iter().map(|setting| {
            let text = format!("{}: {}", setting.name, Python.documentation(setting));
            fill(&text, &format!("{margin}- "), &format!("{margin}  "), WIDTH)
        });
        let docs = [
            format!("{margin}\"\"\"Checks the settings; takes part only when it is started."),
            String::new(),
            paragraph(
                "What is left out comes from the environment (`LEASEHOLD_` and the setting's name in \
                 capitals), and else has a default. Durations are seconds or `timedelta`.",
            ),
            String::new(),
            settings.collect::<Vec<_>>().join("\n"),
            String::new(),
            paragraph(
                "Raises `ConfigError`, which names the wrong setting, its value and the fix.",
            ),
            format!("{margin}\"\"\""),
        ];
        Self {
            made: MADE,
            settings: arguments().collect(),
            docs: docs.join("\n").trim_start().to_owned(),
        }
    }
}

/// In documentation of Python.
struct Python;

impl Spelling for Python {
    fn setting(&self, setting: &Setting) -> String {
        format!("`{}`", setting.name)
    }

    fn mode(&self, mode: Mode) -> String {
        format!("`{mode}`")
    }

    fn method(&self, name: &str) -> String {
        format!("`{name}`")
    }

    fn host_runtime(&self) -> &'static str {
        "interpreter"
    }

    fn value(&self, kind: Kind, value: &str) -> String {
        match (kind, value) {
            (Kind::Duration, _) => seconds(value).to_owned(),
            (Kind::Word(_), _) => self.quoted(value),
            (Kind::Switch, "true") => "True".to_owned(),
            (Kind::Switch, _) => "False".to_owned(),
            _ => value.to_owned(),
        }
    }
}
