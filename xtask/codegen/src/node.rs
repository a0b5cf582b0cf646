//! Node: unions of words, classes of errors, the options.

use anyhow::Result;
use askama::Template;
use heck::{ToLowerCamelCase, ToUpperCamelCase};
use leasehold::Mode;
use leasehold::vocabulary::{self, Kind, SETTINGS, Setting, Word};

use crate::docs::star_comment;
use crate::spelling::{Spelling, seconds};
use crate::{File, MADE};

const PACKAGE: &str = "bindings-node/lib";
const WIDTH: usize = 100;

pub(crate) fn files() -> Result<Vec<File>> {
    Ok(vec![
        File::new(format!("{PACKAGE}/words.ts"), &Words::all())?,
        File::new(format!("{PACKAGE}/error-classes.ts"), &Classes::all())?,
        File::new(format!("{PACKAGE}/settings.ts"), &Options::all())?,
    ])
}

/// Each list as a union.
#[derive(Template)]
#[template(path = "node/words.ts", escape = "none")]
struct Words {
    made: &'static str,
    lists: Vec<Union>,
}

struct Union {
    name: &'static str,
    docs: String,
    words: Vec<Literal>,
}

struct Literal {
    name: &'static str,
    class: String,
    docs: String,
    class_docs: String,
}

impl Words {
    fn all() -> Self {
        let lists = [
            vocabulary::MODES,
            vocabulary::PROOFS_OF_DEATH,
            vocabulary::ACQUISITIONS,
            vocabulary::ROLES,
            vocabulary::LOST_REASONS,
        ];
        let union = |name, docs, words: Vec<&Word>| Union {
            name,
            docs: star_comment(&Node.text(docs), &[], 0, WIDTH),
            words: words.into_iter().map(literal).collect(),
        };
        let mut lists: Vec<_> = lists
            .iter()
            .map(|list| union(list.name, list.docs, list.words.iter().collect()))
            .collect();
        // An error of Node has its kind in `code`.
        let docs = vocabulary::ERROR_KINDS.docs;
        lists.push(union(
            "ErrorCode",
            docs,
            vocabulary::ERROR_KINDS.words.iter().collect(),
        ));
        Self { made: MADE, lists }
    }
}

fn literal(word: &Word) -> Literal {
    let text = Node.text(word.docs);
    let class = word.name.to_upper_camel_case();
    Literal {
        name: word.name,
        docs: star_comment(&text, &[], 2, WIDTH),
        class_docs: star_comment(&text, &[], 0, WIDTH),
        class,
    }
}

#[derive(Template)]
#[template(path = "node/error-classes.ts", escape = "none")]
struct Classes {
    made: &'static str,
    words: Vec<Literal>,
}

impl Classes {
    fn all() -> Self {
        Self {
            made: MADE,
            words: vocabulary::ERROR_KINDS.words.iter().map(literal).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "node/settings.ts", escape = "none")]
struct Options {
    made: &'static str,
    settings: Vec<NodeOption>,
}

struct NodeOption {
    name: &'static str,
    option: String,
    type_name: &'static str,
    kind: &'static str,
    docs: String,
}

impl Options {
    fn all() -> Self {
        let settings = SETTINGS.iter().map(|setting| {
            let (type_name, kind) = match setting.kind {
                Kind::Text | Kind::Path => ("string", "text"),
                Kind::Word(list) => (list, "text"),
                Kind::Duration => ("number", "duration"),
                Kind::Number => ("number", "number"),
                Kind::Switch => ("boolean", "switch"),
                Kind::Map => ("Readonly<Record<string, string>>", "map"),
            };
            NodeOption {
                name: setting.name,
                option: option(setting),
                type_name,
                kind,
                docs: star_comment(&Node.documentation(setting), &[], 2, WIDTH),
            }
        });
        Self {
            made: MADE,
            settings: settings.collect(),
        }
    }
}

/// The option of a setting. JavaScript has units in names.
pub(crate) fn option(setting: &Setting) -> String {
    let name = setting.name.to_lower_camel_case();
    match setting.kind {
        Kind::Duration => format!("{name}Ms"),
        _ => name,
    }
}

/// In comments of TypeScript.
struct Node;

impl Spelling for Node {
    fn setting(&self, setting: &Setting) -> String {
        format!("`{}`", option(setting))
    }

    fn mode(&self, mode: Mode) -> String {
        format!("`{mode}`")
    }

    fn method(&self, name: &str) -> String {
        format!("`{}`", name.to_lower_camel_case())
    }

    fn host_runtime(&self) -> &'static str {
        "event loop"
    }

    fn unit(&self) -> &'static str {
        " In milliseconds."
    }

    fn value(&self, kind: Kind, value: &str) -> String {
        match kind {
            Kind::Duration if seconds(value) == "0" => "0".to_owned(),
            Kind::Duration => format!("{},000", seconds(value)),
            Kind::Word(_) => self.quoted(value),
            _ => value.to_owned(),
        }
    }
}
