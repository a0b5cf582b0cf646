//! What is called otherwise, or is not there, on purpose: `differences.toml`.

use anyhow::{Context, Result};
use heck::ToSnakeCase;
use serde::Deserialize;

use crate::sources::Sources;
use crate::surface::Declared;

pub(crate) const FILE: &str = "tests/parity/differences.toml";

/// The list, each entry with its reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Differences {
    #[serde(default)]
    pub(crate) called: Vec<Called>,
    #[serde(default)]
    pub(crate) only: Vec<Only>,
    #[serde(default)]
    pub(crate) variable: Vec<Variable>,
}

/// A name that one place has for what is called otherwise elsewhere.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Called {
    pub(crate) r#in: String,
    /// As it is spelled there: a type, or `Type.member`.
    pub(crate) here: String,
    /// What it is called everywhere.
    pub(crate) there: String,
    pub(crate) why: String,
}

/// Names that are in some places only.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Only {
    pub(crate) r#in: Vec<String>,
    /// A type stands for its members as well.
    pub(crate) names: Vec<String>,
    pub(crate) why: String,
}

/// A variable of the environment that is no setting.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) why: String,
}

impl Differences {
    pub(crate) fn read(sources: &Sources) -> Result<Self> {
        toml::from_str(&sources.text(FILE)?).with_context(|| format!("{FILE} is malformed"))
    }

    /// What a name is called everywhere.
    pub(crate) fn common_name(&self, place: &str, declared: &Declared) -> String {
        let called = |here: &str| {
            let mut called = self.called.iter();
            called
                .find(|it| it.here == here && it.r#in == place)
                .map(|it| it.there.clone())
        };
        if let Some(there) = called(&declared.name) {
            return there;
        }
        let Some((owner, member)) = declared.name.rsplit_once('.') else {
            return error_name(&declared.name);
        };
        let owner = called(owner).unwrap_or_else(|| error_name(owner));
        // The unit that JavaScript has in the name.
        let member = member.strip_suffix("Ms").unwrap_or(member);
        format!("{owner}.{}", member.to_snake_case())
    }

    /// The entry that allows `name` to be missing somewhere, if one does.
    pub(crate) fn about(&self, name: &str) -> Option<&Only> {
        let mut only = self.only.iter();
        only.find(|it| it.names.iter().any(|it| it == name))
    }
}

/// An exception is an error.
fn error_name(name: &str) -> String {
    match name.strip_suffix("Exception") {
        Some(kind) => format!("{kind}Error"),
        None => name.to_owned(),
    }
}
