//! The HTTP server: many clients at once, none of which can keep the others from an answer.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::responses::answer;
use super::sidecar::Sidecar;

/// Far below the usual limit of 1024 open files, so that the election always finds one.
const MOST_CONNECTIONS: usize = 256;
/// How long a client may take for a request's line and headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that a client may keep its connection, and how long it then has to take the last
/// answer: also those who never read their answers make room in the end.
const LONGEST_CONNECTION: Duration = Duration::from_secs(60);
const LAST_ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait where the system gives no connection, for want of files or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until the process ends.
pub(crate) async fn serve(listener: TcpListener, sidecar: Arc<Sidecar>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    while let Ok(place) = places.clone().acquire_owned().await {
        let Ok((client, _)) = listener.accept().await else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let sidecar = sidecar.clone();
        tokio::spawn(async move {
            converse(client, &sidecar).await;
            drop(place);
        });
    }
}

/// Answers one client's requests. Its mistakes and its leaving are its own business.
async fn converse(client: TcpStream, sidecar: &Sidecar) {
    let service = service_fn(async |request: hyper::Request<_>| {
        let response = answer(request.method(), request.uri().path(), sidecar);
        Ok::<_, Infallible>(response)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(client), service);
    let mut connection = pin!(connection);
    if timeout(LONGEST_CONNECTION, connection.as_mut())
        .await
        .is_err()
    {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(LAST_ANSWER_TIMEOUT, connection).await;
    }
}
