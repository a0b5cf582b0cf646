//! Settings as text, from the environment and from other languages.

use std::time::Duration;

use super::Config;
use crate::error::ErrorKind;

/// Lines of `name=text`, the settings of one election.
///
/// What is refused is said with its field, in one line that commands no terminal; what is accepted keeps the
/// rules of timings.
pub(crate) fn settings(input: &[u8]) {
    let Ok(input) = str::from_utf8(input) else {
        return;
    };
    let mut config = Config::default();
    for line in input.split('\0') {
        let (name, text) = line.split_once('=').unwrap_or((line, ""));
        match config.clone().set(name, text) {
            Ok(changed) => config = changed,
            Err(error) => refused(&error, &name.escape_debug().to_string()),
        }
    }
    let checked = match config.check_for_test() {
        Ok(checked) => checked,
        Err(error) => return refused(&error, ""),
    };
    let election = checked.election();
    let lease = election.lease_duration;
    assert!(lease.subsec_nanos() == 0 && lease <= Duration::from_secs(i32::MAX as u64));
    assert!(lease > election.renew_deadline, "{election:?}");
    assert!(
        election.renew_deadline > election.retry_period.mul_f64(1.2),
        "{election:?}"
    );
    assert!(!election.retry_period.is_zero(), "{election:?}");
    assert!(checked.request_limit() <= election.renew_deadline);
    assert!(checked.stall_timeout() != Some(Duration::ZERO));
    let _ = (checked.sign_of_life_period(), checked.leader_address());
    let _ = (checked.identity(), checked.namespace());
}

fn refused(error: &crate::error::Error, name: &str) {
    let message = error.message();
    assert_eq!(error.kind(), ErrorKind::Config, "{message:?}");
    assert!(message.contains(" = "), "{message:?}");
    assert!(message.starts_with(name), "{message:?}");
    assert!(!message.contains(char::is_control), "{message:?}");
}
