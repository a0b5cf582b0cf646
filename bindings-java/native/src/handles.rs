//! The elections that Java holds.

use std::sync::{Arc, PoisonError, RwLock};

use jni::sys::jlong;
use leasehold::{Error, ErrorKind, LeaderElection, Term};

use crate::table::Table;

static ELECTIONS: Table<ElectionHandle> = Table::new();

/// An election, and the term that Java was notified of last.
pub(crate) struct ElectionHandle {
    pub(crate) election: LeaderElection,
    notified: RwLock<Option<Term>>,
}

impl ElectionHandle {
    /// Keeps an election, and returns its number.
    pub(crate) fn keep(election: LeaderElection) -> jlong {
        ELECTIONS.insert(Self {
            election,
            notified: RwLock::default(),
        })
    }

    /// The election of this number, or the error that it has been closed.
    pub(crate) fn get(number: jlong) -> Result<Arc<Self>, Error> {
        Self::find(number).ok_or_else(|| {
            let message = "the election has been closed: build another";
            Error::new(ErrorKind::Closed, message)
        })
    }

    pub(crate) fn find(number: jlong) -> Option<Arc<Self>> {
        ELECTIONS.get(number)
    }

    #[inline(always)]
    pub(crate) fn peek<R>(number: jlong, ask: impl FnOnce(&Self) -> R) -> Option<R> {
        ELECTIONS.peek(number, ask)
    }

    pub(crate) fn remove(number: jlong) {
        ELECTIONS.remove(number);
    }

    pub(crate) fn all() -> impl Iterator<Item = Arc<Self>> {
        ELECTIONS.all()
    }

    /// Remembers a term that Java is notified of, since its token will be asked about. A term that is
    /// over never becomes valid again, so one is enough.
    pub(crate) fn remember(&self, term: &Term) {
        let mut notified = self
            .notified
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if !notified.as_ref().is_some_and(Term::is_valid) {
            *notified = Some(term.clone());
        }
    }

    /// The term with this fencing token, unless it is over.
    pub(crate) fn term(&self, fencing_token: jlong) -> Option<Term> {
        let notified = self.notified.read().unwrap_or_else(PoisonError::into_inner);
        let term = notified.as_ref()?;
        let asked_for = term.fencing_token() == fencing_token.cast_unsigned() && term.is_valid();
        asked_for.then(|| term.clone())
    }
}
