//! Asks a sidecar, `leasehold serve`, as the application beside it does that has no binding.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Deserialize;
use ureq::Agent;

/// Who does not answer within this is not known to lead.
const TIMEOUT: Duration = Duration::from_millis(500);

/// A sidecar, by where it listens.
pub struct Sidecar {
    agent: Agent,
    url: String,
}

/// What it has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SidecarAnswer {
    /// It leads at this moment, under the term of this fencing token.
    Leads(u64),
    /// It does not, and says why.
    DoesNotLead(String),
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Body {
    fencing_token: Option<u64>,
    remaining_seconds: f64,
    why: String,
}

impl Sidecar {
    /// How often an application asks.
    pub const POLL_PERIOD: Duration = Duration::from_millis(10);
    /// How long a sidecar keeps the Lease after its answer has turned: many times as long as the
    /// application takes to find out, on a machine that is busy with other things.
    pub const RELEASE_DELAY: &str = "1s";

    /// The one that listens on `address`.
    pub fn at(address: &str) -> Self {
        let timeout = Agent::config_builder().timeout_global(Some(TIMEOUT));
        // Not leading is an answer, not a failure.
        let config = timeout.http_status_as_error(false).build();
        Self {
            agent: config.into(),
            url: format!("http://{address}/isLeader"),
        }
    }

    /// Where a sidecar listens, if that is what this line of its log says.
    pub fn address_in(line: &str) -> Option<&str> {
        let (_, address) = line.trim_end().split_once("listening on ")?;
        Some(address)
    }

    /// Asks whether it leads at this moment.
    pub fn ask(&self) -> Result<SidecarAnswer> {
        let asked_at = Instant::now();
        let mut response = self.agent.get(&self.url).call()?;
        let body = response.body_mut().read_to_string()?;
        let body: Body = serde_json::from_str(&body).context("not what a sidecar answers")?;
        // Counted from before it was asked: the answer may have been long on its way.
        let is_good = asked_at.elapsed().as_secs_f64() < body.remaining_seconds;
        Ok(match body.fencing_token.filter(|_| is_good) {
            Some(token) => SidecarAnswer::Leads(token),
            None => SidecarAnswer::DoesNotLead(body.why),
        })
    }
}
