//! TCP to a host that may have several addresses, of which some may be dead.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::sleep;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceExt, service_fn};

/// Opens streams of one kind.
pub(super) type Open<S> = BoxCloneSyncService<Uri, S, BoxError>;

/// How long an address has for itself before the next one is tried beside it (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// `silence_limit` is how long a connection may stay silent.
pub(super) fn connector(silence_limit: Duration) -> Open<TokioIo<TcpStream>> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    // HTTP/2 has pings of its own; these are for servers that speak HTTP/1 only.
    tcp.set_keepalive(Some(silence_limit / 2));
    tcp.set_keepalive_interval(Some(silence_limit / 4));
    tcp.set_keepalive_retries(Some(2));
    BoxCloneSyncService::new(service_fn(move |uri: Uri| {
        let tcp = tcp.clone();
        async move {
            let addresses = addresses(&uri).await?;
            first_of(tcp, addresses).await
        }
    }))
}

async fn addresses(uri: &Uri) -> Result<Vec<SocketAddr>, BoxError> {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
        Some("https") => 443,
        Some("socks5" | "socks5h") => 1080,
        _ => 80,
    });
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found = lookup_host((host, port)).await;
    let found = found.map_err(|error| format!("dns error: {error}"))?;
    Ok(families_in_turn(found.collect()))
}

/// So that a family that does not work costs one attempt (RFC 8305, section 4).
fn families_in_turn(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first().copied() else {
        return addresses;
    };
    let of_first = |address: &SocketAddr| address.is_ipv4() == first.is_ipv4();
    let (preferred, others): (Vec<_>, Vec<_>) = addresses.into_iter().partition(of_first);
    let (mut preferred, mut others) = (preferred.into_iter(), others.into_iter());
    let mut in_turn = Vec::new();
    loop {
        match (preferred.next(), others.next()) {
            (None, None) => return in_turn,
            (one, another) => in_turn.extend(one.into_iter().chain(another)),
        }
    }
}

/// The first connection that stands, of attempts side by side.
async fn first_of(
    tcp: HttpConnector,
    addresses: Vec<SocketAddr>,
) -> Result<TokioIo<TcpStream>, BoxError> {
    let mut untried = addresses.into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut error = BoxError::from("dns error: the name has no address");
    loop {
        if let Some(address) = untried.next() {
            let uri: Uri = format!("http://{address}").parse()?;
            attempts.push(tcp.clone().oneshot(uri));
        } else if attempts.is_empty() {
            return Err(error);
        }
        tokio::select! {
            Some(attempt) = attempts.next() => match attempt {
                Ok(stream) => return Ok(stream),
                Err(failed) => error = failed.into(),
            },
            () = sleep(HEAD_START), if untried.len() > 0 => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};
    use tokio::time::timeout;

    use super::*;

    /// An address that answers nobody, like that of a machine which is off: its queue is full.
    async fn dead() -> (TcpListener, Vec<TcpStream>, SocketAddr) {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let listener = socket.listen(1).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let mut queue = Vec::new();
        while let Ok(stream) =
            timeout(Duration::from_millis(300), TcpStream::connect(address)).await
        {
            queue.push(stream.expect("a connection"));
        }
        (listener, queue, address)
    }

    #[tokio::test]
    async fn dead_addresses_do_not_hold_up_the_one_that_lives() {
        let (_one, _queue, dead_address) = dead().await;
        let alive = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = alive.local_addr().expect("an address");

        let connecting = first_of(
            HttpConnector::new(),
            vec![dead_address, dead_address, address],
        );
        let stream = timeout(Duration::from_secs(30), connecting)
            .await
            .expect("in time")
            .expect("a connection");

        assert_eq!(stream.inner().peer_addr().expect("a peer"), address);
    }

    #[tokio::test]
    async fn an_address_that_refuses_makes_way_at_once_and_the_last_error_is_told() {
        let refusing = {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
            listener.local_addr().expect("an address")
        };
        let error = first_of(HttpConnector::new(), vec![refusing, refusing]).await;
        let error = error.expect_err("nobody listens").to_string();
        assert!(error.contains("tcp connect error"), "{error}");
    }

    #[test]
    fn families_take_turns() {
        let [a, b, c] = ["10.0.0.1:1", "10.0.0.2:1", "[fd00::1]:1"]
            .map(|address| address.parse().expect("an address"));
        assert_eq!(families_in_turn(vec![a, b, c]), [a, c, b]);
        assert_eq!(families_in_turn(vec![c, a, b]), [c, a, b]);
    }
}
