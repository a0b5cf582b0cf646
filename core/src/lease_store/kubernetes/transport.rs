//! One HTTP/2 connection, or HTTP/1 where the other side speaks nothing else.

use std::error::Error as _;
use std::time::{Duration, Instant};

use h2::Reason;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::Connection as _;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower::{BoxError, ServiceExt};

use super::access::{Access, Body};
use super::connector::Connector;

/// More than the headers of any answer need.
const LONGEST_HEAD: usize = 64 << 10;

/// An open way to the API server, for any number of requests at a time. It repeats none.
pub(super) enum Transport {
    Http2(SendRequest<Body>),
    /// As many connections as there are requests at a time.
    Http1(Box<Client<Connector, Body>>),
}

impl Transport {
    pub(super) async fn open(access: &Access, silence_limit: Duration) -> Result<Self, BoxError> {
        let start = Instant::now();
        let stream = access
            .connector
            .clone()
            .oneshot(access.server.clone())
            .await?;
        if !stream.connected().is_negotiated_h2() {
            // It opens its own connections; this one has shown what to expect.
            let client = Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .retry_canceled_requests(false)
                .http1_max_buf_size(LONGEST_HEAD)
                .build(access.connector.clone());
            return Ok(Self::Http1(Box::new(client)));
        }
        // A dead connection is noticed within the limit, also while nothing but watches use it. But
        // on a slow network the answer to a ping takes longer: opening took a round trip or more.
        let ping_after = silence_limit / 2;
        let answer_within = ping_after.max(start.elapsed() * 2);
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(ping_after)
            .keep_alive_timeout(answer_within)
            .keep_alive_while_idle(true)
            .max_header_list_size(u32::try_from(LONGEST_HEAD).unwrap_or(u32::MAX))
            .handshake(stream)
            .await?;
        // It ends after the last request on it. Its error is also that of each of them.
        tokio::spawn(connection);
        Ok(Self::Http2(sender))
    }

    pub(super) async fn send(
        &self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, SendError> {
        match self {
            Self::Http2(sender) => {
                let sending = sender.clone().try_send_request(request);
                sending.await.map_err(|mut error| {
                    let never_sent = error.take_message().is_some();
                    let error = error.into_error();
                    if never_sent || was_refused(&error) {
                        SendError::NotTaken(error.into())
                    } else {
                        SendError::Lost(error.into())
                    }
                })
            }
            Self::Http1(client) => {
                let sending = client.request(request);
                sending.await.map_err(|error| SendError::Lost(error.into()))
            }
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Http2(sender) => sender.is_closed(),
            Self::Http1(_) => false,
        }
    }
}

/// Why there is no answer to a request.
pub(super) enum SendError {
    /// The server has not looked at it.
    NotTaken(BoxError),
    /// Nobody knows what became of it.
    Lost(BoxError),
}

/// Whether the server says that it has not looked at the request: its stream comes after the last
/// one that a closing server has served, or was refused by itself (RFC 9113, section 8.7).
fn was_refused(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    cause.is_some_and(|cause: &h2::Error| {
        let by_its_reason = match cause.reason() {
            Some(Reason::NO_ERROR) => cause.is_go_away(),
            Some(Reason::REFUSED_STREAM) => cause.is_reset(),
            _ => false,
        };
        cause.is_remote() && by_its_reason
    })
}

#[cfg(test)]
mod tests {
    use h2::server;
    use hyper_util::rt::TokioIo;
    use tokio::io::DuplexStream;

    use super::*;

    /// What becomes of a request to a server that behaves like this.
    async fn send_to<S>(server: impl FnOnce(DuplexStream) -> S) -> SendError
    where
        S: Future<Output = ()> + Send + 'static,
    {
        let (near, far) = tokio::io::duplex(64 * 1024);
        tokio::spawn(server(far));
        let client = http2::Builder::new(TokioExecutor::new());
        let (sender, connection) = client
            .handshake(TokioIo::new(near))
            .await
            .expect("a client");
        tokio::spawn(connection);
        let request = Request::get("https://api/")
            .body(Body::default())
            .expect("a request");
        let outcome = Transport::Http2(sender).send(request).await;
        outcome.expect_err("no answer")
    }

    /// Serves one request with nothing but the end of its stream, for this reason.
    async fn reset(stream: DuplexStream, reason: Reason) {
        let mut connection = server::handshake(stream).await.expect("a server");
        let (_, mut answer) = connection
            .accept()
            .await
            .expect("a stream")
            .expect("a request");
        answer.send_reset(reason);
        while connection.accept().await.is_some() {}
    }

    #[tokio::test]
    async fn a_request_that_a_closing_server_has_not_served_was_not_taken() {
        let error = send_to(|stream| async {
            let mut connection = server::handshake(stream).await.expect("a server");
            connection.abrupt_shutdown(Reason::NO_ERROR);
            while connection.accept().await.is_some() {}
        });
        assert!(matches!(error.await, SendError::NotTaken(_)));
    }

    #[tokio::test]
    async fn a_refused_request_was_not_taken() {
        let error = send_to(|stream| reset(stream, Reason::REFUSED_STREAM)).await;
        assert!(matches!(error, SendError::NotTaken(_)));
    }

    #[tokio::test]
    async fn a_request_that_failed_on_the_server_is_lost() {
        let error = send_to(|stream| reset(stream, Reason::INTERNAL_ERROR)).await;
        assert!(matches!(error, SendError::Lost(_)));
    }

    #[tokio::test]
    async fn a_request_whose_connection_broke_is_lost() {
        let error = send_to(|stream| async {
            let mut connection = server::handshake(stream).await.expect("a server");
            let request = connection.accept().await;
            drop((request, connection));
        });
        assert!(matches!(error.await, SendError::Lost(_)));
    }
}
