//! An answer of the API server that is not the one asked for, and what each means for a Lease.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, Response, StatusCode};
use kube::core::Status;
use serde_json::Value;

use super::LeaseName;
use crate::error::{Error, ErrorKind};

/// What a request asks to be allowed, in the words of a Role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Create,
    Update,
    Watch,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "get",
            Self::Create => "create",
            Self::Update => "update",
            Self::Watch => "watch",
        })
    }
}

/// The API server has answered, but does not do what was asked.
pub(super) struct Refusal {
    code: StatusCode,
    status: Box<Status>,
    retry_after: Option<Duration>,
}

/// The object in an answer, or why there is none.
pub(super) fn object(response: &Response<Bytes>) -> Result<Value, Refusal> {
    if !response.status().is_success() {
        return Err(Refusal::new(
            response.status(),
            response.headers(),
            response.body(),
        ));
    }
    serde_json::from_slice(response.body()).map_err(|error| Refusal {
        code: response.status(),
        status: Status::failure(&format!("its answer is not JSON: {error}"), "").boxed(),
        retry_after: None,
    })
}

impl Refusal {
    pub(super) fn new(code: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let status = serde_json::from_slice(body).unwrap_or_else(|_| not_a_status(body).boxed());
        let in_header = headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        Self {
            code,
            retry_after: in_header.or_else(|| in_details(&status)),
            status,
        }
    }

    /// An error in the middle of a watch.
    pub(super) fn in_stream(status: Box<Status>) -> Self {
        Self {
            code: StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            retry_after: in_details(&status),
            status,
        }
    }

    /// Whether there is no such object of the given kind, by the word of an API server. Anything
    /// that answers HTTP says 404 about something.
    pub(super) fn says_no(&self, kind: &str) -> bool {
        self.status.reason == "NotFound"
            && self
                .status
                .details
                .as_ref()
                .is_some_and(|details| details.kind == kind)
    }

    pub(super) fn into_error(self, verb: Verb, lease: &LeaseName) -> Error {
        let kind = match self.code {
            StatusCode::UNAUTHORIZED => ErrorKind::Unauthorized,
            StatusCode::FORBIDDEN => ErrorKind::Forbidden,
            StatusCode::CONFLICT => ErrorKind::Conflict,
            StatusCode::NOT_FOUND if verb == Verb::Update && self.says_no("leases") => {
                ErrorKind::Conflict
            }
            StatusCode::GONE => ErrorKind::Gone,
            StatusCode::NOT_FOUND if self.says_no("namespaces") => {
                let fix = "there is no such namespace; create it, or name another one";
                return Error::config("namespace", &lease.namespace, fix);
            }
            _ => ErrorKind::Unavailable,
        };
        let said = self.status.message;
        let why = match kind {
            ErrorKind::Unauthorized => {
                "the API server does not accept these credentials, nor those read again since: \
                 have they expired, or are they for another cluster?"
                    .into()
            }
            ErrorKind::Forbidden if said.contains(" cannot ") => {
                format!("{said}\n{}", role(verb, lease))
            }
            _ if said.is_empty() => format!("the API server said {}", self.code),
            _ => format!("the API server said {}: {said}", self.code),
        };
        Error::new(kind, format!("cannot {verb} the Lease {lease}: {why}"))
            .with_retry_after(self.retry_after)
    }
}

fn in_details(status: &Status) -> Option<Duration> {
    let seconds = status.details.as_ref()?.retry_after_seconds;
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}

/// A proxy, or a server that is no API server, has answered.
fn not_a_status(body: &[u8]) -> Status {
    const ENOUGH_TO_RECOGNISE_IT: usize = 200;
    let text = String::from_utf8_lossy(body);
    let start: String = text.trim().chars().take(ENOUGH_TO_RECOGNISE_IT).collect();
    Status::failure(&start, "")
}

/// What to grant. `create` cannot be limited to a name: under `resourceNames` it never matches.
fn role(verb: Verb, LeaseName { namespace, name }: &LeaseName) -> String {
    format!(
        "The verb {verb} is not granted. Bind this Role:
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: leasehold-{name}
  namespace: {namespace}
rules:
  - apiGroups: [\"coordination.k8s.io\"]
    resources: [\"leases\"]
    resourceNames: [\"{name}\"]
    verbs: [\"get\", \"update\", \"watch\"]
  - apiGroups: [\"coordination.k8s.io\"]
    resources: [\"leases\"]
    verbs: [\"create\"]"
    )
}
