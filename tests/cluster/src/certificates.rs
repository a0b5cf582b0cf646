//! A certificate authority for one cluster, and its server's certificate.

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// The address of the Service `kubernetes`, by which pods reach the API server.
pub(crate) const KUBERNETES_SERVICE: &str = "10.0.0.1";

/// All as PEM.
pub(crate) struct Certificates {
    pub(crate) ca: String,
    pub(crate) server: String,
    pub(crate) server_key: String,
}

/// Makes a new authority, which nothing else trusts, and forgets its key.
pub(crate) fn generate() -> Result<Certificates> {
    let mut ca = CertificateParams::default();
    ca.distinguished_name
        .push(DnType::CommonName, "leasehold-test-cluster");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    let ca_key = KeyPair::generate()?;
    let ca_certificate = ca.self_signed(&ca_key)?;

    let names = ["localhost", "127.0.0.1", KUBERNETES_SERVICE].map(str::to_owned);
    let mut server = CertificateParams::new(names)?;
    server
        .distinguished_name
        .push(DnType::CommonName, "kube-apiserver");
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server_key = KeyPair::generate()?;
    let server_certificate = server.signed_by(&server_key, &Issuer::new(ca, ca_key))?;

    Ok(Certificates {
        ca: ca_certificate.pem(),
        server: server_certificate.pem(),
        server_key: server_key.serialize_pem(),
    })
}

/// The private and the public key of an API server's service account tokens.
pub(crate) fn service_account_keys() -> Result<(String, String)> {
    let key = KeyPair::generate()?;
    Ok((key.serialize_pem(), key.public_key_pem()))
}
