//! What went wrong on the way to the API server, in words that name the cause and the fix.

use std::error::Error as StdError;
use std::{io, iter};

use rustls::{AlertDescription, CertificateError};
use tower::BoxError;

use super::access::Access;
use super::tls::SUPPORTED_KEYS;
use crate::error::{Error, ErrorKind};

pub(super) const REFUSED_CREDENTIALS: &str = "the API server does not accept these credentials, nor those read again since: have they \
     expired, or are they for another cluster?";

/// The API server gave no answer, or not all of it. `problem` is why the configuration is not
/// followed, which may have the way to it.
pub(super) fn unreachable(access: &Access, error: &BoxError, problem: Option<&Error>) -> Error {
    let why = causes(error.as_ref())
        .find_map(|cause| cause.downcast_ref::<rustls::Error>())
        .and_then(|error| distrust(error, access))
        .unwrap_or_else(|| in_one_line(error.as_ref()));
    let also = problem.map_or_else(String::new, |problem| format!("; also, {problem}"));
    let message = format!(
        "cannot reach the API server at {}: {why}{also}",
        access.server
    );
    Error::new(ErrorKind::Unavailable, message)
}

/// Why TLS does not trust the server, where that is the reason.
fn distrust(error: &rustls::Error, access: &Access) -> Option<String> {
    let trust = &access.trust;
    let rustls::Error::InvalidCertificate(reason) = error else {
        return match error {
            rustls::Error::InvalidMessage(_) => Some(format!(
                "it does not speak TLS ({error}); is the port right?"
            )),
            rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => Some(format!(
                "it and Leasehold support no common TLS algorithm ({error}); a certificate with a key \
                 on P-521 is not supported: use {SUPPORTED_KEYS}"
            )),
            _ => None,
        };
    };
    let is_about_signatures = matches!(
        reason,
        CertificateError::UnknownIssuer
            | CertificateError::BadSignature
            | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
    );
    if is_about_signatures && let Some(key) = access.unsupported_key {
        return Some(format!(
            "an authority in {trust} has a key {key}, which is not supported: use {SUPPORTED_KEYS}"
        ));
    }
    Some(match reason {
        CertificateError::UnknownIssuer => format!(
            "its certificate is not signed by any authority in {trust}; is that the right cluster?"
        ),
        CertificateError::BadSignature => format!(
            "its certificate is not signed by any authority in {trust}, or its key is not supported: \
             use {SUPPORTED_KEYS}; is that the right cluster?"
        ),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => format!(
            "its certificate, or one between it and {trust}, is signed in a way that is not \
             supported, such as ECDSA with SHA-512: sign it with SHA-256 or SHA-384"
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
fn in_one_line(error: &(dyn StdError + 'static)) -> String {
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
