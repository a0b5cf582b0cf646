//! What the API server lets somebody do.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use leasehold::lease_store::kubernetes::Verb;
use serde_json::json;
use tokio::task;

use crate::fake_api_server::{FakeApiServer, answer};

/// How long a test waits for something that must happen.
const LIMIT: Duration = Duration::from_secs(30);
/// One for each verb, and one for the name.
const QUESTIONS: usize = 5;

/// All share the time limit of one request, so none may wait for another.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn everything_is_asked_at_once() {
    let together = Arc::new((Mutex::new(0), Condvar::new()));
    let server = FakeApiServer::start(move |_| {
        let (asked, changed) = &*together;
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        changed.notify_all();
        // What the server would do next on this thread goes on elsewhere.
        let (_asked, wait) = task::block_in_place(|| {
            let all = changed.wait_timeout_while(asked, LIMIT, |asked| *asked < QUESTIONS);
            all.unwrap()
        });
        if wait.timed_out() {
            return answer(504, &"the other questions never came");
        }
        let status = json!({ "allowed": true, "userInfo": { "username": "alice" } });
        answer(201, &json!({ "status": status }))
    })
    .await;
    let review = server.lease().await.review_access(None).await.unwrap();
    assert_eq!(review.user.as_deref(), Some("alice"));
    assert_eq!(review.granted, Verb::ALL);
    assert_eq!(server.asked().len(), QUESTIONS);
}
