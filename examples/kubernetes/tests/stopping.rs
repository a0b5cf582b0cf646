//! The arithmetic of stopping, which is in `candidate/candidate.yaml`.

use std::time::Duration;

use anyhow::{Context, Result};
use jiff::SignedDuration;
use leasehold::{DEFAULT_DRAIN_TIMEOUT, DEFAULT_RENEW_DEADLINE};
use serde_json::Value;

use crate::application::{Application, applications};

/// Requests under way, and the end of the process.
const THE_REST: Duration = Duration::from_secs(10);

/// The longest that `setting` is for any of the application's elections.
fn longest(application: &Application, setting: &str, default: Duration) -> Result<Duration> {
    let variable = format!("LEASEHOLD_{}", setting.to_uppercase());
    let mut given: Vec<String> = application
        .setting(&variable)?
        .into_iter()
        .map(str::to_owned)
        .collect();
    for (_, election) in application.elections()? {
        given.extend(
            election[setting.replace('_', "-")]
                .as_str()
                .map(str::to_owned),
        );
    }
    let mut longest = default;
    for text in given {
        let duration: SignedDuration = text
            .parse()
            .with_context(|| format!("{variable}: {text}"))?;
        longest = longest.max(duration.try_into()?);
    }
    Ok(longest)
}

#[test]
fn each_candidate_is_given_the_time_that_it_may_need_to_stop() -> Result<()> {
    for application in applications()? {
        let candidate = application.candidate()?;
        let seconds = |value: &Value| value.as_u64().map(Duration::from_secs);
        let pre_stop = candidate
            .containers()
            .find_map(|it| seconds(&it["lifecycle"]["preStop"]["sleep"]["seconds"]));
        let pre_stop = pre_stop.with_context(|| format!("{}: no preStop", candidate.name))?;
        let drain = longest(&application, "drain_timeout", DEFAULT_DRAIN_TIMEOUT)?;
        let release = longest(&application, "renew_deadline", DEFAULT_RENEW_DEADLINE)?;
        let given = seconds(&candidate.spec()["terminationGracePeriodSeconds"]);
        assert!(
            given >= Some(pre_stop + drain + release + THE_REST),
            "{}: terminationGracePeriodSeconds is {given:?}, but stopping may take {pre_stop:?} + {drain:?} + \
             {release:?} + {THE_REST:?}",
            candidate.name,
        );
    }
    Ok(())
}
