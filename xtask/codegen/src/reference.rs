//! The pages of the documentation's reference that the core has the words for: the settings in the
//! spelling of each ecosystem, and what happens to an election.

use anyhow::Result;
use askama::Template;
use heck::{ToKebabCase, ToLowerCamelCase, ToUpperCamelCase};
use leasehold::Mode;
use leasehold::vocabulary::{self, Default, Kind, SETTINGS, Setting, WordList};

use crate::spelling::{Spelling, seconds};
use crate::{File, MADE, node};

const PAGES: &str = "docs/src/reference";

pub(crate) fn files() -> Result<Vec<File>> {
    let mut files = vec![
        File::new(
            format!("{PAGES}/settings.md"),
            &CommonPage {
                made: MADE,
                modes: rows(vocabulary::MODES),
                proofs: rows(vocabulary::PROOFS_OF_DEATH),
            },
        )?,
        File::new(
            format!("{PAGES}/events-and-errors.md"),
            &WordsPage {
                made: MADE,
                reasons: rows(vocabulary::LOST_REASONS),
                acquisitions: rows(vocabulary::ACQUISITIONS),
                roles: rows(vocabulary::ROLES),
                errors: rows(vocabulary::ERROR_KINDS),
            },
        )?,
    ];
    for ecosystem in Ecosystem::ALL {
        let path = format!("{PAGES}/settings/{}.md", ecosystem.page());
        files.push(File::new(path, &SettingsPage::of(ecosystem))?);
    }
    Ok(files)
}

/// What is so of settings in each language.
#[derive(Template)]
#[template(path = "docs/settings.md", escape = "none")]
struct CommonPage {
    made: &'static str,
    modes: Vec<Row>,
    proofs: Vec<Row>,
}

/// What happens to an election, in words.
#[derive(Template)]
#[template(path = "docs/events-and-errors.md", escape = "none")]
struct WordsPage {
    made: &'static str,
    reasons: Vec<Row>,
    acquisitions: Vec<Row>,
    roles: Vec<Row>,
    errors: Vec<Row>,
}

/// A word of a list.
struct Row {
    name: &'static str,
    class: String,
    docs: String,
}

fn rows(list: WordList) -> Vec<Row> {
    let words = list.words.iter().map(|word| Row {
        name: word.name,
        class: word.name.to_upper_camel_case(),
        docs: Ecosystem::Environment.text(word.docs),
    });
    words.collect()
}

/// The settings as one ecosystem spells them.
#[derive(Template)]
#[template(path = "docs/settings-of.md", escape = "none")]
struct SettingsPage {
    made: &'static str,
    ecosystem: Ecosystem,
    settings: Vec<SettingRow>,
}

struct SettingRow {
    spelled: String,
    type_name: &'static str,
    default: String,
    docs: String,
}

impl SettingsPage {
    fn of(ecosystem: Ecosystem) -> Self {
        let settings = SETTINGS.iter().map(|setting| SettingRow {
            spelled: ecosystem.spelled(setting),
            type_name: ecosystem.type_name(setting.kind),
            default: ecosystem.default(setting).unwrap_or_default(),
            docs: ecosystem.text(setting.docs),
        });
        Self {
            made: MADE,
            ecosystem,
            settings: settings.collect(),
        }
    }
}

/// Who has a spelling of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ecosystem {
    SpringBoot,
    Java,
    Node,
    Python,
    Rust,
    Environment,
}

impl Ecosystem {
    const ALL: [Self; 6] = [
        Self::SpringBoot,
        Self::Java,
        Self::Node,
        Self::Python,
        Self::Rust,
        Self::Environment,
    ];

    fn page(self) -> &'static str {
        match self {
            Self::SpringBoot => "spring-boot",
            Self::Java => "java",
            Self::Node => "node",
            Self::Python => "python",
            Self::Rust => "rust",
            Self::Environment => "environment",
        }
    }

    fn spelled(self, setting: &Setting) -> String {
        match self {
            Self::SpringBoot => format!("leasehold.{}", setting.name.to_kebab_case()),
            Self::Java => setting.name.to_lower_camel_case(),
            Self::Node => node::option(setting),
            Self::Python | Self::Rust => setting.name.to_owned(),
            Self::Environment => setting.variable(),
        }
    }

    fn type_name(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::SpringBoot | Self::Environment, kind) => match kind {
                Kind::Text | Kind::Word(_) => "text",
                Kind::Path => "path",
                Kind::Number => "number",
                Kind::Duration => "duration",
                Kind::Switch => "`true`, `false`",
                Kind::Map => "map",
            },
            (Self::Java | Self::Rust, Kind::Text) => "`String`",
            (Self::Java | Self::Rust, Kind::Duration) => "`Duration`",
            (Self::Java | Self::Rust, Kind::Word("Mode")) => "`Mode`",
            (Self::Java | Self::Rust, Kind::Word(_)) => "`ProofOfDeath`",
            (Self::Java | Self::Python, Kind::Path) => "`Path`",
            (Self::Java | Self::Python, Kind::Number) => "`int`",
            (Self::Java | Self::Node, Kind::Switch) => "`boolean`",
            (Self::Python | Self::Rust, Kind::Switch) => "`bool`",
            (Self::Java, Kind::Map) => "`Map<String, String>`",
            (Self::Node, Kind::Text | Kind::Path | Kind::Word(_)) => "`string`",
            (Self::Node, Kind::Number | Kind::Duration) => "`number`",
            (Self::Node, Kind::Map) => "`Record<string, string>`",
            (Self::Python, Kind::Text | Kind::Word(_)) => "`str`",
            (Self::Python, Kind::Duration) => "`float`, `timedelta`",
            (Self::Python, Kind::Map) => "`Mapping[str, str]`",
            (Self::Rust, Kind::Path) => "`PathBuf`",
            (Self::Rust, Kind::Number) => "`u32`",
            (Self::Rust, Kind::Map) => "`BTreeMap<String, String>`",
        }
    }
}

impl Spelling for Ecosystem {
    fn setting(&self, setting: &Setting) -> String {
        self.code(&self.spelled(setting))
    }

    fn mode(&self, mode: Mode) -> String {
        self.code(mode.name())
    }

    fn method(&self, name: &str) -> String {
        match self {
            Self::Python | Self::Rust | Self::Environment => self.code(name),
            Self::SpringBoot | Self::Java | Self::Node => self.code(&name.to_lower_camel_case()),
        }
    }

    fn host_runtime(&self) -> &'static str {
        match self {
            Self::SpringBoot | Self::Java => "JVM",
            Self::Node => "event loop",
            Self::Python => "interpreter",
            Self::Rust | Self::Environment => "host runtime (JVM, event loop, interpreter)",
        }
    }

    fn value(&self, kind: Kind, value: &str) -> String {
        match (self, kind) {
            (Self::SpringBoot | Self::Environment, Kind::Duration) => self.code(value),
            (Self::Node, Kind::Duration) if seconds(value) == "0" => "0".to_owned(),
            (Self::Node, Kind::Duration) => format!("{}\u{202f}000", seconds(value)),
            (Self::Python, Kind::Duration) => seconds(value).to_owned(),
            (_, Kind::Duration) => format!("{} s", seconds(value)),
            (_, Kind::Word(_)) => self.quoted(value),
            (Self::Python, Kind::Switch) => self.code(&value.to_upper_camel_case()),
            (_, Kind::Switch) => self.code(value),
            _ => value.to_owned(),
        }
    }

    fn default(&self, setting: &Setting) -> Option<String> {
        match (self, setting.default) {
            (Self::SpringBoot, Default::Required) => Some(self.code("spring.application.name")),
            (_, Default::Required) => None,
            (_, Default::Value(value)) => Some(self.value(setting.kind, value)),
            (_, Default::Otherwise(text)) => Some(self.text(text)),
        }
    }
}
