//! What each path answers.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response, StatusCode};
use serde_json::json;

use super::sidecar::{Answer, Leadership, Sidecar};

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers from memory, at once.
pub(crate) fn answer(method: &Method, path: &str, sidecar: &Sidecar) -> Response<Full<Bytes>> {
    let endpoint = match path {
        "/" => leader,
        "/isLeader" => is_leader,
        "/healthz" => health,
        "/metrics" => metrics,
        _ => return respond(StatusCode::NOT_FOUND, TEXT, "no such path\n"),
    };
    // hyper leaves out the body of an answer to HEAD.
    if method == Method::GET || method == Method::HEAD {
        endpoint(sidecar)
    } else {
        method_not_allowed()
    }
}

/// What the old sidecar answered.
fn leader(sidecar: &Sidecar) -> Response<Full<Bytes>> {
    let body = json!({ "name": sidecar.leader_name() });
    respond(StatusCode::OK, JSON, body.to_string())
}

fn is_leader(sidecar: &Sidecar) -> Response<Full<Bytes>> {
    let Answer {
        identity,
        leadership,
    } = sidecar.answer();
    let (status, body) = match leadership {
        Leadership::Leading(term) => (
            StatusCode::OK,
            json!({
                "isLeader": true,
                "identity": identity,
                "fencingToken": term.fencing_token(),
                "remainingSeconds": term.remaining().as_secs_f64(),
            }),
        ),
        Leadership::NotLeading { why } => (
            StatusCode::CONFLICT,
            json!({ "isLeader": false, "identity": identity, "why": why }),
        ),
    };
    respond(status, JSON, body.to_string())
}

fn health(sidecar: &Sidecar) -> Response<Full<Bytes>> {
    match sidecar.health() {
        Ok(()) => respond(StatusCode::OK, TEXT, "ok\n"),
        Err(error) => respond(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{error}\n")),
    }
}

fn metrics(sidecar: &Sidecar) -> Response<Full<Bytes>> {
    respond(StatusCode::OK, METRICS, sidecar.metrics())
}

fn method_not_allowed() -> Response<Full<Bytes>> {
    let mut response = respond(
        StatusCode::METHOD_NOT_ALLOWED,
        TEXT,
        "only GET and HEAD are allowed here\n",
    );
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

fn respond(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    // Each answer is about the moment in which it was asked for.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
