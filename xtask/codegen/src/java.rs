//! Java: enums, exceptions, the setters of the builder; Spring Boot: the properties.

use anyhow::Result;
use askama::Template;
use heck::{ToKebabCase, ToLowerCamelCase, ToShoutySnakeCase, ToUpperCamelCase};
use leasehold::Mode;
use leasehold::vocabulary::{self, Default, Kind, SETTINGS, Setting, Word, WordList};

use crate::docs::star_comment;
use crate::spelling::{Spelling, seconds};
use crate::{File, MADE};

const PACKAGE: &str = "bindings-java/leasehold/src/main/java/io/leasehold";
const SPRING: &str = "bindings-java/leasehold-spring-boot-starter/src/main";
const WIDTH: usize = 120;

pub(crate) fn files() -> Result<Vec<File>> {
    let mut files = Vec::new();
    for list in [
        vocabulary::MODES,
        vocabulary::PROOFS_OF_DEATH,
        vocabulary::ACQUISITIONS,
        vocabulary::ROLES,
        vocabulary::LOST_REASONS,
    ] {
        let path = format!("{PACKAGE}/{}.java", list.name);
        files.push(File::new(path, &Enum::of(&list))?);
    }
    let kinds = Kinds::all();
    for word in &kinds.words {
        let path = format!("{PACKAGE}/{}Exception.java", word.class);
        files.push(File::new(path, &Exception { made: MADE, word })?);
    }
    files.push(File::new(format!("{PACKAGE}/ErrorKind.java"), &kinds)?);
    files.push(File::new(
        format!("{PACKAGE}/ElectionSettings.java"),
        &Setters::all(),
    )?);
    files.push(File::new(
        format!("{SPRING}/java/io/leasehold/spring/LeaseholdProperties.java"),
        &Properties::all(),
    )?);
    files.push(File::new(
        format!("{SPRING}/resources/META-INF/additional-spring-configuration-metadata.json"),
        &Metadata::all(),
    )?);
    Ok(files)
}

/// A list as an enum.
#[derive(Template)]
#[template(path = "java/words.java", escape = "none")]
struct Enum {
    made: &'static str,
    name: &'static str,
    docs: String,
    words: Vec<Constant>,
}

struct Constant {
    name: String,
    class: String,
    docs: String,
    class_docs: String,
}

impl Enum {
    fn of(list: &WordList) -> Self {
        Self {
            made: MADE,
            name: list.name,
            docs: star_comment(&Java.text(list.docs), &[], 0, WIDTH),
            words: list.words.iter().map(constant).collect(),
        }
    }
}

fn constant(word: &Word) -> Constant {
    let text = Java.text(word.docs);
    Constant {
        name: word.name.to_shouty_snake_case(),
        class: word.name.to_upper_camel_case(),
        docs: star_comment(&text, &[], 4, WIDTH),
        class_docs: star_comment(&text, &[], 0, WIDTH),
    }
}

#[derive(Template)]
#[template(path = "java/error_kind.java", escape = "none")]
struct Kinds {
    made: &'static str,
    docs: String,
    words: Vec<Constant>,
}

impl Kinds {
    fn all() -> Self {
        Self {
            made: MADE,
            docs: star_comment(&Java.text(vocabulary::ERROR_KINDS.docs), &[], 0, WIDTH),
            words: vocabulary::ERROR_KINDS.words.iter().map(constant).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "java/exception.java", escape = "none")]
struct Exception<'a> {
    made: &'static str,
    word: &'a Constant,
}

/// The setters of the builder.
#[derive(Template)]
#[template(path = "java/settings.java", escape = "none")]
struct Setters {
    made: &'static str,
    settings: Vec<Setter>,
}

struct Setter {
    name: &'static str,
    spelled: String,
    type_name: &'static str,
    as_text: String,
    docs: String,
}

impl Setters {
    fn all() -> Self {
        // The name of the Lease is what a builder is made with.
        let settings = SETTINGS.iter().filter(|setting| setting.name != "lease");
        let settings = settings.map(|setting| {
            let spelled = setting.name.to_lower_camel_case();
            let (type_name, as_text, what) = match setting.kind {
                Kind::Text => ("String", spelled.clone(), "its value"),
                Kind::Path => ("Path", format!("text({spelled})"), "its path"),
                Kind::Duration => ("Duration", format!("text({spelled})"), "how long"),
                Kind::Number => ("int", format!("text({spelled})"), "which"),
                Kind::Switch => ("boolean", format!("text({spelled})"), "whether it is so"),
                Kind::Map => (
                    "Map<String, String>",
                    format!("json({spelled})"),
                    "its values by their keys",
                ),
                Kind::Word(list) => (list, format!("word({spelled})"), "which"),
            };
            let notes = [
                format!("@param {spelled} {what}"),
                "@return this".to_owned(),
            ];
            Setter {
                name: setting.name,
                docs: star_comment(&Java.documentation(setting), &notes, 4, WIDTH),
                spelled,
                type_name,
                as_text,
            }
        });
        Self {
            made: MADE,
            settings: settings.collect(),
        }
    }
}

/// The properties of the Spring Boot starter.
#[derive(Template)]
#[template(path = "java/spring.java", escape = "none")]
struct Properties {
    made: &'static str,
    docs: String,
    settings: Vec<Property>,
}

struct Property {
    name: &'static str,
    spelled: String,
    type_name: &'static str,
    is_duration: bool,
    is_map: bool,
}

impl Properties {
    fn all() -> Self {
        let intro = "The settings of all elections, {@code leasehold.*}, or those in which one differs, \
                     {@code leasehold.elections.<name>.*}. What is left out comes from {@code LEASEHOLD_…} \
                     in the environment and else has a default. What is wrong is said when the context is \
                     made, by the setting's name in every language: {@code lease_duration} for {@code \
                     lease-duration}.";
        let notes = SETTINGS.iter().map(|setting| {
            let spelled = setting.name.to_lower_camel_case();
            format!("@param {spelled} {}", Spring.documentation(setting))
        });
        // What Spring alone has.
        let own = [
            "@param waitAtStartup How long the start of the context waits until it is known who leads, \
             so that what is due at startup is not skipped everywhere; 0 is not at all. Default: 10s.",
            "@param elections Further elections by their names, each with the settings in which it differs \
             from leasehold.*.",
        ];
        let notes: Vec<_> = notes.chain(own.map(str::to_owned)).collect();
        let settings = SETTINGS.iter().map(|setting| Property {
            name: setting.name,
            spelled: setting.name.to_lower_camel_case(),
            type_name: match setting.kind {
                // A path is the core's to read.
                Kind::Text | Kind::Path => "String",
                Kind::Word(list) => list,
                Kind::Duration => "Duration",
                Kind::Number => "Integer",
                Kind::Switch => "Boolean",
                Kind::Map => "Map<String, String>",
            },
            is_duration: setting.kind == Kind::Duration,
            is_map: setting.kind == Kind::Map,
        });
        Self {
            made: MADE,
            docs: star_comment(intro, &notes, 0, WIDTH),
            settings: settings.collect(),
        }
    }
}

/// What editors show as defaults, which the properties themselves leave to the core.
#[derive(Template)]
#[template(path = "java/spring_metadata.json", escape = "none")]
struct Metadata {
    settings: Vec<DefaultValue>,
}

struct DefaultValue {
    property: String,
    json: String,
}

impl Metadata {
    fn all() -> Self {
        let settings = SETTINGS.iter().filter_map(|setting| match setting.default {
            Default::Value(value) => Some(DefaultValue {
                property: setting.name.to_kebab_case(),
                json: match setting.kind {
                    Kind::Number | Kind::Switch => value.to_owned(),
                    _ => format!("{value:?}"),
                },
            }),
            Default::Required | Default::Otherwise(_) => None,
        });
        Self {
            settings: settings.collect(),
        }
    }
}

/// In Javadoc.
struct Java;

impl Spelling for Java {
    fn setting(&self, setting: &Setting) -> String {
        format!(
            "{{@link LeaderElection.Builder#{}}}",
            setting.name.to_lower_camel_case()
        )
    }

    fn mode(&self, mode: Mode) -> String {
        format!("{{@link Mode#{}}}", mode.name().to_shouty_snake_case())
    }

    fn method(&self, name: &str) -> String {
        format!("{{@link LeaderElection#{}}}", name.to_lower_camel_case())
    }

    fn code(&self, code: &str) -> String {
        format!("{{@code {code}}}")
    }

    fn host_runtime(&self) -> &'static str {
        "JVM"
    }

    fn value(&self, kind: Kind, value: &str) -> String {
        match kind {
            Kind::Duration => format!("{} s", seconds(value)),
            Kind::Word(_) => self.quoted(value),
            _ => value.to_owned(),
        }
    }
}

/// In descriptions of properties, which editors show as plain text.
struct Spring;

impl Spelling for Spring {
    fn setting(&self, setting: &Setting) -> String {
        setting.name.to_kebab_case()
    }

    fn mode(&self, mode: Mode) -> String {
        format!("\"{mode}\"")
    }

    fn method(&self, name: &str) -> String {
        name.to_lower_camel_case()
    }

    fn code(&self, code: &str) -> String {
        code.to_owned()
    }

    fn host_runtime(&self) -> &'static str {
        "JVM"
    }

    fn value(&self, kind: Kind, value: &str) -> String {
        match kind {
            Kind::Word(_) => self.quoted(value),
            _ => value.to_owned(),
        }
    }

    fn default(&self, setting: &Setting) -> Option<String> {
        match setting.default {
            Default::Required => Some(
                "spring.application.name; for one of leasehold.elections this, a dash, and its name"
                    .to_owned(),
            ),
            Default::Value(value) => Some(self.value(setting.kind, value)),
            Default::Otherwise(text) => Some(self.text(text)),
        }
    }
}
