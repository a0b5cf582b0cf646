//! One error type and one list of kinds, each kind saying what to do about it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::named::named;

named! {
    /// What went wrong, and so what to do. In other languages each kind is an exception.
    pub enum ErrorKind {
        /// A setting is wrong: the message names the field, its value and the fix. Retrying cannot
        /// help.
        Config = "config",
        /// The API server refuses a verb: grant the Role that the message prints.
        Forbidden = "forbidden",
        /// The credentials were not accepted: they have expired or belong to another cluster.
        Unauthorized = "unauthorized",
        /// The store cannot be reached or refuses work for now. The election goes on trying.
        Unavailable = "unavailable",
        /// It took too long: a request, of which nobody knows whether it took effect, or a wait. The
        /// message says what was waited for.
        TimedOut = "timed_out",
        /// The stored record cannot be understood: the message says what is wrong with it.
        Corrupt = "corrupt",
        /// Another process writes under this candidate's identity: give each its own.
        IdentityConflict = "identity_conflict",
        /// This instance is not, or no longer, the leader: stop the guarded work.
        LeadershipLost = "leadership_lost",
        /// Work that is to run once has failed as often as it may: the message says with what. It is not
        /// tried again under this key.
        WorkFailed = "work_failed",
        /// This process is a fork of the one that started the election: start one of its own.
        Forked = "forked",
        /// The election has been stopped or closed, or was never started.
        Closed = "closed",
        /// A defect in Leasehold: please report it.
        Internal = "internal",
    }
}

/// An error with its kind, a message for people, and the cause if there is one. A `main` that returns it
/// prints the message, and below it the causes.
#[derive(Clone)]
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
            message: printable(message.into()),
            retry_after: None,
            source: None,
        }
    }

    /// A wrong setting: names the field, the value and the fix.
    pub fn config(field: &str, value: impl fmt::Display, fix: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Config, format!("{field} = {value}: {fix}"))
    }

    /// The term with this fencing token is over.
    pub fn term_over(fencing_token: u64) -> Self {
        Self::new(
            ErrorKind::LeadershipLost,
            format!("the term with fencing token {fencing_token} is over: stop its work"),
        )
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

    /// How long the store asked to be left alone, if it did.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// `text` as it is, but for what would command the terminal of those who read it: in it may be words of a
/// server, and names that others have put into a Lease.
pub(crate) fn printable(text: String) -> String {
    let commands = |character: char| character.is_control() && character != '\n';
    if !text.contains(commands) {
        return text;
    }
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if commands(character) {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// For people, since this is what a program prints whose `main` returns the error.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.kind.name())?;
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            write!(f, "\n  caused by: {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a `main` that returns the error prints.
    #[test]
    fn an_error_is_debugged_with_its_message_first_then_its_kind_and_its_causes() {
        let refused = std::io::Error::other("connection refused");
        let unavailable =
            Error::new(ErrorKind::Unavailable, "cannot reach 10.0.0.1").with_source(refused);
        let error =
            Error::new(ErrorKind::TimedOut, "no answer within 2 s").with_source(unavailable);
        assert_eq!(
            format!("{error:?}"),
            "no answer within 2 s (timed_out)\n  \
             caused by: cannot reach 10.0.0.1\n  \
             caused by: connection refused"
        );
    }
}
