//! A small exchange over HTTP with a server that the configuration names: for an issuer's keys, or a sign-in elsewhere.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;

/// How long it may take, and how large what is answered may be.
const TIMEOUT: Duration = Duration::from_secs(10);
const BYTES_MAX: usize = 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Somebody on the way could read or change it.
    #[error("{0} must be https://HOST/PATH, or http:// of this machine")]
    Open(Uri),
    /// Nobody is there, or the connection broke off.
    #[error("no connection")]
    Io(#[from] io::Error),
    /// It took too long.
    #[error("not answered within {TIMEOUT:?}")]
    Late(#[from] tokio::time::error::Elapsed),
    /// What came is no HTTP.
    #[error("HTTP failed")]
    Http(#[from] hyper::Error),
    /// The address or a header can't be sent.
    #[error("the request can't be made")]
    Request(#[from] http::Error),
    /// The answer is not whole.
    #[error("the answer broke off, or is larger than {BYTES_MAX} bytes")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file of authorities is of no use.
    #[error("the certificates of the authorities (ca_file, jwks_ca_file) can't be read")]
    Authority(#[from] pem::Error),
    /// TLS can't be spoken.
    #[error("TLS can't be set up")]
    Tls(#[from] rustls::Error),
}

/// Whether what comes from `url` comes over TLS, or from this machine: whoever could change it on its way could say
/// who is who.
pub fn is_trusted(url: &Uri) -> bool {
    let Some(host) = url.host() else {
        return false;
    };
    let local = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let local = host == "localhost" || local.is_ok_and(|address| address.is_loopback());
    match url.scheme_str() {
        Some("https") => true,
        Some("http") => local,
        _ => false,
    }
}

/// What the server of the request's address answers, whatever its status; redirects are not followed. Besides the
/// authorities that the machine trusts, its certificate may come from those of the PEM file `authorities`.
///
/// # Errors
/// [`FetchError`] when the address is not trusted, and when there is no whole answer in time.
pub async fn fetch(
    request: Request<Bytes>,
    authorities: Option<&Path>,
) -> Result<Response<Bytes>, FetchError> {
    if !is_trusted(request.uri()) {
        return Err(FetchError::Open(request.uri().clone()));
    }
    timeout(TIMEOUT, exchange(request, authorities)).await?
}

async fn exchange(
    request: Request<Bytes>,
    authorities: Option<&Path>,
) -> Result<Response<Bytes>, FetchError> {
    let (mut head, body) = request.into_parts();
    let url = std::mem::take(&mut head.uri);
    let secure = url.scheme_str() == Some("https");
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await?;
    let stream = match secure {
        false => Either::Left(stream),
        true => {
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            let connector = TlsConnector::from(Arc::new(tls(authorities)?));
            Either::Right(connector.connect(name, stream).await?)
        }
    };
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    let authority = url.authority().map_or(host, |authority| authority.as_str());
    let authority = HeaderValue::from_str(authority).map_err(http::Error::from)?;
    head.headers.insert(HOST, authority);
    if let Some(path) = url.path_and_query() {
        head.uri = Uri::from(path.clone());
    }
    let request = Request::from_parts(head, Full::new(body));
    let answered = async {
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, BYTES_MAX).collect().await;
        let body = body.map_err(FetchError::Body)?.to_bytes();
        Ok::<_, FetchError>(Response::from_parts(head, body))
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

fn tls(authorities: Option<&Path>) -> Result<ClientConfig, FetchError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(authorities) = authorities {
        for authority in CertificateDer::pem_file_iter(authorities)? {
            roots.add(authority?)?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tls_and_this_machine_are_trusted() {
        for (url, trusted) in [
            ("https://identity.example/keys", true),
            ("http://127.0.0.1:8080/keys", true),
            ("http://localhost/keys", true),
            ("http://[::1]:1/keys", true),
            ("http://identity.example/keys", false),
            ("http://127.0.0.1.identity.example/keys", false),
            ("ftp://localhost/keys", false),
            ("/keys", false),
        ] {
            assert_eq!(is_trusted(&url.parse().unwrap()), trusted, "{url}");
        }
    }
}
