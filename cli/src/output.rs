//! Words for people, and the forms of times and errors in JSON.

use std::fmt;
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use console::{StyledObject, style};
use jiff::{SignedDuration, Timestamp};
use leasehold::bindings::{LogLevel, set_log_sink, stderr};
use leasehold::clock::WallTime;
use leasehold::lease_store::{Backend, Location};
use leasehold::{Error, LeaseState};
use serde::{Serialize, Serializer};

/// Below this, tenths of a second matter.
const SHORT: Duration = Duration::from_secs(10);
/// From here on, seconds do not.
const LONG: Duration = Duration::from_secs(2 * SECONDS_PER_DAY);
const SECONDS_PER_DAY: u64 = 24 * 60 * 60;
/// As long as an identity may be; a longer one is there to hide what is beside it.
const LONGEST_NAME: usize = 253;

/// Writes one line, and fails if nobody reads any more.
pub(crate) fn say(line: impl fmt::Display) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

/// Writes a line to the log on stderr, with the time, soon, as [`printable_lines`]. To nobody where
/// nobody reads, which holds up and fails nothing.
pub(crate) fn log(line: impl fmt::Display) {
    let line = format!("{:.3} leasehold: {line}", now());
    stderr::line(printable_lines(&line));
}

/// Says what is wrong: without the time, and before what is written next.
pub(crate) fn complain(problem: impl fmt::Display) {
    stderr::line(printable_lines(&format!("leasehold: {problem}")));
    stderr::flush();
}

/// From now on, says what the library warns of. For commands that lead nothing, which this could hold up.
pub(crate) fn complain_of_warnings() -> leasehold::Result<()> {
    set_log_sink(LogLevel::Warn, |record| complain(record.message))
}

/// Writes one object on a line of its own.
pub(crate) fn say_json(object: &impl Serialize) -> io::Result<()> {
    say(serde_json::to_string(object)?)
}

/// A name that somebody else has chosen, in one line of what a terminal shows and does not obey.
pub(crate) fn printable(name: &str) -> String {
    let mut letters = name.chars().map(|letter| match letter {
        '\n' => char::REPLACEMENT_CHARACTER,
        letter => harmless(letter),
    });
    let mut shown: String = letters.by_ref().take(LONGEST_NAME).collect();
    if letters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// The same for a message, which may have several lines.
pub(crate) fn printable_lines(message: &str) -> String {
    message.chars().map(harmless).collect()
}

/// Neither a part of a command to a terminal nor a change of the direction in which it writes.
fn harmless(letter: char) -> char {
    let obeyed = match letter {
        '\n' => false,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        other => other.is_control(),
    };
    if obeyed {
        char::REPLACEMENT_CHARACTER
    } else {
        letter
    }
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

/// `3.2 s`, `3m 12s`, `2h 5m 3s`, `3 days`.
pub(crate) fn readable(duration: Duration) -> String {
    if duration < SHORT {
        return format!("{:.1} s", duration.as_secs_f64());
    }
    if duration >= LONG {
        return format!("{} days", duration.as_secs() / SECONDS_PER_DAY);
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
pub(crate) fn mode(location: &Location) -> &'static str {
    match location.backend {
        Backend::Folder(_) => "file",
        _ => "kubernetes",
    }
}

/// What keeps the Lease.
pub(crate) fn backend(location: &Location) -> String {
    match &location.backend {
        Backend::Cluster {
            server,
            credentials,
        } => format!("{server} ({credentials})"),
        Backend::Folder(folder) => format!("folder {}", folder.display()),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_shown_as_exactly_as_it_matters() {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        for (duration, shown) in [
            (Duration::from_millis(3210), "3.2 s"),
            (Duration::from_secs(59), "59 s"),
            (Duration::from_secs(192), "3m 12s"),
            (hours(47), "47h"),
            (hours(48), "2 days"),
            (hours(60399), "2516 days"),
        ] {
            assert_eq!(readable(duration), shown);
        }
    }

    #[test]
    fn no_name_commands_a_terminal_or_fills_it() {
        let name = "\u{1b}[2J\u{1b}]0;owned\u{7}\nshop/jobs\u{9b}\u{202e} held\r";
        assert_eq!(printable(name), "�[2J�]0;owned��shop/jobs�� held�");
        assert_eq!(printable("wéb-1_日本"), "wéb-1_日本");
        let long = "x".repeat(LONGEST_NAME);
        assert_eq!(printable(&long), long);
        assert_eq!(printable(&(long.clone() + "yz")), long + "…");
    }

    #[test]
    fn a_message_keeps_its_lines() {
        assert_eq!(printable_lines("a\n  b\u{1b}[2J\r\n"), "a\n  b�[2J�\n");
    }
}
