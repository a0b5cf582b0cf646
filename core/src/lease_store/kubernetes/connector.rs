//! Opens streams to the API server: TCP, through a proxy where there is one, and TLS.

use std::sync::Arc;
use std::time::Duration;

use hyper_rustls::{
    DefaultServerNameResolver, FixedServerNameResolver, HttpsConnector, MaybeHttpsStream,
    ResolveServerName,
};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceExt};

use super::cluster_config::Origin;
use super::tcp::{self, Open};
use crate::error::Result;

/// Opens a stream to the API server, which TLS may have agreed to use for HTTP/2.
pub(super) type Connector = Open<MaybeHttpsStream<ProxiedStream>>;

/// A stream as far as the API server's own TLS: plain TCP, or inside of a proxy's TLS.
type ProxiedStream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// An `http` address is taken as it is: it is what `kubectl proxy` listens on.
const ALSO_HTTP: bool = false;

/// `silence_limit` is how long a connection may stay silent.
pub(super) fn connector(
    mut tls: ClientConfig,
    server_name: Option<String>,
    proxy: Option<&Intercept>,
    silence_limit: Duration,
    origin: &Origin,
) -> Result<Connector> {
    let route = route(&tls, proxy, silence_limit, origin)?;
    let server_name: Arc<dyn ResolveServerName + Send + Sync> = match server_name {
        None => Arc::new(DefaultServerNameResolver::default()),
        Some(name) => match ServerName::try_from(name.clone()) {
            Ok(valid) => Arc::new(FixedServerNameResolver::new(valid)),
            Err(error) => {
                let fix = format!("tls-server-name {name} is not the name of a server");
                return Err(origin.wrong(fix).with_source(error));
            }
        },
    };
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(BoxCloneSyncService::new(HttpsConnector::new(
        route,
        tls,
        ALSO_HTTP,
        server_name,
    )))
}

fn route(
    tls: &ClientConfig,
    proxy: Option<&Intercept>,
    silence_limit: Duration,
    origin: &Origin,
) -> Result<Open<ProxiedStream>> {
    let tcp = tcp::connector(silence_limit);
    let Some(proxy) = proxy else {
        return Ok(BoxCloneSyncService::new(
            tcp.map_response(MaybeHttpsStream::Http),
        ));
    };
    match proxy.uri().scheme_str() {
        Some("http" | "https") => {
            let resolver = Arc::new(DefaultServerNameResolver::default());
            let to_proxy = HttpsConnector::new(tcp, tls.clone(), ALSO_HTTP, resolver);
            let mut tunnel = Tunnel::new(proxy.uri().clone(), to_proxy);
            if let Some(credentials) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(credentials.clone());
            }
            Ok(BoxCloneSyncService::new(tunnel.map_err(BoxError::from)))
        }
        Some("socks5" | "socks5h") => {
            let mut socks = SocksV5::new(proxy.uri().clone(), tcp);
            if let Some((user, password)) = proxy.raw_auth() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            Ok(BoxCloneSyncService::new(
                socks
                    .map_response(MaybeHttpsStream::Http)
                    .map_err(BoxError::from),
            ))
        }
        _ => Err(origin.wrong(format!(
            "the proxy {} is not supported; use an http, https or socks5 proxy",
            proxy.uri()
        ))),
    }
}
