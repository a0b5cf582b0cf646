//! What driver and agent say to each other: a JSON object on each line. `README.md` documents it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Moment;

/// What agents and driver must agree on; raised when an older agent would misunderstand.
pub const VERSION: u32 = 1;

/// The driver asks one candidate of the agent for something.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Comes back with the answer.
    pub id: u64,
    /// Which of the agent's candidates.
    pub candidate: String,
    /// What is asked.
    #[serde(flatten)]
    pub command: Command,
}

/// What is asked of a candidate: the methods of its `LeaderElection`, and a few of its test bench.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Make the candidate, in place of one of that name, and listen to its events.
    New {
        /// Settings by their names; durations in seconds.
        #[serde(default)]
        config: Map<String, Value>,
        /// Whether the listener returns from `lost` only after `acknowledge`.
        #[serde(default)]
        hold_losses: bool,
    },
    /// `start`.
    Start {},
    /// `stop`: answered when it returns.
    Stop {
        /// In seconds: a limit of its own for the work.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        drain_timeout: Option<f64>,
    },
    /// `request_stop`: whether it was running.
    RequestStop {},
    /// `step_down`.
    StepDown {},
    /// `is_leader`.
    IsLeader {},
    /// `remaining`: seconds.
    Remaining {},
    /// `check_health`.
    CheckHealth {
        /// In seconds.
        #[serde(default)]
        tolerance: f64,
    },
    /// `metrics`: a text.
    Metrics {},
    /// `leader`: the holder, or null.
    Leader {},
    /// `term`: the present one, or null.
    Term {},
    /// `status`.
    Status {},
    /// `wait_for_leadership`: the term.
    WaitForLeadership {
        /// In seconds.
        timeout: f64,
    },
    /// `run_if_leader` with work that says `working`: whether it ran, when it has returned.
    RunIfLeader {
        /// Whether the work returns only after `finish`.
        #[serde(default)]
        hold: bool,
    },
    /// `run_once` with such work: whether it ran here, when all is settled; `failed` where it did and failed.
    RunOnce {
        /// The key of the work.
        key: String,
        /// As above.
        #[serde(default)]
        hold: bool,
        /// What the work fails with, if it does.
        #[serde(default)]
        fails: Option<String>,
    },
    /// `claim`: whether the firing is begun; with `within`, `claim_missed`.
    Claim {
        /// The name of the job.
        job: String,
        /// In milliseconds since 1970.
        due: i64,
        /// In seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<f64>,
    },
    /// `last_firing`: in milliseconds since 1970, or null.
    LastFiring {
        /// The name of the job.
        job: String,
    },
    /// `observe` of the lock that is called as the candidate's Lease.
    Observe {},
    /// `try_lock` of it: the term, or null.
    TryLock {
        /// In seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_most: Option<f64>,
        /// In seconds.
        #[serde(default)]
        at_least: f64,
    },
    /// `lock` of it: the term.
    Lock {
        /// In seconds.
        timeout: f64,
        /// In seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_most: Option<f64>,
        /// In seconds.
        #[serde(default)]
        at_least: f64,
    },
    /// Whether the lock that was acquired last is held.
    IsHeld {},
    /// `release` of it: whether it is known to be released.
    Release {},
    /// `close` of the candidate's locks: answered when it returns.
    CloseLocks {},
    /// `check` of the last term that the first listener was notified of.
    CheckTerm {},
    /// Ask `is_leader` each millisecond from now on, and report each change; `lib.rs` says how.
    Sample {
        /// In seconds: no answer may still be true so long after the one before.
        renew_deadline: f64,
    },
    /// Add a further listener.
    AddListener {
        /// The candidate that its events name, so that they differ from the first's.
        named: String,
    },
    /// Let the listener return from `lost`.
    Acknowledge {},
    /// Let the work under way return.
    Finish {},
    /// Show no sign of life of the host runtime for a while; answered after it.
    Stall {
        /// In seconds.
        seconds: f64,
    },
    /// In a forked child: what the election and the term that was acquired last answer there.
    Fork {},
    /// Drop the candidate, by the means of the language.
    Close {},
}

/// What an agent says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Said {
    /// First of all, who it is.
    Hello(Hello),
    /// The outcome of a request.
    Answer {
        /// The request's.
        id: u64,
        /// What the method returned, or raised.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// What `is_leader` has answered, when that changes.
    Sample(SampledAnswer),
    /// What a listener was notified of.
    Event(Event),
}

/// Who an agent is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// Its language.
    pub agent: String,
    /// [`VERSION`].
    pub protocol: u32,
    /// Commands that its language has no means for; cases with them are passed over, and say so.
    #[serde(default)]
    pub cannot: Vec<String>,
}

/// What a method returned, or raised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It returned this.
    Ok(Value),
    /// It raised this.
    Error(Raised),
}

/// An error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Raised {
    /// The name of its `ErrorKind`.
    pub kind: String,
    /// Its message.
    pub message: String,
}

/// A change of what `is_leader` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampledAnswer {
    /// Who was asked.
    pub candidate: String,
    /// The answer.
    pub is_leader: bool,
    /// When the clock was read, which was before the answer.
    pub at: Moment,
}

/// What a listener was notified of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Whose listener.
    pub candidate: String,
    /// The event's name.
    pub event: String,
    /// What it carries.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

impl Command {
    /// The name on the wire.
    pub fn name(&self) -> String {
        let wire = serde_json::to_value(self).unwrap_or_default();
        wire["do"].as_str().unwrap_or_default().to_owned()
    }
}
