//! What happened in a run, in order: for the invariants to judge and for people to read.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use leasehold::lease_store::StoreError;
use leasehold::{Acquisition, ErrorKind, LostReason};
use tokio::time::Instant;

use super::chaos::Mishap;
use super::link::Weather;

/// A run that notes more than this does not rest between its requests.
const MOST_ENTRIES: usize = 400_000;

/// One life of one candidate: `b3` is the third process of the second candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    pub(crate) slot: usize,
    pub(crate) life: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// The script, and what happens to all.
    World,
    /// Somebody with `kubectl`.
    Outsider,
    Candidate(Name),
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// By the true clock, from which the candidates' clocks drift.
    pub(crate) at: Duration,
    pub(crate) who: Who,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    // What is done to the candidates.
    Starts,
    Dies,
    /// Is told to stop.
    Stopping,
    /// Has stopped.
    Ends,
    SteppingDown,
    /// Goes on where it stood still, with a clock that counts from another boot.
    IsRestored,
    IsHeldUp(Mishap),
    IsLetGo(Mishap),
    Weather(Weather),
    ServerFails,
    ServerRecovers,
    Phase(Phase),
    /// For this long nobody has led, though nothing hinders anybody.
    NobodyLeads(Duration),

    // What candidates and server do.
    Sends(u32, Asked),
    Stores(Stored),
    /// By a read, a write's reply, or (`None`) the watch.
    Hears(Option<u32>, News),

    // What the application sees.
    Leads {
        token: u64,
    },
    /// Noticed now; true since `since`, when the last deadline passed or it was withdrawn.
    LeadsNoMore {
        token: u64,
        since: Duration,
    },
    /// Asked why it does not lead, the election knows no answer.
    GivesNoReason,
    Told(Told),
    WorkEnds {
        token: u64,
    },
    /// Takes a step of the work of a key that is to run once.
    Works {
        key: u32,
        token: u64,
    },
    WorkFails {
        key: u32,
    },
    /// Wants the lock.
    Wants,
    /// Does not get it.
    Forgoes(ErrorKind),
    /// Begins the firing of this number.
    Fires {
        firing: u64,
        token: u64,
    },
    /// Does not begin the firing of this number, and knows not whether another may.
    MayNotFire {
        firing: u64,
        why: ErrorKind,
    },
    /// Has learned that the work of the key is done.
    SaysDone {
        key: u32,
    },
    /// Has learned why it is not.
    GivesUp {
        key: u32,
        why: ErrorKind,
    },
}

/// The script's progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing hinders anybody any more.
    FaultsEnd,
    /// Somebody leads and nothing should change that.
    Calm,
    /// The leader is told to stop, and then the next.
    Farewell,
    End,
}

/// What a candidate asks of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Read,
    Write(Kind),
}

/// Why a write was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Create,
    Acquire,
    Renew,
    Release,
    /// By an outsider.
    Foreign(Meddling),
}

/// What an outsider does to the Lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meddling {
    /// `kubectl label`: harmless.
    Label,
    Delete,
    /// Deletes the Lease and applies one without holder, as a deployment tool may.
    Recreate,
    /// Empties the holder by hand and leaves the duration.
    Empty,
    Lengthen,
    Shorten,
    /// Another client takes the Lease without asking.
    Take,
    /// Another process writes under the holder's own identity.
    Impersonate,
}

impl Meddling {
    pub(crate) const ALL: [Self; 8] = [
        Self::Label,
        Self::Delete,
        Self::Recreate,
        Self::Empty,
        Self::Lengthen,
        Self::Shorten,
        Self::Take,
        Self::Impersonate,
    ];
}

/// A change of what the server keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored {
    pub(crate) version: u64,
    pub(crate) kind: Kind,
    pub(crate) holder: Holder,
    pub(crate) lease_duration: Duration,
    /// The keys whose work it remembers as done, a bit for each.
    pub(crate) done: u32,
    /// The number of the firing that it remembers as the last.
    pub(crate) fired: Option<u64>,
}

/// Whose write the stored record is, edited or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Holder {
    #[default]
    Nobody,
    Candidate(Name),
    Outsider,
}

/// What reaches a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    Lease(u64),
    NoLease,
    Deleted(u64),
    Written(u64),
    Watching,
    WatchEnds,
    /// Somebody else has written first.
    Conflict,
    /// The version to watch from is too old.
    TooOld,
    Fails(ErrorKind),
}

impl From<&StoreError> for News {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::Conflict,
            StoreError::TooOld(_) => Self::TooOld,
            StoreError::Other(error) => Self::Fails(error.kind()),
        }
    }
}

/// Events, as the application's listener gets them.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    Acquired {
        token: u64,
        acquisition: Acquisition,
    },
    Lost {
        token: u64,
        reason: LostReason,
    },
    LeaderChanged(Option<String>),
    Failing(ErrorKind),
    Stopped,
}

/// The entries so far.
pub(crate) struct Timeline {
    start: Instant,
    entries: Mutex<Vec<Entry>>,
}

impl Timeline {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            entries: Mutex::default(),
        }
    }

    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn note(&self, who: Who, what: What) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(entries.len() < MOST_ENTRIES, "this run never rests");
        let at = self.now();
        entries.push(Entry { at, who, what });
    }

    pub(crate) fn note_of(&self, name: Name, what: What) {
        self.note(Who::Candidate(name), what);
    }

    /// All entries; none are left.
    pub(crate) fn take(&self) -> Vec<Entry> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut entries)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = ["a", "b", "c", "d", "e"][self.slot];
        write!(f, "{letter}{}", self.life)
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::World => f.write_str("world"),
            Self::Outsider => f.write_str("kubectl"),
            Self::Candidate(name) => name.fmt(f),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = format!("{:.3}", self.at.as_secs_f64());
        let who = self.who.to_string();
        write!(f, "{at:>9} s  {who:<8} {}", self.what)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starts => write!(f, "starts"),
            Self::Dies => write!(f, "! dies"),
            Self::Stopping => write!(f, "! is told to stop"),
            Self::Ends => write!(f, "has stopped"),
            Self::SteppingDown => write!(f, "! is told to step down"),
            Self::IsRestored => write!(f, "! is restored on another boot"),
            Self::IsHeldUp(mishap) => write!(f, "! {mishap:?}"),
            Self::IsLetGo(mishap) => write!(f, "! no longer {mishap:?}"),
            Self::Weather(weather) => write!(f, "! network: {weather:?}"),
            Self::ServerFails => write!(f, "! the API server is down"),
            Self::ServerRecovers => write!(f, "! the API server is up"),
            Self::Phase(phase) => write!(f, "==== {phase:?}"),
            Self::NobodyLeads(time) => write!(f, "NOBODY LEADS after {time:?}"),
            Self::Sends(request, asked) => write!(f, "#{request} sends {asked:?}"),
            Self::Stores(stored) => {
                write!(f, "stored v{}: {:?}", stored.version, stored.kind)?;
                match stored.holder {
                    Holder::Nobody => return write!(f, ", held by nobody"),
                    Holder::Candidate(name) => write!(f, ", held by {name}")?,
                    Holder::Outsider => write!(f, ", held by an outsider")?,
                }
                write!(f, ", {:?}, done {:b}", stored.lease_duration, stored.done)?;
                write!(f, ", fired {:?}", stored.fired)
            }
            Self::Hears(Some(request), news) => write!(f, "#{request} hears {news:?}"),
            Self::Hears(None, news) => write!(f, "watch tells {news:?}"),
            Self::Leads { token } => write!(f, "LEADS under token {token}"),
            Self::LeadsNoMore { token, since } => {
                let since = since.as_secs_f64();
                write!(f, "NO LONGER leads under token {token}, since {since:.3} s")
            }
            Self::GivesNoReason => write!(f, "does not lead and gives NO REASON"),
            Self::Told(Told::LeaderChanged(holder)) => write!(f, "told of holder {holder:?}"),
            Self::Told(told) => write!(f, "told {told:?}"),
            Self::WorkEnds { token } => write!(f, "work ends under token {token}"),
            Self::Works { key, token } => write!(f, "works on key {key} under token {token}"),
            Self::Wants => write!(f, "wants the lock"),
            Self::Forgoes(why) => write!(f, "does not get the lock: {why}"),
            Self::WorkFails { key } => write!(f, "the work of key {key} fails"),
            Self::Fires { firing, token } => write!(f, "FIRES {firing} under token {token}"),
            Self::MayNotFire { firing, why } => write!(f, "may not fire {firing}: {why}"),
            Self::SaysDone { key } => write!(f, "says that key {key} is done"),
            Self::GivesUp { key, why } => write!(f, "gives key {key} up: {why}"),
        }
    }
}
