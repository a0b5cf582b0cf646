//! Counts of what an election did, and their form for Prometheus.
//!
//! Where client-go has a metric, its name is used (`leader_election_master_status`,
//! `leader_election_slowpath_total`; component-base `metrics/prometheus/clientgo/leaderelection`).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::election::{LostReason, Operation, Reply};
use crate::error::{Error, ErrorKind};
use crate::lease_record::Acquisition;
use crate::named::named;

/// What is counted while the election runs.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<Counts>);

#[derive(Clone, Debug, Default)]
struct Counts {
    terms: u64,
    acquisitions: HashMap<Acquisition, u64>,
    slow_paths: u64,
    losses: HashMap<LostReason, u64>,
    requests: HashMap<(Verb, Outcome), u64>,
}

named! {
    /// What a request asks for, as Kubernetes calls it.
    pub(crate) enum Verb {
        /// A read.
        Get = "get",
        /// A first write.
        Create = "create",
        /// Any other write.
        Update = "update",
    }
}

impl From<&Operation> for Verb {
    fn from(operation: &Operation) -> Self {
        match operation {
            Operation::Read => Self::Get,
            Operation::Create(_) => Self::Create,
            Operation::Replace { .. } => Self::Update,
        }
    }
}

named! {
    /// What became of a request.
    pub(crate) enum Outcome {
        /// It succeeded.
        Ok = "ok",
        /// The Lease had changed.
        Conflict = "conflict",
        /// No answer came in time.
        TimedOut = "timed_out",
        /// Rights or credentials are missing.
        Refused = "refused",
        /// Anything else.
        Failed = "failed",
    }
}

impl From<&Reply> for Outcome {
    fn from(reply: &Reply) -> Self {
        match reply {
            Reply::Read(Ok(_)) | Reply::Written(Ok(_)) => Self::Ok,
            Reply::Conflict(_) => Self::Conflict,
            Reply::Read(Err(error)) | Reply::Written(Err(error)) => Self::of(error),
        }
    }
}

impl Outcome {
    fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::TimedOut => Self::TimedOut,
            ErrorKind::Forbidden | ErrorKind::Unauthorized => Self::Refused,
            _ => Self::Failed,
        }
    }
}

impl Metrics {
    pub(crate) fn count_term(&self, acquisition: Acquisition) {
        self.update(|counts| {
            counts.terms += 1;
            *counts.acquisitions.entry(acquisition).or_default() += 1;
        });
    }

    /// A leader had to read what became of a renewal.
    pub(crate) fn count_slow_path(&self) {
        self.update(|counts| counts.slow_paths += 1);
    }

    pub(crate) fn count_loss(&self, reason: LostReason) {
        self.update(|counts| *counts.losses.entry(reason).or_default() += 1);
    }

    pub(crate) fn count_request(&self, verb: Verb, outcome: Outcome) {
        self.update(|counts| *counts.requests.entry((verb, outcome)).or_default() += 1);
    }

    fn update(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Everything in the Prometheus text format, with how the election stands now.
    pub(crate) fn to_prometheus(&self, lease: &str, is_leader: bool, failing: bool) -> String {
        let counts = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut registry =
            Registry::with_labels([("name".into(), lease.to_owned().into())].into_iter());
        registry.register_collector(Box::new(Sample {
            counts,
            is_leader,
            failing,
        }));
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = text::encode(&mut text, &registry);
        text
    }
}

#[derive(Debug)]
struct Sample {
    counts: Counts,
    is_leader: bool,
    failing: bool,
}

impl Collector for Sample {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let gauge = ConstGauge::new(i64::from(self.is_leader));
        gauge.encode(encoder.encode_descriptor(
            "leader_election_master_status",
            "Whether this instance is the leader",
            None,
            MetricType::Gauge,
        )?)?;
        let gauge = ConstGauge::new(i64::from(self.failing));
        gauge.encode(encoder.encode_descriptor(
            "leasehold_failing",
            "Whether the Lease cannot be read or renewed",
            None,
            MetricType::Gauge,
        )?)?;
        ConstCounter::new(self.counts.slow_paths).encode(encoder.encode_descriptor(
            "leader_election_slowpath",
            "Renewals whose outcome the leader had to read",
            None,
            MetricType::Counter,
        )?)?;
        ConstCounter::new(self.counts.terms).encode(encoder.encode_descriptor(
            "leasehold_terms",
            "Terms acquired by this instance",
            None,
            MetricType::Counter,
        )?)?;
        let mut acquisitions = encoder.encode_descriptor(
            "leasehold_acquisitions",
            "Terms acquired by this instance, by how that came about",
            None,
            MetricType::Counter,
        )?;
        for acquisition in Acquisition::ALL {
            let count = self.counts.acquisitions.get(acquisition).copied();
            let labels = [("acquisition", acquisition.name())];
            ConstCounter::new(count.unwrap_or(0)).encode(acquisitions.encode_family(&labels)?)?;
        }
        let mut losses = encoder.encode_descriptor(
            "leasehold_losses",
            "Terms lost by this instance, by reason",
            None,
            MetricType::Counter,
        )?;
        // Each series from the start: a counter that is born as 1 has never increased.
        for reason in LostReason::ALL {
            let count = self.counts.losses.get(reason).copied().unwrap_or(0);
            let labels = [("reason", reason.name())];
            ConstCounter::new(count).encode(losses.encode_family(&labels)?)?;
        }
        let mut requests = encoder.encode_descriptor(
            "leasehold_requests",
            "Requests to the store, by verb and outcome",
            None,
            MetricType::Counter,
        )?;
        for verb in Verb::ALL {
            for outcome in Outcome::ALL {
                let count = self.counts.requests.get(&(*verb, *outcome)).copied();
                let labels = [("verb", verb.name()), ("outcome", outcome.name())];
                ConstCounter::new(count.unwrap_or(0)).encode(requests.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
