//! What all languages call alike, as data: each setting and each word once, with its documentation.
//! `cargo xtask codegen` makes from it what other languages and the documentation say; no program
//! needs it.
//!
//! Texts are Markdown of the simplest kind: words, and code between back quotes, which names settings,
//! methods and words as the core does.

pub use crate::config::table::{Default, Kind, Setting};
pub use crate::named::{Word, WordList};

use crate::config::{Config, Mode};
use crate::election::{LeaseState, LostReason, Role};
use crate::error::ErrorKind;
use crate::events::EventKind;

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
