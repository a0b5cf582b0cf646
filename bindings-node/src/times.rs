//! Times as JavaScript has them, in milliseconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use leasehold::{Error, ErrorKind};

/// So many milliseconds, of which there may be infinitely many. The package has refused what is no time.
pub(crate) fn duration(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1e3).unwrap_or(Duration::MAX)
}

/// What is left of a time, as JavaScript has it: without a tail of digits, and never too long.
pub(crate) fn whole_milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e3).floor()
}

/// So many milliseconds after the start of 1970.
pub(crate) fn moment(ms: i64) -> leasehold::Result<SystemTime> {
    let distance = Duration::from_millis(ms.unsigned_abs());
    let moment = if ms < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    };
    moment.ok_or_else(|| {
        let message = format!("due = `{ms}`: no time of this system: use one that a schedule has");
        Error::new(ErrorKind::Config, message)
    })
}

/// The reverse. Nothing before 1970 was ever claimed.
pub(crate) fn milliseconds(moment: SystemTime) -> i64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
