//! An answer of the API server that is not the one asked for, and what each means for a Lease.

use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, Response, StatusCode};
use kube::core::Status;
use serde_json::Value;

use super::rbac::{Permission, Verb, role_and_binding};
use super::{LeaseName, errors};
use crate::error::{Error, ErrorKind};
use crate::lease_store::StoreError;

/// No server is left alone for longer, no matter what it asks for: it may be a mistake, or
/// another's.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

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
        let mut status: Box<Status> =
            serde_json::from_slice(body).unwrap_or_else(|_| not_a_status(body).boxed());
        shorten(&mut status.message);
        let in_header = headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let asked = in_header.or_else(|| in_details(&status));
        Self {
            code,
            retry_after: asked.map(|wait| wait.min(LONGEST_RETRY_AFTER)),
            status,
        }
    }

    /// An error in the middle of a watch.
    pub(super) fn in_stream(mut status: Box<Status>) -> Self {
        shorten(&mut status.message);
        Self {
            code: StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            retry_after: in_details(&status).map(|wait| wait.min(LONGEST_RETRY_AFTER)),
            status,
        }
    }

    /// Whether an API server says that there is no such object of the given kind. The code 404 alone
    /// may come from any other server.
    pub(super) fn says_no(&self, kind: &str) -> bool {
        self.status.reason == "NotFound"
            && self
                .status
                .details
                .as_ref()
                .is_some_and(|details| details.kind == kind)
    }

    /// Whether somebody else has written first.
    pub(super) fn is_conflict(&self) -> bool {
        self.code == StatusCode::CONFLICT
    }

    /// What it means for a request about a Lease.
    pub(super) fn into_error(
        self,
        verb: Verb,
        lease: &LeaseName,
        beside: &[Permission],
    ) -> StoreError {
        let LeaseName { namespace, name } = lease;
        let gone = self.code == StatusCode::NOT_FOUND;
        if gone && self.says_no("namespaces") {
            let fix = "there is no such namespace; create it, or name another one";
            return Error::config("namespace", namespace, fix).into();
        }
        let replaces_none = gone && verb == Verb::Update && self.says_no("leases");
        let kind = self.kind();
        let said = &self.status.message;
        let why = if kind == ErrorKind::Forbidden && said.contains(" cannot ") {
            let user = refused_user(said);
            let manifest = role_and_binding(namespace, &[name], beside, user);
            let apply = match user {
                Some(_) => "Apply this Role and RoleBinding",
                None => "Bind this Role",
            };
            format!("{said}\nThe verb {verb} is not granted. {apply}:\n{manifest}")
        } else {
            self.why()
        };
        let message = format!("cannot {verb} the Lease {lease}: {why}");
        match self.code {
            StatusCode::CONFLICT => StoreError::Conflict(message),
            _ if replaces_none => StoreError::Conflict(message),
            StatusCode::GONE => StoreError::TooOld(message),
            _ => Error::new(kind, message)
                .with_retry_after(self.retry_after)
                .into(),
        }
    }

    /// What it means for any other request: it was not possible `to_do` that.
    pub(super) fn to(&self, to_do: &str) -> Error {
        let message = format!("cannot {to_do}: {}", self.why());
        Error::new(self.kind(), message).with_retry_after(self.retry_after)
    }

    fn kind(&self) -> ErrorKind {
        match self.code {
            StatusCode::UNAUTHORIZED => ErrorKind::Unauthorized,
            StatusCode::FORBIDDEN => ErrorKind::Forbidden,
            _ => ErrorKind::Unavailable,
        }
    }

    fn why(&self) -> String {
        match self.status.message.as_str() {
            _ if self.code == StatusCode::UNAUTHORIZED => errors::REFUSED_CREDENTIALS.into(),
            "" => format!("the API server said {}", self.code),
            said => format!("the API server said {}: {said}", self.code),
        }
    }
}

/// Whom the API server takes us for, in the words with which it refuses.
fn refused_user(said: &str) -> Option<&str> {
    let (_, after) = said.split_once("User \"")?;
    let (user, _) = after.split_once("\" cannot ")?;
    Some(user)
}

fn in_details(status: &Status) -> Option<Duration> {
    let seconds = status.details.as_ref()?.retry_after_seconds;
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}

/// Keeps errors and logs readable: the server, or a proxy, may send a message of any length.
fn shorten(message: &mut String) {
    const LONGEST_MESSAGE: usize = 2000;
    if let Some((end, _)) = message.char_indices().nth(LONGEST_MESSAGE) {
        message.truncate(end);
        message.push('…');
    }
}

/// A proxy, or a server that is no API server, has answered.
fn not_a_status(body: &[u8]) -> Status {
    const ENOUGH_TO_RECOGNISE_IT: usize = 200;
    let text = String::from_utf8_lossy(body);
    let start: String = text.trim().chars().take(ENOUGH_TO_RECOGNISE_IT).collect();
    Status::failure(&start, "")
}
