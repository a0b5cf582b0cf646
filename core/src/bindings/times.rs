//! Times as other languages have them, in milliseconds since the start of 1970.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::error::{Error, ErrorKind, Result};

/// When a firing is due, so many milliseconds after the start of 1970.
///
/// # Errors
/// [`ErrorKind::Config`] if this system cannot say that time.
pub fn due_at(milliseconds: i64) -> Result<SystemTime> {
    let distance = Duration::from_millis(milliseconds.unsigned_abs());
    let due = if milliseconds < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    };
    due.ok_or_else(|| {
        let message =
            format!("due = {milliseconds} ms since 1970: use a time that this system knows");
        Error::new(ErrorKind::Config, message)
    })
}

/// The reverse. What is before 1970 counts as its start.
pub fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_goes_there_and_back_but_for_what_is_before_1970() {
        for (milliseconds, back) in [(1_709_175_600_123, 1_709_175_600_123), (0, 0), (-5, 0)] {
            let due = due_at(milliseconds).expect("a time of this system");
            assert_eq!(super::milliseconds(due), back);
        }
    }
}
