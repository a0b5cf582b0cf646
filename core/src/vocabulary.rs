//! What all languages call alike, as data: each setting and each word once, with its documentation.
//! `cargo xtask codegen` makes from it what other languages and the documentation say; no program
//! needs it.
//!
//! Texts are Markdown of the simplest kind: words, and code between back quotes, which names settings,
//! methods and words as the core does.

use crate::config::{Config, Mode};
use crate::election::{LeaseState, LostReason, Role};
use crate::error::ErrorKind;
use crate::events::EventKind;

/// A list of words, such as the reasons of a loss.
#[derive(Clone, Copy, Debug)]
pub struct WordList {
    /// The name of its type.
    pub name: &'static str,
    /// What its words tell.
    pub docs: &'static str,
    /// All of them, in order.
    pub words: &'static [Word],
}

/// A value that has the same name in every language.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// Its name in settings, logs, metrics and every binding.
    pub name: &'static str,
    /// What it means.
    pub docs: &'static str,
}

/// A setting of an election.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name: for [`Config::set`], and in capitals, after `LEASEHOLD_`, in the environment.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it says.
    pub docs: &'static str,
    /// What is so when it is left out.
    pub default: Default,
}

/// What a setting may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// The path of a file or folder.
    Path,
    /// A [`Mode`].
    Mode,
    /// A time; a plain number is in seconds.
    Duration,
    /// `true` or `false`.
    Switch,
    /// A whole number.
    Count,
}

/// What is so when a setting is left out, in the program and in the environment.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    /// It must be set.
    Required,
    /// This value, as the environment would have it.
    Value(&'static str),
    /// What this describes.
    Otherwise(&'static str),
}

impl Setting {
    /// Its variable of the environment.
    pub fn variable(&self) -> String {
        crate::config::variable(self.name)
    }
}

/// All settings.
pub const SETTINGS: &[Setting] = Config::TABLE;

/// All lists of words.
pub const WORD_LISTS: &[WordList] = &[
    Mode::WORDS,
    Role::WORDS,
    LostReason::WORDS,
    EventKind::WORDS,
    ErrorKind::WORDS,
    LeaseState::WORDS,
];
