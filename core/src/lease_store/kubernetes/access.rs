//! Everything that one reading of the configuration gives: the way to the API server, and the
//! credentials that requests carry.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{HeaderValue, USER_AGENT};
use http::{Request, Response, Uri};
use http_body_util::Full;
use kube::client::ConfigExt;
use rustls::crypto::CryptoProvider;
use tokio::task::spawn_blocking;
use tower::filter::AsyncFilterLayer;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder, ServiceExt, service_fn};

use super::ClusterOptions;
use super::config::{self, ClusterConfig, Origin};
use super::connector::{Connector, connector};
use super::errors;
use super::token_file::TokenFile;
use crate::error::{Error, ErrorKind, Result};
use crate::lease_store::Backend;

/// What a request carries. It is small, and may have to be sent twice.
pub(super) type Body = Full<Bytes>;

/// One reading of the configuration. When its credentials are refused, another takes its place.
pub(super) struct Access {
    pub(super) server: Uri,
    pub(super) default_namespace: String,
    /// Where all of this was found.
    pub(super) origin: Origin,
    /// The certificate authorities that are trusted, in words.
    pub(super) trust: String,
    pub(super) connector: Connector,
    /// kube's layers, which complete a request, around a service which answers with just that.
    authorize: BoxCloneSyncService<Request<Body>, Response<Request<Body>>, BoxError>,
}

impl Access {
    /// Reads the configuration and, where it says so, runs an exec plugin. Sends nothing.
    pub(super) async fn read(options: &ClusterOptions) -> Result<Arc<Self>> {
        let options = options.clone();
        let reading = spawn_blocking(move || {
            let config = config::load(&options.source)?;
            Self::new(config, &options)
        });
        match reading.await {
            Ok(access) => access.map(Arc::new),
            Err(panic) => Err(Error::new(ErrorKind::Internal, panic.to_string())),
        }
    }

    fn new(config: ClusterConfig, options: &ClusterOptions) -> Result<Self> {
        let ClusterConfig {
            mut kube,
            proxy,
            origin,
            trust,
        } = config;
        install_crypto_provider();

        let token_file = TokenFile::of(&mut kube.auth_info, &origin)?;
        let plugin = kube.auth_info.exec.clone().and_then(|exec| exec.command);
        let unusable = |error| errors::unusable_credentials(&origin, plugin.as_deref(), error);
        let credentials = kube.auth_layer().map_err(unusable)?;
        if credentials.is_some() {
            // It was a token that the plugin gave. For a certificate, TLS would run it again.
            kube.auth_info.exec = None;
        }
        let tls = kube.rustls_client_config().map_err(unusable)?;
        let authorize = ServiceBuilder::new()
            .layer(kube.base_uri_layer())
            .option_layer(credentials)
            .option_layer(token_file.map(AsyncFilterLayer::new))
            .layer(kube.extra_headers_layer().map_err(unusable)?)
            .map_err(BoxError::from)
            .service(service_fn(|request| async {
                Ok::<_, BoxError>(Response::new(request))
            }));
        Ok(Self {
            connector: connector(
                tls,
                kube.tls_server_name,
                proxy.as_ref(),
                options.silence_limit,
                &origin,
            )?,
            server: kube.cluster_url,
            default_namespace: kube.default_namespace,
            origin,
            trust,
            authorize: BoxCloneSyncService::new(authorize),
        })
    }

    pub(super) fn backend(&self) -> Backend {
        Backend::Cluster {
            server: self.server.to_string().trim_end_matches('/').to_owned(),
            credentials: self.origin.to_string(),
        }
    }

    /// Completes `request` with the API server's address and our credentials.
    ///
    /// In a task of its own: an exec plugin may take longer than a request may. It then ends all
    /// the same, for the next request to find its token.
    pub(super) async fn authorize(&self, request: Request<Bytes>) -> Result<Request<Body>> {
        let mut request = request.map(Body::new);
        request.headers_mut().insert(USER_AGENT, OUR_NAME);
        match tokio::spawn(self.authorize.clone().oneshot(request)).await {
            Ok(Ok(response)) => Ok(response.into_body()),
            Ok(Err(error)) => Err(errors::no_credentials(&error)),
            Err(panic) => Err(Error::new(ErrorKind::Internal, panic.to_string())),
        }
    }
}

const OUR_NAME: HeaderValue =
    HeaderValue::from_static(concat!("leasehold/", env!("CARGO_PKG_VERSION")));

/// rustls asks for a choice where a program contains several implementations of cryptography.
fn install_crypto_provider() {
    if CryptoProvider::get_default().is_none() {
        // Somebody else may be faster, and have chosen as well as we.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}
