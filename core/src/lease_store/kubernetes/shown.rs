//! What a request shows of who we are, and the secrets that it is made of.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::HeaderValue;
use rustls::sign::CertifiedKey;
use secrecy::{ExposeSecret, SecretString};

/// What a request can show.
#[derive(Clone, Default)]
pub(super) struct Present {
    pub(super) authorization: Option<HeaderValue>,
    pub(super) certificate: Option<Arc<CertifiedKey>>,
}

impl PartialEq for Present {
    fn eq(&self, other: &Self) -> bool {
        let certificate = |present: &Self| present.certificate.as_ref().map(Arc::as_ptr);
        self.authorization == other.authorization && certificate(self) == certificate(other)
    }
}

pub(super) fn bearer(token: &str) -> Option<HeaderValue> {
    secret(format!("Bearer {token}"))
}

pub(super) fn basic(name: &str, password: &str) -> Option<HeaderValue> {
    let encoded = BASE64_STANDARD.encode(format!("{name}:{password}"));
    secret(format!("Basic {encoded}"))
}

fn secret(value: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

pub(super) fn exposed(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(ExposeSecret::expose_secret)
}
