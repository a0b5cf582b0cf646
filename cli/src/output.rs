//! Words for people, and the forms of times and errors in JSON.

use std::fmt;
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use console::{StyledObject, style};
use jiff::{SignedDuration, Timestamp};
use leasehold::clock::WallTime;
use leasehold::lease_store::{Keeper, Place};
use leasehold::{Error, LeaseState, stderr};
use serde::{Serialize, Serializer};

/// Below this, tenths of a second matter.
const SHORT: Duration = Duration::from_secs(10);

/// Writes one line, and fails where nobody reads any more.
pub(crate) fn say(line: impl fmt::Display) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

/// Writes a line to stderr, soon. To nobody where nobody reads, which holds up and fails nothing.
pub(crate) fn log(line: impl fmt::Display) {
    stderr::line(format!("leasehold: {line}"));
}

/// Says what is wrong: as [`log`], but before whatever is written next.
pub(crate) fn complain(problem: impl fmt::Display) {
    log(problem);
    stderr::flush();
}

/// Writes one object on a line of its own.
pub(crate) fn say_json(object: &impl Serialize) -> io::Result<()> {
    say(serde_json::to_string(object)?)
}

/// An error, in JSON.
#[derive(Serialize)]
pub(crate) struct Failure {
    kind: &'static str,
    message: String,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind().name(),
            message: error.message().to_owned(),
        }
    }
}

/// For a field that is a name.
pub(crate) fn as_text<T: fmt::Display, S: Serializer>(name: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(name)
}

/// A Lease's time; in JSON it is RFC 3339, in UTC.
pub(crate) fn timestamp(time: WallTime) -> Timestamp {
    // Only times after the year 9999 do not fit.
    Timestamp::from_microsecond(time.as_micros()).unwrap_or(Timestamp::MAX)
}

/// The time now, with as many digits as a Lease has.
pub(crate) fn now() -> Timestamp {
    timestamp(SystemTime::now().into())
}

/// Date and time of day to the second, in UTC.
pub(crate) fn date_and_time(time: Timestamp) -> String {
    time.strftime("%F %H:%M:%SZ").to_string()
}

/// The time of day, in UTC.
pub(crate) fn time_of_day(time: Timestamp) -> String {
    time.strftime("%H:%M:%S%.3fZ").to_string()
}

/// `3.2 s`, `3m 12s`, `2h 5m 3s`.
pub(crate) fn readable(duration: Duration) -> String {
    if duration < SHORT {
        return format!("{:.1} s", duration.as_secs_f64());
    }
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match seconds {
        0..60 => format!("{seconds} s"),
        _ => format!("{:#}", SignedDuration::from_secs(seconds)),
    }
}

/// As [`readable`], of seconds that are not negative.
pub(crate) fn readable_seconds(seconds: f64) -> String {
    readable(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// A state in its colour, where there are colours.
pub(crate) fn coloured(state: LeaseState) -> StyledObject<LeaseState> {
    match state {
        LeaseState::Held => style(state).green().bold(),
        LeaseState::Expired | LeaseState::Unknown => style(state).red().bold(),
        _ => style(state).yellow(),
    }
}

/// Which mode keeps the Lease.
pub(crate) fn mode(place: &Place) -> &'static str {
    match place.keeper {
        Keeper::Folder(_) => "file",
        _ => "kubernetes",
    }
}

/// What keeps the Lease.
pub(crate) fn keeper(place: &Place) -> String {
    match &place.keeper {
        Keeper::Cluster {
            server,
            credentials,
        } => format!("{server} ({credentials})"),
        Keeper::Folder(folder) => format!("folder {}", folder.display()),
        other => format!("{other:?}"),
    }
}
