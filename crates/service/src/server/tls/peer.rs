//! Who a client's certificate says that it is.

use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use webpki::EndEntityCert;

/// A client that showed a certificate of an authority that is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The certificate's SHA-256.
    pub(crate) fingerprint: [u8; 32],
    /// Its names: the DNS names and URIs among its subject's alternative names.
    pub(crate) names: Vec<String>,
}

impl Peer {
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Self {
        let names = EndEntityCert::try_from(certificate).map(|read| {
            let names = read.valid_dns_names().chain(read.valid_uri_names());
            names.map(str::to_owned).collect()
        });
        Self {
            fingerprint: Sha256::digest(certificate).into(),
            names: names.unwrap_or_default(),
        }
    }
}
