//! How a request says who we are: by a header, by the certificate of its connection, or by both.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::sync::Arc;

use http::header::HeaderValue;
use http::{HeaderMap, HeaderName};
use kube::config::AuthInfo;
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

use super::cluster_config::{ClusterConfig, Origin};
use super::plugin::Plugin;
use super::shown::{Present, basic, bearer, exposed};
use super::tls;
use super::token_file::TokenFile;
use crate::error::Result;

/// Where the credentials of requests come from.
#[derive(Clone)]
pub(super) enum Credentials {
    /// From the configuration.
    Given(Present),
    TokenFile(TokenFile, Option<Arc<CertifiedKey>>),
    Plugin(Arc<Plugin>),
}

impl Credentials {
    /// Of several kinds, takes what client-go would. `plugin` returns the one to use for an exec
    /// configuration.
    pub(super) fn of(
        config: &ClusterConfig,
        plugin: impl FnOnce(kube::config::ExecConfig) -> Arc<Plugin>,
    ) -> Result<Self> {
        let (user, origin) = (&config.user, &config.origin);
        // Without TLS, anybody on the network could read them.
        if config.server.scheme_str() == Some("http") {
            return Ok(Self::Given(Present::default()));
        }
        let certificate = match &config.client {
            Some(client) => Some(Arc::new(
                tls::certified_key(&client.certificate, &client.key)
                    .map_err(|why| origin.wrong(why))?,
            )),
            None => None,
        };
        let unusable = |what: &str| origin.wrong(format!("its {what} cannot be sent in a header"));
        let token = match exposed(user.token.as_ref()) {
            Some(token) => Some(bearer(token).ok_or_else(|| unusable("token"))?),
            None => None,
        };
        if let (Some(path), Some(read)) = (&user.token_file, &config.token) {
            let last = match (read, token) {
                (Ok(read), _) => read.clone(),
                (Err(_), Some(token)) => token,
                (Err(why), None) => {
                    let fix = format!("tokenFile {path} cannot be used ({why})");
                    return Err(origin.wrong(fix));
                }
            };
            return Ok(Self::TokenFile(TokenFile::new(path, last), certificate));
        }
        let authorization = match (token, &user.username, exposed(user.password.as_ref())) {
            (Some(token), _, _) => Some(token),
            (None, None, None) => of_provider(user, origin)?,
            (None, name, password) => {
                let name = name.as_deref().unwrap_or_default();
                let password = password.unwrap_or_default();
                Some(basic(name, password).ok_or_else(|| unusable("username"))?)
            }
        };
        match &user.exec {
            Some(exec) if authorization.is_none() && certificate.is_none() => {
                Ok(Self::Plugin(plugin(exec.clone())))
            }
            _ => Ok(Self::Given(Present {
                authorization,
                certificate,
            })),
        }
    }

    /// Those of a request that is sent now.
    pub(super) async fn present(&self) -> Result<Present> {
        Ok(match self {
            Self::Given(given) => given.clone(),
            Self::TokenFile(file, certificate) => Present {
                authorization: Some(file.token().await),
                certificate: certificate.clone(),
            },
            Self::Plugin(plugin) => plugin.given().await?,
        })
    }

    /// The certificate of a connection that is opened now.
    pub(super) fn certificate(&self) -> Option<Arc<CertifiedKey>> {
        match self {
            Self::Given(given) => given.certificate.clone(),
            Self::TokenFile(_, certificate) => certificate.clone(),
            Self::Plugin(plugin) => plugin.certificate(),
        }
    }

    pub(super) fn plugin(&self) -> Option<&Arc<Plugin>> {
        match self {
            Self::Plugin(plugin) => Some(plugin),
            _ => None,
        }
    }
}

/// Gives TLS the present certificate.
pub(super) struct PresentCertificate(pub(super) Credentials);

impl fmt::Debug for PresentCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentCertificate")
    }
}

impl ResolvesClientCert for PresentCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.certificate()
    }

    fn has_certs(&self) -> bool {
        self.0.certificate().is_some()
    }
}

/// The auth provider `oidc` as far as its last token; refreshing it is left to kubectl.
fn of_provider(user: &AuthInfo, origin: &Origin) -> Result<Option<HeaderValue>> {
    let Some(provider) = &user.auth_provider else {
        return Ok(None);
    };
    let token = provider.config.get("id-token");
    match token.filter(|_| provider.name == "oidc") {
        Some(token) => Ok(bearer(token)),
        None => Err(origin.wrong(format!(
            "its auth-provider {} is not supported; use an exec plugin",
            provider.name
        ))),
    }
}

/// Whom to act as.
pub(super) fn impersonation(user: &AuthInfo, origin: &Origin) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    let mut add = |name: &str, value: &str| -> Result<()> {
        let unusable = || origin.wrong(format!("its {name} {value:?} cannot be sent in a header"));
        let name = HeaderName::try_from(name).map_err(|_| unusable())?;
        let value = HeaderValue::try_from(value).map_err(|_| unusable())?;
        headers.append(name, value);
        Ok(())
    };
    let Some(name) = &user.impersonate else {
        return Ok(headers);
    };
    add("impersonate-user", name)?;
    if let Some(uid) = &user.impersonate_uid {
        add("impersonate-uid", uid)?;
    }
    for group in user.impersonate_groups.iter().flatten() {
        add("impersonate-group", group)?;
    }
    let extra: HashMap<_, _> = user.impersonate_user_extra.clone().unwrap_or_default();
    for (key, values) in &extra {
        for value in values {
            add(
                &format!("impersonate-extra-{}", percent_encoded(key)),
                value,
            )?;
        }
    }
    Ok(headers)
}

/// As client-go puts a key of `as-user-extra` into the name of a header.
fn percent_encoded(key: &str) -> String {
    let mut encoded = String::new();
    for byte in key.to_lowercase().bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
