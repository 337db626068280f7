//! The files of certificates and keys.

use std::path::{Path, PathBuf};

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::VerifierBuilderError;

use crate::server::config::TlsConfig;

/// What is wrong with the server's certificates.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Some settings are there, and others that they need are not.
    #[error("server.tls.{missing} is missing: {because}")]
    Incomplete {
        /// What is missing.
        missing: &'static str,
        /// What needs it.
        because: &'static str,
    },
    /// A file can't be read, or holds nothing of the kind.
    #[error("server.tls.{setting} {path}: there is no {wanted} (PEM) that can be read")]
    Unreadable {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What it should hold.
        wanted: &'static str,
        /// Why.
        #[source]
        source: pem::Error,
    },
    /// The certificates or the key are of no use.
    #[error("server.tls: the certificates and the key can't be used together")]
    Unusable(#[source] rustls::Error),
    /// Those whom clients' certificates must come from are of no use.
    #[error("server.tls.client_ca_file: the certificates can't be used")]
    Authorities(#[source] VerifierBuilderError),
}

/// What the files hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Files {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    pub(super) client_authorities: Option<Vec<CertificateDer<'static>>>,
}

impl Files {
    /// None where `config` names none.
    pub(super) fn read(config: &TlsConfig) -> Result<Option<Self>, TlsError> {
        let (certificate, key) = match (&config.certificate_file, &config.key_file) {
            (Some(certificate), Some(key)) => (certificate, key),
            (None, None) if config.client_ca_file.is_none() => return Ok(None),
            (None, _) => {
                return Err(TlsError::Incomplete {
                    missing: "certificate_file",
                    because: "without it there is no TLS, which the other settings are about",
                });
            }
            (Some(_), None) => {
                return Err(TlsError::Incomplete {
                    missing: "key_file",
                    because: "the certificate is of no use without its key",
                });
            }
        };
        if config.client_certificate_required && config.client_ca_file.is_none() {
            return Err(TlsError::Incomplete {
                missing: "client_ca_file",
                because: "client_certificate_required needs to know whom to trust",
            });
        }
        let authorities = config.client_ca_file.as_deref();
        let authorities = authorities.map(|path| certificates("client_ca_file", path));
        Ok(Some(Self {
            chain: certificates("certificate_file", certificate)?,
            key: private_key(key)?,
            client_authorities: authorities.transpose()?,
        }))
    }
}

fn certificates(
    setting: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::Unreadable {
        setting,
        path: path.to_owned(),
        wanted: "certificate",
        source,
    };
    let read = CertificateDer::pem_file_iter(path).map_err(unreadable)?;
    let read: Vec<_> = read.collect::<Result<_, _>>().map_err(unreadable)?;
    match read.is_empty() {
        true => Err(unreadable(pem::Error::NoItemsFound)),
        false => Ok(read),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|source| TlsError::Unreadable {
        setting: "key_file",
        path: path.to_owned(),
        wanted: "private key",
        source,
    })
}
