//! A small client for JSON over HTTP: enough to prepare and inspect a cluster.

use std::error::Error;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use rustls::crypto::ring;
use serde_json::Value;
use ureq::Agent;
use ureq::http::header::WARNING;
use ureq::http::{Method, Request, Response};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use crate::kubeconfig::{Credentials, Kubeconfig};

const TIMEOUT: Duration = Duration::from_secs(30);

/// A blocking client of one server, usually the API server. Paths start with `/`.
#[derive(Clone, Debug)]
pub struct Api {
    agent: Agent,
    server: String,
    headers: Vec<(&'static str, String)>,
}

/// A request that was refused or had no answer.
#[derive(Debug)]
pub struct ApiError {
    request: String,
    status: Option<u16>,
    message: String,
}

impl Api {
    /// A client of the cluster, and with the credentials, of a kubeconfig file.
    /// It expects the certificate of the URL's host, even if `tls-server-name` says otherwise.
    pub fn from_kubeconfig(path: &Path) -> Result<Api> {
        Api::new(&Kubeconfig::load(path)?)
    }

    pub(crate) fn new(kubeconfig: &Kubeconfig) -> Result<Api> {
        let ca = Certificate::from_pem(kubeconfig.ca_pem.as_bytes()).context("reading the CA")?;
        let mut tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&[ca]))
            .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()));
        let mut headers = Vec::new();
        match &kubeconfig.credentials {
            Credentials::Token(token) => headers.push(bearer(token)),
            Credentials::TokenFile(file) => {
                let token = fs::read_to_string(file)
                    .with_context(|| format!("reading the token file {}", file.display()))?;
                headers.push(bearer(token.trim()));
            }
            Credentials::ClientCertificate {
                certificate_pem,
                key_pem,
            } => {
                let certificate = Certificate::from_pem(certificate_pem.as_bytes())?;
                let key = PrivateKey::from_pem(key_pem.as_bytes())?;
                tls = tls.client_cert(Some(ClientCert::new_with_certs(&[certificate], key)));
            }
        }
        if let Some(user) = &kubeconfig.impersonate {
            headers.push(("Impersonate-User", user.clone()));
        }
        Ok(Api {
            agent: agent(tls.build()),
            server: kubeconfig.server.clone(),
            headers,
        })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server)
    }

    /// A client of a server without TLS or users.
    pub(crate) fn plain(server: String) -> Api {
        Api {
            agent: agent(TlsConfig::default()),
            server,
            headers: Vec::new(),
        }
    }

    /// Asks whether the server would create this object, by a server-side dry run that refuses unknown
    /// and repeated fields, and returns what it warns of.
    pub fn would_create(&self, path: &str, body: &Value) -> Result<Vec<String>, ApiError> {
        let path = format!("{path}?dryRun=All&fieldValidation=Strict");
        let response = self.answer(&Method::POST, &path, Some(("application/json", body)))?;
        let warnings = response.headers().get_all(WARNING).iter();
        Ok(warnings
            .map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned())
            .collect())
    }

    /// Reads.
    pub fn get(&self, path: &str) -> Result<Value, ApiError> {
        self.send(&Method::GET, path, None)
    }

    /// Creates.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, ApiError> {
        self.send(&Method::POST, path, Some(("application/json", body)))
    }

    /// Replaces, or creates if the kind of resource allows it.
    pub fn put(&self, path: &str, body: &Value) -> Result<Value, ApiError> {
        self.send(&Method::PUT, path, Some(("application/json", body)))
    }

    /// Changes the fields that `body` has, by a JSON merge patch.
    pub fn patch(&self, path: &str, body: &Value) -> Result<Value, ApiError> {
        self.send(
            &Method::PATCH,
            path,
            Some(("application/merge-patch+json", body)),
        )
    }

    /// Deletes.
    pub fn delete(&self, path: &str) -> Result<Value, ApiError> {
        self.send(&Method::DELETE, path, None)
    }

    fn send(
        &self,
        method: &Method,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<Value, ApiError> {
        let text = self.answer(method, path, body)?.into_body();
        // Health checks answer plain text, some requests nothing at all.
        Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// The answer, unless it is a refusal.
    fn answer(
        &self,
        method: &Method,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<Response<String>, ApiError> {
        let error = |status, message| ApiError {
            request: format!("{method} {path}"),
            status,
            message,
        };
        let unanswered = |cause: &dyn Error| error(None, cause.to_string());

        let mut request = Request::builder().method(method).uri(self.url(path));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = match body {
            Some((content_type, body)) => request
                .header("Content-Type", content_type)
                .body(body.to_string())
                .map_err(ureq::Error::from)
                .and_then(|request| self.agent.run(request)),
            None => request
                .body(())
                .map_err(ureq::Error::from)
                .and_then(|request| self.agent.run(request)),
        };
        let mut response = response.map_err(|cause| unanswered(&cause))?;
        let text = response
            .body_mut()
            .read_to_string()
            .map_err(|cause| unanswered(&cause))?;
        if response.status().is_success() {
            return Ok(response.map(|_| text));
        }
        Err(error(Some(response.status().as_u16()), text))
    }
}

impl ApiError {
    /// The HTTP status with which the server refused; none if it did not answer.
    pub fn status(&self) -> Option<u16> {
        self.status
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "{}: {status}: {}", self.request, self.message.trim_end()),
            None => write!(f, "{}: no answer: {}", self.request, self.message),
        }
    }
}

impl Error for ApiError {}

fn bearer(token: &str) -> (&'static str, String) {
    ("Authorization", format!("Bearer {token}"))
}

fn agent(tls: TlsConfig) -> Agent {
    Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(TIMEOUT))
        // A refusal is an answer: its body says why.
        .http_status_as_error(false)
        // Servers of a test are near; a proxy of the environment is not meant for them.
        .proxy(None)
        .build()
        .new_agent()
}
