//! How to reach a cluster and who we are, as a configuration says it.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Intercept;
use kube::config::AuthInfo;
use serde::Serialize;
use serde_json::Value;

use super::pin::Pin;
use super::tls::Trust;
use crate::error::{Error, Result};

/// How to reach a cluster, and words for the messages about it.
pub(super) struct ClusterConfig {
    pub(super) server: Uri,
    pub(super) server_name: Option<String>,
    pub(super) trust: Trust,
    pub(super) proxy: Option<Intercept>,
    pub(super) user: AuthInfo,
    /// The user's certificate and key, as PEM.
    pub(super) client: Option<ClientPem>,
    /// What is in the user's token file, or why that cannot be read.
    pub(super) token: Option<Result<HeaderValue, String>>,
    /// Of the service account, or of the context.
    pub(super) namespace: Option<String>,
    /// The setting all of this came from, and its value.
    pub(super) origin: Origin,
    /// What an election stands on.
    pub(super) pin: Pin,
    /// Changes with anything that a connection or a request is made of.
    pub(super) fingerprint: u64,
}

pub(super) struct ClientPem {
    pub(super) certificate: Vec<u8>,
    pub(super) key: Vec<u8>,
}

/// The setting to name in an error.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) field: &'static str,
    pub(super) value: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            "kubeconfig" => write!(f, "kubeconfig {}", self.value),
            _ => f.write_str("service account"),
        }
    }
}

impl Origin {
    pub(super) fn wrong(&self, fix: impl fmt::Display) -> Error {
        Error::config(self.field, &self.value, fix)
    }
}

pub(super) fn fingerprint(
    way: &impl Hash,
    trust: &Trust,
    user: &AuthInfo,
    client: Option<&ClientPem>,
) -> u64 {
    let mut hasher = DefaultHasher::new();
    way.hash(&mut hasher);
    trust.to_string().hash(&mut hasher);
    if let Trust::Authorities { certificates, .. } = trust {
        for certificate in certificates {
            certificate.as_ref().hash(&mut hasher);
        }
    }
    comparable(user).hash(&mut hasher);
    if let Some(client) = client {
        client.certificate.hash(&mut hasher);
        client.key.hash(&mut hasher);
    }
    hasher.finish()
}

/// `part` of a kubeconfig, for comparing it with another reading. Its text would not do: the order of
/// a map's entries differs from one reading to the next.
pub(super) fn comparable(part: &impl Serialize) -> Option<Value> {
    serde_json::to_value(part).ok()
}
