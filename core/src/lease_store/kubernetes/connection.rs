//! The connection that up to fifty Leases share, and when it is given up for a fresh one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tower::BoxError;

use super::access::Access;
use super::cluster::Cluster;
use super::errors;
use super::transport::{SendError, Transport};
use crate::error::Result;

/// How many Leases share a connection. Each has at most one watch and one request under way, and
/// API servers allow 100 streams on a connection: so a write never queues behind watches.
pub(super) const LEASES_PER_CONNECTION: usize = 50;

/// How often a request is sent that the server hands back unread.
const ATTEMPTS: usize = 3;

/// A connection to the API server that is opened when it is needed, and again after a failure.
pub(super) struct Connection {
    cluster: Arc<Cluster>,
    line: Mutex<Option<Arc<Line>>>,
}

/// One attempt at such a connection. A failure gives up the line it happened on and no later one,
/// however many requests fail with it.
struct Line {
    access: Arc<Access>,
    transport: OnceCell<Transport>,
}

impl Connection {
    pub(super) fn new(cluster: Arc<Cluster>) -> Self {
        Self {
            cluster,
            line: Mutex::default(),
        }
    }

    /// Sends `request` and receives the answer to its end. When the future is dropped before that,
    /// or fails, nobody uses the same connection again.
    pub(super) async fn request(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let (response, in_flight) = self.send(request, OnDrop::GiveUpTheLine).await?;
        let (head, body) = response.into_parts();
        match body.collect().await {
            Ok(body) => {
                in_flight.finish();
                Ok(Response::from_parts(head, body.to_bytes()))
            }
            Err(error) => Err(in_flight.fail(error)),
        }
    }

    /// Sends `request` and receives the head of an answer which goes on for long, and which may be
    /// dropped at any time.
    pub(super) async fn stream(
        &self,
        request: Request<Bytes>,
    ) -> Result<(Response<Incoming>, InFlight<'_>)> {
        self.send(request, OnDrop::KeepTheLine).await
    }

    /// Sends `request`; where the credentials are refused, once more with fresh ones.
    async fn send(
        &self,
        request: Request<Bytes>,
        on_drop: OnDrop,
    ) -> Result<(Response<Incoming>, InFlight<'_>)> {
        let (response, in_flight) = self.send_until_taken(&request, on_drop).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok((response, in_flight));
        }
        let refused = Arc::clone(&in_flight.line.access);
        in_flight.finish();
        self.cluster.renew_access(refused).await?;
        self.send_until_taken(&request, on_drop).await
    }

    /// Sends `request`, and again on a fresh connection where the server has closed this one and
    /// says that it has not looked at the request. (API servers do so now and then to spread load,
    /// and after each refusal of credentials.) A request whose fate is unknown is not repeated.
    async fn send_until_taken(
        &self,
        request: &Request<Bytes>,
        on_drop: OnDrop,
    ) -> Result<(Response<Incoming>, InFlight<'_>)> {
        let mut attempt = 1;
        loop {
            let line = self.line().await;
            let authorized = line.access.authorize(request.clone()).await?;
            let transport = line
                .transport(self.cluster.options.silence_limit)
                .await
                .map_err(|error| errors::unreachable(&line.access, &error))?;
            let in_flight = InFlight {
                connection: self,
                line: Arc::clone(&line),
                on_drop,
            };
            match transport.send(authorized).await {
                Ok(response) => return Ok((response, in_flight)),
                Err(SendError::NotTaken(_)) if attempt < ATTEMPTS => {
                    self.give_up(&line);
                    attempt += 1;
                }
                Err(SendError::NotTaken(error) | SendError::Lost(error)) => {
                    return Err(in_flight.fail(error));
                }
            }
        }
    }

    /// The line to use now: the present one, unless it is closed or has old credentials.
    async fn line(&self) -> Arc<Line> {
        let access = self.cluster.access().await;
        let mut line = self.locked_line();
        if let Some(line) = &*line
            && Arc::ptr_eq(&line.access, &access)
            && !line.is_closed()
        {
            return Arc::clone(line);
        }
        let fresh = Arc::new(Line {
            access,
            transport: OnceCell::new(),
        });
        Arc::clone(line.insert(fresh))
    }

    fn give_up(&self, failed: &Arc<Line>) {
        self.locked_line().take_if(|line| Arc::ptr_eq(line, failed));
    }

    fn locked_line(&self) -> MutexGuard<'_, Option<Arc<Line>>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Connects unless that has been done. Of several callers one connects and the others wait for
    /// it; when its future is dropped, the next one starts afresh.
    async fn transport(&self, time_limit: Duration) -> Result<&Transport, BoxError> {
        self.transport
            .get_or_try_init(|| async {
                let opening = Transport::open(&self.access, time_limit);
                match timeout(time_limit, opening).await {
                    Ok(result) => result,
                    Err(_) => Err(format!("no connection after {time_limit:?}").into()),
                }
            })
            .await
    }

    fn is_closed(&self) -> bool {
        self.transport.get().is_some_and(Transport::is_closed)
    }
}

/// A request under way on a line.
pub(super) struct InFlight<'a> {
    connection: &'a Connection,
    line: Arc<Line>,
    on_drop: OnDrop,
}

/// What it means that the caller loses interest in a request.
#[derive(Clone, Copy, PartialEq)]
enum OnDrop {
    /// It has waited for too long: the connection may be dead.
    GiveUpTheLine,
    /// Nothing.
    KeepTheLine,
}

impl InFlight<'_> {
    fn finish(mut self) {
        self.on_drop = OnDrop::KeepTheLine;
    }

    /// The connection has failed.
    pub(super) fn fail(&self, error: impl Into<BoxError>) -> crate::Error {
        self.connection.give_up(&self.line);
        errors::unreachable(&self.line.access, &error.into())
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if self.on_drop == OnDrop::GiveUpTheLine {
            self.connection.give_up(&self.line);
        }
    }
}
