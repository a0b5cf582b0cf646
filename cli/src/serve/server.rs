//! The HTTP server: many clients at once, none of which can keep the others from an answer.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::responses::answer;
use super::sidecar::Sidecar;

/// Far below the usual limit of 1024 open files, so that the election always finds one. For one more
/// client, the one that has asked for nothing for the longest time is sent away.
const MOST_CONNECTIONS: usize = 256;
/// How long a client may take for a request's line and headers, also until it begins with them.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that a client may keep its connection, and how long it then has to take the last
/// answer: also those who never read their answers make room in the end.
const LONGEST_CONNECTION: Duration = Duration::from_secs(60);
const LAST_ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait where the system gives no connection, for want of files or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// One client that is connected.
struct Connection {
    task: AbortHandle,
    last_use: Arc<AtomicU64>,
}

/// Tells earlier uses of connections from later ones.
static USES: AtomicU64 = AtomicU64::new(0);

fn note_use(last_use: &AtomicU64) {
    last_use.store(USES.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
}

/// Serves until the process ends.
pub(super) async fn serve(listener: TcpListener, sidecar: &'static Sidecar) {
    let mut connections: Vec<Connection> = Vec::new();
    loop {
        let Ok((client, _)) = listener.accept().await else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        connections.retain(|connection| !connection.task.is_finished());
        if connections.len() >= MOST_CONNECTIONS {
            send_the_idlest_away(&mut connections);
        }
        let last_use = Arc::new(AtomicU64::default());
        note_use(&last_use);
        let task = tokio::spawn(converse(client, sidecar, last_use.clone()));
        connections.push(Connection {
            task: task.abort_handle(),
            last_use,
        });
    }
}

fn send_the_idlest_away(connections: &mut Vec<Connection>) {
    let last_use = |number: &usize| connections[*number].last_use.load(Ordering::Relaxed);
    if let Some(idlest) = (0..connections.len()).min_by_key(last_use) {
        connections.swap_remove(idlest).task.abort();
    }
}

/// Answers one client's requests. Its mistakes and its leaving are its own business.
async fn converse(client: TcpStream, sidecar: &'static Sidecar, last_use: Arc<AtomicU64>) {
    let service = service_fn(async |request: hyper::Request<_>| {
        note_use(&last_use);
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
