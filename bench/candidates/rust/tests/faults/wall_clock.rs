//! Another machine's wall clock is wrong. (That a candidate's own one takes no part is shown in
//! virtual time, by `core/src/election/tests/`: there the wall clock is an argument.)

use std::time::Duration;

use anyhow::ensure;
use leasehold_bench::now;
use serde_json::json;

use crate::endurance::{arena, endure};

const DURATION: Duration = Duration::from_secs(3);

#[test]
fn a_holder_whose_clock_is_years_ahead() {
    a_holder_at(
        "ahead",
        "2199-01-01T00:00:00.000000Z",
        "taken by a client whose clock is years ahead",
    );
}

#[test]
fn a_holder_whose_clock_is_years_behind() {
    a_holder_at(
        "behind",
        "2001-01-01T00:00:00.000000Z",
        "taken by a client whose clock is years behind",
    );
}

/// Others wait the duration in the record, from when they saw it: no sooner, and not for ever.
fn a_holder_at(name: &str, time: &str, fault: &'static str) {
    endure(fault, || {
        let mut trial = arena().trial(name)?;
        trial.leader()?;
        let taken_at = now();
        trial.edit_lease(&json!({ "spec": {
            "holderIdentity": "elsewhere",
            "acquireTime": time,
            "renewTime": time,
        }}))?;
        trial.nobody_leads()?;
        let leader = trial.recovers()?;
        let since = trial.candidate(&leader).leads_since().unwrap_or_default();
        let waited = Duration::from_nanos(since - taken_at);
        ensure!(waited >= DURATION, "taken over after {waited:?}");
        trial.verdict()
    });
}
