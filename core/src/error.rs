//! One error type and one list of kinds, each kind saying what to do about it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What went wrong, and so what to do. Bindings map each kind to one exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is wrong: the message names the field, its value and the fix. Retrying cannot help.
    Config,
    /// The API server refuses a verb: grant the Role that the message prints.
    Forbidden,
    /// The credentials were not accepted: they have expired or belong to another cluster.
    Unauthorized,
    /// The store cannot be reached or refuses work for now. The election goes on trying.
    Unavailable,
    /// No answer within the time limit: whether the request took effect is unknown.
    TimedOut,
    /// Somebody else wrote first. The election reads again.
    Conflict,
    /// The version to watch from is too old to resume. The election reads again.
    Gone,
    /// The stored record cannot be understood: the message says what is wrong with it.
    Corrupt,
    /// Another process writes under this candidate's identity: give each its own.
    IdentityConflict,
    /// This instance is not, or no longer, the leader: stop the guarded work.
    LeadershipLost,
    /// This process is a fork of the one that started the election: start one of its own.
    Forked,
    /// The election has been stopped, or was never started.
    Closed,
    /// A defect in Leasehold: please report it.
    Internal,
}

impl ErrorKind {
    /// The name used in every binding.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Forbidden => "forbidden",
            Self::Unauthorized => "unauthorized",
            Self::Unavailable => "unavailable",
            Self::TimedOut => "timed_out",
            Self::Conflict => "conflict",
            Self::Gone => "gone",
            Self::Corrupt => "corrupt",
            Self::IdentityConflict => "identity_conflict",
            Self::LeadershipLost => "leadership_lost",
            Self::Forked => "forked",
            Self::Closed => "closed",
            Self::Internal => "internal",
        }
    }
}

/// An error with its kind, a message for people, and the cause where there is one.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// The result of anything that may fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind`; `message` names what was attempted and what would help.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            retry_after: None,
            source: None,
        }
    }

    /// A wrong setting: names the field, the value and the fix.
    pub fn config(field: &str, value: impl fmt::Display, fix: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Config, format!("{field} = {value}: {fix}"))
    }

    /// Keeps the cause, for `std::error::Error::source`.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Keeps how long the store asked to be left alone (`Retry-After`).
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What was attempted, what happened and what would help, in one line for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// How long the store asked to be left alone, where it did.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
