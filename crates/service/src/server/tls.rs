//! TLS: the server's certificate, read again when its files change, and the certificates of clients.

mod files;
mod peer;

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::server::{WantsServerCert, WebPkiClientVerifier};
use rustls::{ConfigBuilder, RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::config::TlsConfig;
use crate::chain;
use files::Files;

pub use files::TlsError;
pub(crate) use peer::Peer;

/// What is spoken under TLS, as ALPN names it.
const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// How the server shows who it is. Clones are the same.
#[derive(Debug, Clone)]
pub struct Tls(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: TlsConfig,
    read: Mutex<Read>,
    ports: ArcSwap<Ports>,
}

/// What is agreed on at each port.
#[derive(Debug)]
struct Ports {
    grpc: Arc<ServerConfig>,
    browsers: Arc<ServerConfig>,
    metrics: Arc<ServerConfig>,
    pages: Arc<ServerConfig>,
}

/// What was read last, and what was wrong with it.
#[derive(Debug)]
struct Read {
    files: Files,
    wrong: Option<String>,
}

/// Which port a connection came to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Port {
    Grpc,
    /// The same port, where browsers are let in beside gRPC's clients.
    Browsers,
    Metrics,
    /// Of pages that programs fetch which have no certificate: they are asked for none.
    Pages,
}

impl Tls {
    /// Reads the files that `config` names; none where it names none.
    ///
    /// # Errors
    /// [`TlsError`], which names the file and what is wrong with it.
    pub fn open(config: &TlsConfig) -> Result<Option<Self>, TlsError> {
        let Some(files) = Files::read(config)? else {
            return Ok(None);
        };
        let ports = configured(config, &files)?;
        Ok(Some(Self(Arc::new(Shared {
            config: config.clone(),
            read: Mutex::new(Read { files, wrong: None }),
            ports: ArcSwap::from_pointee(ports),
        }))))
    }

    /// Reads the files again if they have changed. While they are wrong, the server shows what it
    /// showed before.
    pub(crate) fn refresh(&self) {
        let shared = &self.0;
        let mut read = shared.read.lock();
        match self.changed(&read.files) {
            Ok(None) => read.wrong = None,
            Ok(Some((files, ports))) => {
                shared.ports.store(Arc::new(ports));
                *read = Read { files, wrong: None };
                tracing::info!("TLS: certificates read again");
            }
            Err(error) => {
                let wrong = chain(&error).to_string();
                if read.wrong.as_ref() != Some(&wrong) {
                    tracing::error!(error = wrong, "TLS: the certificates before stay in force");
                    read.wrong = Some(wrong);
                }
            }
        }
    }

    fn changed(&self, before: &Files) -> Result<Option<(Files, Ports)>, TlsError> {
        let files = Files::read(&self.0.config)?.filter(|files| files != before);
        let Some(files) = files else {
            return Ok(None);
        };
        let configured = configured(&self.0.config, &files)?;
        Ok(Some((files, configured)))
    }

    /// Agrees on TLS with whoever connected, and says who that is if they showed a certificate.
    pub(crate) async fn accept(
        &self,
        port: Port,
        stream: TcpStream,
    ) -> io::Result<(TlsStream<TcpStream>, Option<Peer>)> {
        let ports = self.0.ports.load_full();
        let config = match port {
            Port::Grpc => Arc::clone(&ports.grpc),
            Port::Browsers => Arc::clone(&ports.browsers),
            Port::Metrics => Arc::clone(&ports.metrics),
            Port::Pages => Arc::clone(&ports.pages),
        };
        let stream = TlsAcceptor::from(config).accept(stream).await?;
        let shown = stream.get_ref().1.peer_certificates();
        let peer = shown.and_then(|shown| shown.first()).map(Peer::of);
        Ok((stream, peer))
    }
}

fn configured(config: &TlsConfig, files: &Files) -> Result<Ports, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = || {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions();
        builder.map_err(TlsError::Unusable)
    };
    let anybody = builder()?.with_no_client_auth();
    let known = match &files.client_authorities {
        None => anybody.clone(),
        Some(authorities) => {
            let mut roots = RootCertStore::empty();
            for authority in authorities {
                let added = roots.add(authority.clone());
                added.map_err(TlsError::Unusable)?;
            }
            let verifier =
                WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
            let verifier = match config.client_certificate_required {
                true => verifier,
                false => verifier.allow_unauthenticated(),
            };
            let verifier = verifier.build().map_err(TlsError::Authorities)?;
            builder()?.with_client_cert_verifier(verifier)
        }
    };
    let shown = |of: ConfigBuilder<ServerConfig, WantsServerCert>, spoken: &[&[u8]]| {
        let built = of.with_single_cert(files.chain.clone(), files.key.clone_key());
        let mut built = built.map_err(TlsError::Unusable)?;
        built.alpn_protocols = spoken.iter().map(|name| name.to_vec()).collect();
        Ok::<_, TlsError>(Arc::new(built))
    };
    Ok(Ports {
        grpc: shown(known.clone(), &[HTTP_2])?,
        browsers: shown(known.clone(), &[HTTP_2, HTTP_1])?,
        metrics: shown(known, &[HTTP_1])?,
        pages: shown(anybody, &[HTTP_1])?,
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::ClientConfig;
    use rustls::pki_types::ServerName;
    use rustls::pki_types::pem::PemObject;
    use tempfile::TempDir;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsConnector;

    use super::*;

    fn install(dir: &TempDir) -> CertifiedKey<rcgen::KeyPair> {
        let made = generate_simple_self_signed(["aftercall.example".to_owned()]).unwrap();
        std::fs::write(dir.path().join("server.pem"), made.cert.pem()).unwrap();
        std::fs::write(
            dir.path().join("server.key"),
            made.signing_key.serialize_pem(),
        )
        .unwrap();
        made
    }

    fn open(dir: &TempDir) -> Tls {
        let config = TlsConfig {
            certificate_file: Some(dir.path().join("server.pem")),
            key_file: Some(dir.path().join("server.key")),
            ..TlsConfig::default()
        };
        Tls::open(&config).unwrap().unwrap()
    }

    /// What a client that offers `alpn` agrees on with `port`.
    async fn agreed(tls: &Tls, port: Port, pem: &str, alpn: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let mut roots = RootCertStore::empty();
        let authority = rustls::pki_types::CertificateDer::from_pem_slice(pem.as_bytes());
        roots.add(authority.unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap();
        let mut client = client.with_root_certificates(roots).with_no_client_auth();
        client.alpn_protocols = vec![alpn.to_vec()];
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let stream = TcpStream::connect(listener.local_addr()?).await?;
        let (accepted, _) = listener.accept().await?;
        let name = ServerName::try_from("aftercall.example").unwrap();
        let connector = TlsConnector::from(Arc::new(client));
        let (served, connected) =
            tokio::join!(tls.accept(port, accepted), connector.connect(name, stream));
        served?;
        Ok(connected?.get_ref().1.alpn_protocol().map(<[u8]>::to_vec))
    }

    #[tokio::test]
    async fn each_port_agrees_on_what_is_spoken_there_and_on_nothing_else() {
        let dir = TempDir::new().unwrap();
        let pem = install(&dir).cert.pem();
        let tls = open(&dir);
        for (port, spoken, other) in [
            (Port::Grpc, HTTP_2, HTTP_1),
            (Port::Metrics, HTTP_1, HTTP_2),
            (Port::Pages, HTTP_1, HTTP_2),
        ] {
            let alpn = agreed(&tls, port, &pem, spoken).await.unwrap();
            assert_eq!(alpn.as_deref(), Some(spoken));
            assert!(agreed(&tls, port, &pem, other).await.is_err(), "{port:?}");
        }
        for spoken in [HTTP_2, HTTP_1] {
            let alpn = agreed(&tls, Port::Browsers, &pem, spoken).await.unwrap();
            assert_eq!(alpn.as_deref(), Some(spoken));
        }
    }

    #[tokio::test]
    async fn half_of_a_change_is_not_shown() {
        let dir = TempDir::new().unwrap();
        let old = install(&dir).cert.pem();
        let tls = open(&dir);
        let other = generate_simple_self_signed(["aftercall.example".to_owned()]).unwrap();
        std::fs::write(dir.path().join("server.pem"), other.cert.pem()).unwrap();
        tls.refresh();
        assert!(agreed(&tls, Port::Grpc, &old, HTTP_2).await.is_ok());
        let key = other.signing_key.serialize_pem();
        std::fs::write(dir.path().join("server.key"), key).unwrap();
        tls.refresh();
        assert!(
            agreed(&tls, Port::Grpc, &other.cert.pem(), HTTP_2)
                .await
                .is_ok()
        );
        assert!(agreed(&tls, Port::Grpc, &old, HTTP_2).await.is_err());
    }
}
