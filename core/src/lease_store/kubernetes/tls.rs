//! TLS, which takes what Go's takes: so what kubectl accepts in a kubeconfig, we do.
//!
//! The cryptography is chosen here and for our connections only, so that an application's own choice
//! for its process is left alone.

use std::fmt;
use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme, crypto};
use rustls_platform_verifier::Verifier;

/// Who vouches for the API server.
#[derive(Clone, Debug)]
pub(super) enum Trust {
    /// These authorities, which came from there.
    Authorities {
        certificates: Vec<CertificateDer<'static>>,
        origin: String,
    },
    /// Those that this machine trusts.
    System,
    /// Nobody: `insecure-skip-tls-verify`.
    Nobody,
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authorities { origin, .. } => origin,
            Self::System => "the system's trusted certificates",
            Self::Nobody => "nothing (insecure-skip-tls-verify)",
        })
    }
}

/// Speaks as `client`, to servers that `trust` vouches for.
pub(super) fn client_config(
    trust: &Trust,
    client: Arc<dyn ResolvesClientCert>,
) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let versions = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let trusting = match trust {
        Trust::Authorities { certificates, .. } => {
            let mut roots = RootCertStore::empty();
            // As in Go, one that nobody can read does not spoil the others.
            roots.add_parsable_certificates(certificates.iter().cloned());
            versions.with_root_certificates(roots)
        }
        Trust::System => versions
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier::new(provider)?)),
        Trust::Nobody => versions
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(NoVerification(provider))),
    };
    Ok(trusting.with_client_cert_resolver(client))
}

/// The certificates in `pem`, without what else there is.
pub(super) fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem)
        .filter_map(Result::ok)
        .collect()
}

/// A client's certificate and its key. Neither is held against the other or read any further: that
/// is the server's part, which may also take what no browser would, such as X.509 version 1.
pub(super) fn certified_key(certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, String> {
    let chain = certificates(certificate);
    if chain.is_empty() {
        return Err("its client certificate is not in PEM format".into());
    }
    let key = private_key(key).ok_or("its client key is not in PEM format")?;
    let signing = [
        PrivateKeyDer::Pkcs8(key.clone().into()),
        PrivateKeyDer::Pkcs1(key.clone().into()),
        PrivateKeyDer::Sec1(key.into()),
    ]
    // As Go does: a label is often wrong about what is below it.
    .iter()
    .find_map(|key| ring::sign::any_supported_type(key).ok());
    match signing {
        Some(key) => Ok(CertifiedKey::new(chain, key)),
        None => Err(
            "its client key is of a kind that is not supported: use RSA with 2048 bits or more, \
             ECDSA on P-256 or P-384, or Ed25519, and no passphrase"
                .into(),
        ),
    }
}

fn private_key(mut pem: &[u8]) -> Option<Vec<u8>> {
    while let Some((kind, der)) = pem::from_buf(&mut pem).ok()? {
        if matches!(
            kind,
            SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey
        ) {
            return Some(der);
        }
    }
    None
}

/// Takes each certificate for the right one.
#[derive(Debug)]
struct NoVerification(Arc<CryptoProvider>);

impl ServerCertVerifier for NoVerification {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
