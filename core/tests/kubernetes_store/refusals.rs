//! What is made of answers other than the one asked for.

use std::time::Duration;

use futures_util::StreamExt;
use http::header::{HeaderValue, RETRY_AFTER};
use leasehold::lease_record::ResourceVersion;
use leasehold::lease_store::{LeaseStore, Result, StoreError, WatchEvent};
use leasehold::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::cluster::held_by;
use crate::fake_api_server::{FakeApiServer, answer};

fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    })
}

fn lease() -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "namespace": "default",
            "name": "jobs",
            "uid": "3c2f",
            "resourceVersion": "4711",
            "ownerReferences": [{ "kind": "Deployment", "name": "shop" }],
        },
        "spec": { "holderIdentity": "a", "strategy": "Oldest", "ofNextYear": { "x": [1, 2] } },
    })
}

/// What a read says when the API server answers this, and that it asks only once.
async fn refusal(code: u16, body: Value) -> Error {
    let server = FakeApiServer::start(move |_| answer(code, &body)).await;
    let error = server.lease().await.read().await.unwrap_err();
    assert_eq!(
        server.asked().len(),
        1,
        "it is for the election to ask again"
    );
    error.into()
}

#[tokio::test]
async fn an_overloaded_server_is_left_alone_for_as_long_as_its_header_says() {
    let server = FakeApiServer::start(|_| {
        let mut response = answer(429, &status(429, "TooManyRequests", "too many requests"));
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("7"));
        response
    })
    .await;

    let error = server.lease().await.create(held_by("a")).await.unwrap_err();
    let error = Error::from(error);

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(
        error.message(),
        "cannot create the Lease default/jobs: the API server said 429 Too Many Requests: too \
         many requests"
    );
    assert_eq!(
        server.asked().len(),
        1,
        "it is for the election to ask again"
    );
}

#[tokio::test]
async fn an_overloaded_server_is_left_alone_for_as_long_as_its_details_say() {
    let mut body = status(504, "Timeout", "Too large resource version");
    body["details"] = json!({ "retryAfterSeconds": 3 });

    let error = refusal(504, body).await;

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
}

#[tokio::test]
async fn a_failing_server_is_quoted() {
    let error = refusal(
        500,
        status(500, "InternalError", "etcdserver: leader changed"),
    )
    .await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error.message().ends_with("etcdserver: leader changed"),
        "{error}"
    );
}

#[tokio::test]
async fn a_policy_that_denies_is_not_taken_for_a_missing_role() {
    let message = "admission webhook \"policy.example.com\" denied the request: no Leases";
    let error = refusal(403, status(403, "Forbidden", message)).await;
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.message().ends_with(message), "{error}");
}

#[tokio::test]
async fn a_server_that_is_no_api_server_has_no_say_about_the_lease() {
    let error = refusal(404, json!("<html>nothing here</html>")).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("nothing here"), "{error}");

    let error = refusal(200, json!("welcome")).await;
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn a_replace_names_version_and_uid_and_keeps_all_that_it_does_not_know() {
    let server = FakeApiServer::start(|_| answer(200, &lease())).await;
    let store = server.lease().await;
    let seen = store.read().await.unwrap().expect("a Lease");

    store.replace(seen, held_by("b")).await.unwrap();

    let put = server.asked().pop().expect("a request");
    assert_eq!(put.method, "PUT");
    let mut expected = lease();
    expected["spec"]["holderIdentity"] = json!("b");
    expected["spec"]["leaseDurationSeconds"] = json!(15);
    expected["spec"]["acquireTime"] = Value::Null;
    expected["spec"]["renewTime"] = Value::Null;
    expected["spec"]["leaseTransitions"] = json!(0);
    assert_eq!(put.body, expected);
}

#[tokio::test]
async fn a_read_asks_for_the_present_lease_and_a_watch_for_this_lease_only() {
    let server = FakeApiServer::start(|_| answer(200, &lease())).await;
    let store = server.lease().await;

    store.read().await.unwrap();
    let _ = store.watch(ResourceVersion(17)).collect::<Vec<_>>().await;

    let paths: Vec<_> = server.asked().into_iter().map(|asked| asked.path).collect();
    let leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
    assert_eq!(paths[0], format!("{leases}/jobs"));
    assert_eq!(
        paths[1],
        format!(
            "{leases}?&watch=true&timeoutSeconds=290&fieldSelector=metadata.name%3Djobs\
             &allowWatchBookmarks=true&resourceVersion=17"
        )
    );
}

/// The events of a watch which the API server answers with these lines.
async fn watched(lines: &[Value]) -> Vec<Result<WatchEvent>> {
    let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
    let body = lines.join("\n");
    let server = FakeApiServer::start(move |_| answer(200, &body)).await;
    server
        .lease()
        .await
        .watch(ResourceVersion(17))
        .collect()
        .await
}

#[tokio::test]
async fn a_watch_tells_what_the_server_tells_and_ends_with_it() {
    let events = watched(&[
        json!({ "type": "ADDED", "object": lease() }),
        json!({ "type": "BOOKMARK", "object": {
            "kind": "Lease",
            "apiVersion": "coordination.k8s.io/v1",
            "metadata": { "resourceVersion": "4800" },
        }}),
        json!({ "type": "DELETED", "object": lease() }),
    ])
    .await;

    let [
        Ok(WatchEvent::Opened),
        Ok(WatchEvent::Changed(changed)),
        Ok(WatchEvent::Bookmark(ResourceVersion(4800))),
        Ok(WatchEvent::Deleted(ResourceVersion(4711))),
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!(changed.record.holder, "a");
}

#[tokio::test]
async fn an_error_in_a_watch_is_its_last_event() {
    let expired = status(410, "Expired", "too old resource version: 17 (4711)");
    let events = watched(&[
        json!({ "type": "ERROR", "object": expired }),
        json!({ "type": "ADDED", "object": lease() }),
    ])
    .await;

    let [Ok(WatchEvent::Opened), Err(error)] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert!(matches!(error, StoreError::TooOld(_)), "{error}");
}

#[tokio::test]
async fn a_watch_that_tells_nonsense_is_over() {
    let events = watched(&[json!({ "type": "SHRUGGED" }), json!({})]).await;

    let [Ok(WatchEvent::Opened), Err(error)] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_an_end_is_given_up() {
    let server = FakeApiServer::start(|_| answer(200, &"x".repeat(5 << 20))).await;
    let error = server.lease().await.read().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error.to_string().contains("length limit exceeded"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_without_an_end_is_given_up() {
    let server = FakeApiServer::start(|_| {
        let mut response = answer(200, &"{}");
        let value = "x".repeat(300 << 10).parse().unwrap();
        response.headers_mut().insert("x-long", value);
        response
    })
    .await;
    let error = server.lease().await.read().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_to_wait_for_years() {
    let server = FakeApiServer::start(|_| {
        let mut response = answer(429, &"x".repeat(1 << 20));
        let value = "4000000000".parse().unwrap();
        response.headers_mut().insert("retry-after", value);
        response
    })
    .await;
    let error = Error::from(server.lease().await.read().await.unwrap_err());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert!(error.message().len() < 1000, "{error}");
}
