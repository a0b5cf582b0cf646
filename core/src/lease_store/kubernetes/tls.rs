//! TLS, which takes what Go's takes: so what kubectl accepts in a kubeconfig, we do.
//!
//! The cryptography is chosen here and for our connections only, so that an application's own choice
//! for its process is left alone.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    crypto,
};
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

/// What `ring` has keys and signatures for.
pub(super) const SUPPORTED_KEYS: &str =
    "ECDSA on P-256 or P-384, Ed25519, or RSA with 2048 bits or more";

/// The object identifiers of a key's kind, as they are encoded.
const ON_P521: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23];
const OF_RSA: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
];
/// A public key of RSA with 2048 bits is longer.
const SHORT_OF_RSA: usize = 256;

/// What is wrong with the key of the first of these authorities that cannot vouch for anybody here.
pub(super) fn unsupported_key(trust: &Trust) -> Option<&'static str> {
    let Trust::Authorities { certificates, .. } = trust else {
        return None;
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates.iter().cloned());
    roots.roots.iter().find_map(|root| {
        let key = root.subject_public_key_info.as_ref();
        if has(key, ON_P521) {
            return Some("on P-521");
        }
        (has(key, OF_RSA) && key.len() < SHORT_OF_RSA).then_some("of RSA with less than 2048 bits")
    })
}

fn has(key: &[u8], kind: &[u8]) -> bool {
    key.windows(kind.len()).any(|part| part == kind)
}

/// Speaks as `client`, to servers that `trust` vouches for.
pub(super) fn client_config(
    trust: &Trust,
    client: Arc<dyn ResolvesClientCert>,
) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let versions = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let trusting = match trust {
        Trust::Authorities { certificates, .. } => {
            let mut roots = RootCertStore::empty();
            // As in Go, one that nobody can read does not spoil the others.
            roots.add_parsable_certificates(certificates.iter().cloned());
            let by_signature = WebPkiServerVerifier::builder_with_provider(roots.into(), provider)
                .build()
                .map_err(|error| Error::General(error.to_string()))?;
            let verifier = AsGo {
                trusted: certificates.clone(),
                by_signature,
            };
            versions
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier))
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
    let on_p521 = has(&key, ON_P521);
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
        None if on_p521 => Err(format!(
            "client-key is on P-521, which is not supported: use {SUPPORTED_KEYS}"
        )),
        None => Err(format!(
            "client-key is of a kind that is not supported: use {SUPPORTED_KEYS}, and no passphrase"
        )),
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

/// Trusts what the authorities have signed, and as Go a server's certificate that is one of them,
/// no matter what else it is for.
#[derive(Debug)]
struct AsGo {
    trusted: Vec<CertificateDer<'static>>,
    by_signature: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for AsGo {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self
            .by_signature
            .verify_server_cert(certificate, between, name, ocsp, now);
        match verified {
            // Its time has been looked at before who has signed it. The other is that it may sign.
            Err(Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::Other(_),
            )) if self.trusted.contains(certificate) => {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_signature
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_signature
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.by_signature.supported_verify_schemes()
    }
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
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
