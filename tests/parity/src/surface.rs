//! What a language shows to programs: names, each with where it stands and what is said about it.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Result, ensure};

/// Where a public name is declared.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    /// As it stands there: `LeaderElection.isLeader`.
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) docs: String,
}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}:{})", self.name, self.file, self.line)
    }
}

/// All public names of one language, as they are spelled there: types, and `Type.member`.
#[derive(Debug, Default)]
pub(crate) struct Surface(Vec<Declared>);

impl Surface {
    /// Adds a name. One that is declared twice, as an overloaded method is, counts once.
    pub(crate) fn add(&mut self, declared: Declared) {
        if !self.0.iter().any(|known| known.name == declared.name) {
            self.0.push(declared);
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        other.0.into_iter().for_each(|declared| self.add(declared));
    }

    /// Refuses to go on where `index` exports a name that was not found: it would be compared with
    /// nothing.
    pub(crate) fn must_have(&self, name: &str, index: &str) -> Result<()> {
        ensure!(
            self.0.iter().any(|known| known.name == name),
            "{index} exports `{name}`, whose declaration is of a form that parity does not read: \
             teach it"
        );
        Ok(())
    }

    pub(crate) fn into_names(self) -> impl Iterator<Item = Declared> {
        self.0.into_iter()
    }
}

/// Where names are looked for: a language, or a part of one that repeats them.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) name: &'static str,
    /// The types of which it is to have all members; where it lists none, all types.
    pub(crate) types: &'static [&'static str],
    /// Whether it says what a setting's default is.
    pub(crate) tells_defaults: bool,
    /// By the names that they have everywhere.
    pub(crate) names: BTreeMap<String, Declared>,
}

impl Place {
    /// Whether a name of this type belongs here.
    pub(crate) fn covers(&self, name: &str) -> bool {
        self.types.is_empty() || type_of(name) != name && self.types.contains(&type_of(name))
    }
}

/// `LeaderElection`, of `LeaderElection.is_leader`.
pub(crate) fn type_of(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}
