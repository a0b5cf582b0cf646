//! The connection that up to fifty Leases share, and when it is given up for a fresh one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use rustls::sign::CertifiedKey;
use tokio::time::timeout;
use tower::BoxError;

use super::access::{Access, Shown};
use super::cluster::Cluster;
use super::shared_task::{self, SharedTask};
use super::transport::{SendError, Transport};
use crate::error::Result;

/// How many Leases share a connection. Each has at most one watch and one request under way, and
/// API servers allow 100 streams on a connection: so a write never queues behind watches.
pub(super) const LEASES_PER_CONNECTION: usize = 50;

/// How many times a request is sent if the server closes the connection without processing it.
const ATTEMPTS: usize = 3;

/// A connection to the API server that is opened when it is needed, and again after a failure.
pub(super) struct Connection {
    cluster: Arc<Cluster>,
    line: Mutex<Option<Arc<Line>>>,
}

/// More than an object can have: etcd takes no request of more than 1.5 MiB.
pub(super) const LONGEST_ANSWER: usize = 4 << 20;

/// How many times the limit of a request opening a connection may take: a slow network needs several
/// times as long for it as for an answer. It goes on while requests give up.
const OPENING_LIMIT: u32 = 4;

/// One attempt at such a connection. A failure gives up the line it happened on and no later one,
/// however many requests fail with it.
struct Line {
    access: Arc<Access>,
    opening: SharedTask<Arc<Opened>>,
    /// Somebody has waited in vain for it to open.
    is_late: AtomicBool,
}

struct Opened {
    transport: Transport,
    /// Ours, when it was opened.
    certificate: Option<Arc<CertifiedKey>>,
}

/// An answer, and how it was come by.
struct Answer<'a> {
    response: Response<Incoming>,
    in_flight: InFlight<'a>,
    shown: Shown,
}

impl Connection {
    pub(super) fn new(cluster: Arc<Cluster>) -> Self {
        Self {
            cluster,
            line: Mutex::default(),
        }
    }

    pub(super) fn is_to_the_cluster_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.cluster, &other.cluster)
    }

    /// Sends `request` and receives the answer to its end. When the future is dropped before that,
    /// or fails, nobody uses the same connection again.
    pub(super) async fn request(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let (response, in_flight) = self.send(request, OnDrop::GiveUpTheLine).await?;
        let (head, body) = response.into_parts();
        let body = collected(body, &in_flight).await?;
        in_flight.finish();
        Ok(Response::from_parts(head, body))
    }

    /// Sends `request` and receives the head of an answer which goes on for long, and which may be
    /// dropped at any time.
    pub(super) async fn stream(
        &self,
        request: Request<Bytes>,
    ) -> Result<(Response<Incoming>, InFlight<'_>)> {
        self.send(request, OnDrop::KeepTheLine).await
    }

    /// Sends `request`; if the credentials are refused, once more with others.
    async fn send(
        &self,
        request: Request<Bytes>,
        on_drop: OnDrop,
    ) -> Result<(Response<Incoming>, InFlight<'_>)> {
        let first = self.send_until_taken(&request, on_drop).await?;
        if first.response.status() != StatusCode::UNAUTHORIZED {
            return Ok((first.response, first.in_flight));
        }
        let refused = (Arc::clone(&first.in_flight.line.access), first.shown);
        first.in_flight.finish();
        self.cluster
            .replace_credentials(&refused.0, &refused.1)
            .await?;
        self.cluster.note_refusal(refused.1);
        // Where there are no others, this is the refusal that was just noted.
        let second = self.send_until_taken(&request, on_drop).await?;
        if second.response.status() == StatusCode::UNAUTHORIZED {
            self.cluster.note_refusal(second.shown);
        }
        Ok((second.response, second.in_flight))
    }

    /// Sends `request`, and again on a fresh connection where the server has closed this one and
    /// says that it has not looked at the request. (API servers do so now and then to spread load,
    /// and after each refusal of credentials.) A request whose fate is unknown is not repeated.
    async fn send_until_taken(
        &self,
        request: &Request<Bytes>,
        on_drop: OnDrop,
    ) -> Result<Answer<'_>> {
        let mut attempt = 1;
        loop {
            self.cluster.check_not_refused().await?;
            let line = self.line().await;
            let (authorized, shown) = line.access.authorize(request.clone()).await?;
            let opened = self.opened(&line).await?;
            let in_flight = InFlight {
                connection: self,
                line: Arc::clone(&line),
                on_drop,
            };
            match opened.transport.send(authorized).await {
                Ok(response) => {
                    return Ok(Answer {
                        response,
                        in_flight,
                        shown,
                    });
                }
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

    /// The line to use now. A fresh one is opened with what the configuration says now, so that
    /// what rotates is followed.
    async fn line(&self) -> Arc<Line> {
        let access = self.cluster.access();
        let usable = self.locked_line().clone();
        let usable = usable.filter(|line| line.serves(&access));
        if let Some(line) = usable.filter(|line| !line.is_late.load(Ordering::Relaxed)) {
            return line;
        }
        let access = self.cluster.read_again().await;
        let mut line = self.locked_line();
        // Somebody else may have been faster; or it only takes longer.
        if let Some(line) = line.as_ref().filter(|line| line.serves(&access)) {
            line.is_late.store(false, Ordering::Relaxed);
            return Arc::clone(line);
        }
        let fresh = Arc::new(Line::open(Arc::clone(&self.cluster), access));
        Arc::clone(line.insert(fresh))
    }

    /// Waits until `line` is open, for as long as a request should.
    async fn opened(&self, line: &Arc<Line>) -> Result<Arc<Opened>> {
        let patience = self.cluster.options.patience();
        match timeout(patience, line.opening.clone()).await {
            Ok(Ok(opened)) => Ok(opened),
            Ok(Err(error)) => {
                self.give_up(line);
                Err(error)
            }
            Err(_) => {
                line.is_late.store(true, Ordering::Relaxed);
                Err(self.cluster.unreachable(&line.access, &late(patience)))
            }
        }
    }

    fn give_up(&self, failed: &Arc<Line>) {
        self.locked_line().take_if(|line| Arc::ptr_eq(line, failed));
    }

    fn locked_line(&self) -> MutexGuard<'_, Option<Arc<Line>>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Opens it in a task of its own, which goes on even if nobody waits for it.
    fn open(cluster: Arc<Cluster>, access: Arc<Access>) -> Self {
        let opening = shared_task::start({
            let access = Arc::clone(&access);
            async move {
                // TLS may ask for a certificate, which a plugin may give.
                let credentials = access.credentials.present().await?;
                let silence_limit = cluster.options.silence_limit;
                let limit = silence_limit * OPENING_LIMIT;
                let opening = timeout(limit, Transport::open(&access, silence_limit));
                let transport = opening
                    .await
                    .unwrap_or_else(|_| Err(late(cluster.options.patience())))
                    .map_err(|error| cluster.unreachable(&access, &error))?;
                cluster.reached(&access);
                Ok(Arc::new(Opened {
                    transport,
                    certificate: credentials.certificate,
                }))
            }
        });
        Self {
            access,
            opening,
            is_late: AtomicBool::new(false),
        }
    }

    /// Whether it is open, or being opened, for `access` and with its present certificate.
    fn serves(&self, access: &Arc<Access>) -> bool {
        if !Arc::ptr_eq(&self.access, access) {
            return false;
        }
        match self.opening.peek() {
            None => true,
            Some(Err(_)) => false,
            Some(Ok(opened)) => {
                let certificate = access.credentials.certificate();
                let same_certificate = certificate.as_ref().map(Arc::as_ptr)
                    == opened.certificate.as_ref().map(Arc::as_ptr);
                same_certificate && !opened.transport.is_closed()
            }
        }
    }
}

/// Receives `body` to its end, if that is not too far.
pub(super) async fn collected(body: Incoming, in_flight: &InFlight<'_>) -> Result<Bytes> {
    match Limited::new(body, LONGEST_ANSWER).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) => Err(in_flight.fail(error)),
    }
}

/// One message, whether a request has stopped waiting or the attempt itself has ended: two
/// messages would be reported as two errors.
fn late(patience: Duration) -> BoxError {
    format!("no connection after {patience:?}").into()
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
        self.connection
            .cluster
            .unreachable(&self.line.access, &error.into())
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if self.on_drop == OnDrop::GiveUpTheLine {
            self.connection.give_up(&self.line);
        }
    }
}
