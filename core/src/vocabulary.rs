//! What all languages call alike, as data: each setting and each word once, with its documentation.
//! `cargo xtask codegen` makes from it what other languages and the documentation say; no program
//! needs it.
//!
//! Texts are Markdown of the simplest kind: words, and code between back quotes, which names settings,
//! methods and words as the core does.

pub use crate::config::table::{Default, Kind, Setting};
pub use crate::named::{Word, WordList};

use crate::config::{Config, Mode, ProofOfDeath};
use crate::election::{LostReason, Role};
use crate::error::ErrorKind;
use crate::lease_record::Acquisition;

/// All settings.
pub const SETTINGS: &[Setting] = Config::TABLE;

/// Where the Lease is kept.
pub const MODES: WordList = Mode::WORDS;
/// By which proofs a Lease is acquired early.
pub const PROOFS_OF_DEATH: WordList = ProofOfDeath::WORDS;
/// How a leader came to lead.
pub const ACQUISITIONS: WordList = Acquisition::WORDS;
/// What a candidate is doing.
pub const ROLES: WordList = Role::WORDS;
/// Why a term ended.
pub const LOST_REASONS: WordList = LostReason::WORDS;
/// What went wrong.
pub const ERROR_KINDS: WordList = ErrorKind::WORDS;
