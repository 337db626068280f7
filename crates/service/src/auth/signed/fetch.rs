//! A small file over HTTP: an issuer's keys.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HOST};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;

/// How long it may take, and how large it may be.
const TIMEOUT: Duration = Duration::from_secs(10);
const BYTES_MAX: usize = 1024 * 1024;

/// Why keys can't be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("no connection, or the file can't be read")]
    Io(#[from] io::Error),
    #[error("not answered within {TIMEOUT:?}")]
    Late(#[from] tokio::time::error::Elapsed),
    #[error("HTTP failed")]
    Http(#[from] hyper::Error),
    #[error("the request can't be made")]
    Request(#[from] http::Error),
    #[error("answered {0}")]
    Status(StatusCode),
    #[error("the answer broke off, or is larger than {BYTES_MAX} bytes")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the certificates of jwks_ca_file can't be read")]
    Authority(#[from] pem::Error),
    #[error("TLS can't be set up")]
    Tls(#[from] rustls::Error),
    #[error("not a JSON Web Key Set")]
    Json(#[from] serde_json::Error),
}

/// What is at `url`.
pub(super) async fn fetch(url: &Uri, ca: Option<&Path>) -> Result<Vec<u8>, FetchError> {
    timeout(TIMEOUT, get(url, ca)).await?
}

async fn get(url: &Uri, ca: Option<&Path>) -> Result<Vec<u8>, FetchError> {
    let secure = url.scheme_str() == Some("https");
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await?;
    let stream = match secure {
        false => Either::Left(stream),
        true => {
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            let connector = TlsConnector::from(Arc::new(tls(ca)?));
            Either::Right(connector.connect(name, stream).await?)
        }
    };
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let authority = url.authority().map_or(host, |authority| authority.as_str());
    let request = Request::get(path)
        .header(HOST, authority)
        .header(ACCEPT, "application/json")
        .body(Empty::<Bytes>::new())?;
    let answered = async {
        let answer = sender.send_request(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status()));
        }
        let body = Limited::new(answer.into_body(), BYTES_MAX).collect().await;
        Ok(body.map_err(FetchError::Body)?.to_bytes().to_vec())
    };
    let mut answered = std::pin::pin!(answered);
    tokio::select! {
        answer = &mut answered => answer,
        // It ends with its last answer, which may not have been read yet.
        ended = connection => {
            ended?;
            answered.await
        }
    }
}

fn tls(ca: Option<&Path>) -> Result<ClientConfig, FetchError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(ca) = ca {
        for authority in CertificateDer::pem_file_iter(ca)? {
            roots.add(authority?)?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
