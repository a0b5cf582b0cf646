//! What went wrong on the way to the API server, in words that name the cause and the fix.

use std::error::Error as StdError;
use std::process::Output;
use std::{io, iter};

use kube::client::AuthError;
use kube::config::KubeconfigError;
use rustls::CertificateError;
use tower::BoxError;

use super::access::Access;
use super::config::{Origin, unreadable};
use crate::error::{Error, ErrorKind};

/// The API server gave no answer, or not all of it.
pub(super) fn unreachable(access: &Access, error: &BoxError) -> Error {
    let why = causes(error.as_ref())
        .find_map(|cause| cause.downcast_ref::<rustls::Error>())
        .and_then(|error| distrust(error, &access.trust))
        .unwrap_or_else(|| in_one_line(error.as_ref()));
    let message = format!("cannot reach the API server at {}: {why}", access.server);
    Error::new(ErrorKind::Unavailable, message)
}

/// A token could not be refreshed.
pub(super) fn no_credentials(error: &BoxError) -> Error {
    let why = match error.downcast_ref() {
        Some(AuthError::AuthExecRun { out, .. }) => {
            format!("the credential plugin {}", last_words(out))
        }
        _ => in_one_line(error.as_ref()),
    };
    let message = format!("no credentials for the API server: {why}");
    Error::new(ErrorKind::Unauthorized, message)
}

/// The user's part of the configuration is wrong, or its exec plugin has failed.
pub(super) fn unusable_credentials(
    origin: &Origin,
    plugin: Option<&str>,
    error: kube::Error,
) -> Error {
    let plugin = plugin.unwrap_or("(no command)");
    match &error {
        kube::Error::Auth(AuthError::AuthExecRun { out, .. }) => {
            let (kubeconfig, how) = (&origin.value, last_words(out));
            let message = format!("the credential plugin {plugin} of {kubeconfig} {how}");
            // As a source, it would print all of its output.
            return Error::new(ErrorKind::Unauthorized, message);
        }
        kube::Error::Auth(AuthError::AuthExecStart(cause)) => origin.wrong(format!(
            "its credential plugin {plugin} cannot be run ({cause}); install it, or put it on PATH"
        )),
        kube::Error::InferKubeconfig(KubeconfigError::LoadClientCertificate(cause)) => {
            origin.wrong(unreadable("client-certificate", cause))
        }
        kube::Error::InferKubeconfig(KubeconfigError::LoadClientKey(cause)) => {
            origin.wrong(unreadable("client-key", cause))
        }
        other => origin.wrong(format!(
            "its credentials are unusable: {}",
            in_one_line(other)
        )),
    }
    .with_source(error)
}

/// How a plugin has ended. What it wrote to its standard output may be a secret.
fn last_words(plugin: &Output) -> String {
    let said = String::from_utf8_lossy(&plugin.stderr);
    format!("ended with {}: {}", plugin.status, said.trim())
}

/// Why TLS does not trust the server, where that is the reason.
fn distrust(error: &rustls::Error, trust: &str) -> Option<String> {
    let rustls::Error::InvalidCertificate(reason) = error else {
        return match error {
            rustls::Error::InvalidMessage(_) => Some(format!(
                "it does not speak TLS ({error}); is the port right?"
            )),
            _ => None,
        };
    };
    Some(match reason {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
            "its certificate is not signed by any authority in {trust}; is that the right cluster?"
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("its certificate is for another name ({reason}); see tls-server-name")
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            format!("its certificate is not valid now ({reason}); is this machine's clock right?")
        }
        other => format!("its certificate is not trusted ({other})"),
    })
}

/// An error and its causes, leaving out what an earlier one has said already.
pub(super) fn in_one_line(error: &(dyn StdError + 'static)) -> String {
    causes(error).fold(String::new(), |mut line, cause| {
        let cause = cause.to_string();
        if !line.contains(&cause) {
            if !line.is_empty() {
                line.push_str(": ");
            }
            line.push_str(&cause);
        }
        line
    })
}

/// An error and its causes, outermost first.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(Some(error), |&error| {
        // An I/O error that wraps another one gives out only the latter's cause as its own.
        match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        }
    })
}
