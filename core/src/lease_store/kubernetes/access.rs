//! Everything that one reading of the configuration gives: the way to the API server, and the
//! credentials that requests carry.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue, USER_AGENT};
use http::{HeaderMap, Request, Uri};
use http_body_util::Full;
use tracing::warn;

use super::cluster_config::{ClusterConfig, Origin};
use super::connector::{Connector, connector};
use super::credentials::{Credentials, PresentCertificate, impersonation};
use super::options::ClusterOptions;
use super::pin::Pin;
use super::plugin::{Limits, Plugin};
use super::shown::Present;
use super::tls::{self, Trust};
use crate::error::{Error, ErrorKind, Result};
use crate::lease_store::Backend;

/// What a request carries. It is small, and may have to be sent twice.
pub(super) type Body = Full<Bytes>;

/// One reading of the configuration. When that changes, another takes its place.
pub(super) struct Access {
    pub(super) server: Uri,
    pub(super) namespace: Option<String>,
    /// Where all of this was found.
    pub(super) origin: Origin,
    /// The certificate authorities that are trusted, in words.
    pub(super) trust: String,
    /// What is wrong with the key of one of them.
    pub(super) unsupported_key: Option<&'static str>,
    pub(super) connector: Connector,
    pub(super) credentials: Credentials,
    pub(super) pin: Pin,
    pub(super) fingerprint: u64,
    /// Whom to act as.
    impersonation: HeaderMap,
}

/// What a request has said about who we are. Two that are equal get the same answer.
#[derive(Clone)]
pub(super) struct Shown {
    access: u64,
    credentials: Present,
}

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        self.access == other.access && self.credentials == other.credentials
    }
}

impl Access {
    /// Runs nothing and sends nothing. The plugin of `before`, with what it has given, goes on if it
    /// is the same.
    pub(super) fn new(
        config: ClusterConfig,
        options: &ClusterOptions,
        before: Option<&Self>,
    ) -> Result<Self> {
        let credentials = Credentials::of(&config, |exec| {
            let known = before.and_then(|access| access.credentials.plugin());
            if let Some(plugin) = known.filter(|plugin| plugin.runs(&exec)) {
                return Arc::clone(plugin);
            }
            let limits = Limits {
                run: options.plugin_limit,
                wait: options.patience(),
                retry: options.silence_limit,
            };
            Arc::new(Plugin::new(exec, config.origin.clone(), limits))
        })?;
        let impersonation = impersonation(&config.user, &config.origin)?;
        let ClusterConfig {
            server,
            server_name,
            trust,
            proxy,
            namespace,
            origin,
            pin,
            fingerprint,
            ..
        } = config;
        let is_known = |before: &Self| before.trust == trust.to_string();
        if matches!(trust, Trust::Nobody) && !before.is_some_and(is_known) {
            warn!(
                %server,
                kubeconfig = origin.value,
                "the API server's certificate is NOT verified (insecure-skip-tls-verify): who is on the \
                 way to it can read the credentials and decide who leads; set certificate-authority"
            );
        }
        let certificate = Arc::new(PresentCertificate(credentials.clone()));
        let tls = tls::client_config(&trust, certificate)
            .map_err(|error| origin.wrong(format!("TLS cannot be set up ({error})")))?;
        Ok(Self {
            connector: connector(
                tls,
                server_name,
                proxy.as_ref(),
                options.silence_limit,
                &origin,
            )?,
            trust: trust.to_string(),
            unsupported_key: tls::unsupported_key(&trust),
            server,
            namespace,
            origin,
            credentials,
            pin,
            fingerprint,
            impersonation,
        })
    }

    pub(super) fn backend(&self) -> Backend {
        Backend::Cluster {
            server: self.server.to_string().trim_end_matches('/').to_owned(),
            credentials: self.origin.to_string(),
        }
    }

    /// Completes `request` with the API server's address and our credentials. Waits for a plugin for
    /// as long as a request should.
    pub(super) async fn authorize(
        &self,
        request: Request<Bytes>,
    ) -> Result<(Request<Body>, Shown)> {
        let shown = self.shown().await?;
        let mut request = request.map(Body::new);
        *request.uri_mut() = self.absolute(request.uri())?;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, OUR_NAME);
        headers.extend(self.impersonation.clone());
        if let Some(authorization) = &shown.credentials.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        Ok((request, shown))
    }

    /// What a request that is sent now says about who we are.
    pub(super) async fn shown(&self) -> Result<Shown> {
        Ok(Shown {
            access: self.fingerprint,
            credentials: self.credentials.present().await?,
        })
    }

    /// The API server does not take what was shown to it.
    pub(super) fn refuse(&self, shown: &Shown) {
        if let Some(plugin) = self.credentials.plugin() {
            plugin.refuse(&shown.credentials);
        }
    }

    /// An API server may be below a path of its own.
    fn absolute(&self, relative: &Uri) -> Result<Uri> {
        let below = self.server.path().trim_end_matches('/');
        let path = relative.path_and_query().map_or("/", |path| path.as_str());
        let mut parts = self.server.clone().into_parts();
        let internal = |error: String| Error::new(ErrorKind::Internal, error);
        let path = format!("{below}{path}").parse();
        parts.path_and_query = Some(path.map_err(|error| internal(format!("{error}")))?);
        Uri::from_parts(parts).map_err(|error| internal(error.to_string()))
    }
}

const OUR_NAME: HeaderValue =
    HeaderValue::from_static(concat!("leasehold/", env!("CARGO_PKG_VERSION")));
