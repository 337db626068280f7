//! TLS, whom it lets in, and credentials that change under a running server.

use std::path::PathBuf;
use std::time::Duration;

use aftercall_service::Authenticator;
use aftercall_service::server::{ServerConfig, ServerError, TlsConfig, bind};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Status};

use crate::probe::{Running, config, start};

/// An authority, and a directory for what it gives out.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    dir: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let dir = TempDir::new().unwrap();
        std::fs::write(dir.path().join("ca.pem"), &pem).unwrap();
        let issuer = Issuer::new(params, key);
        Self { issuer, pem, dir }
    }

    /// A certificate and its key for `name`.
    fn give(&self, name: &str) -> (String, String) {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Puts a certificate for `name` where the server looks for its own.
    fn install(&self, name: &str) {
        let (certificate, key) = self.give(name);
        std::fs::write(self.path("server.pem"), certificate).unwrap();
        std::fs::write(self.path("server.key"), key).unwrap();
    }

    fn config(&self) -> ServerConfig {
        ServerConfig {
            tls: TlsConfig {
                certificate_file: Some(self.path("server.pem")),
                key_file: Some(self.path("server.key")),
                client_ca_file: Some(self.path("ca.pem")),
                client_certificate_required: false,
            },
            ..config()
        }
    }

    /// What a client trusts that expects `name`.
    fn trusting(&self, name: &str) -> ClientTlsConfig {
        let authority = Certificate::from_pem(&self.pem);
        ClientTlsConfig::new()
            .ca_certificate(authority)
            .domain_name(name)
    }
}

async fn connect(running: &Running, tls: ClientTlsConfig) -> Option<Channel> {
    let endpoint = Endpoint::from_shared(format!("https://{}", running.address)).unwrap();
    endpoint.tls_config(tls).unwrap().connect().await.ok()
}

const TOKEN: &str = r#"
[[token]]
sha256 = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
tenant = "acme"
actor = "one"
kind = "AGENT"
roles = ["agent"]
"#;

const CERTIFICATE: &str = r#"
[[certificate]]
name = "crm.acme.example"
tenant = "acme"
actor = "crm"
kind = "INTEGRATION"
roles = ["integration"]
"#;

/// The token `two`.
fn other_token() -> String {
    let (one, two) = (
        "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed",
        "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3",
    );
    TOKEN.replace(one, two).replace("\"one\"", "\"two\"")
}

fn credentials(text: &str) -> (tempfile::NamedTempFile, Authenticator) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let authenticator = Authenticator::from_file(file.path()).unwrap();
    (file, authenticator)
}

fn bearing(token: &str) -> tonic::Request<String> {
    let mut request = tonic::Request::new(String::new());
    let header = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", header);
    request
}

#[tokio::test]
async fn over_tls_a_token_or_a_certificate_says_who_calls() {
    let authority = Authority::new();
    authority.install("aftercall.example");
    let (_file, authenticator) = credentials(&format!("{TOKEN}{CERTIFICATE}"));
    let running = start(authority.config(), authenticator).await;
    let trusting = || authority.trusting("aftercall.example");

    let plain = connect(&running, trusting()).await.unwrap();
    let who = running.call_over(plain.clone(), bearing("one")).await;
    assert_eq!(who.unwrap(), "acme/one");
    let nobody = running.call_over(plain, tonic::Request::new(String::new()));
    assert_eq!(nobody.await.unwrap_err().code(), Code::Unauthenticated);

    let shown = |name: &str| {
        let (certificate, key) = authority.give(name);
        trusting().identity(Identity::from_pem(certificate, key))
    };
    let known = connect(&running, shown("crm.acme.example")).await.unwrap();
    let who = running.call_over(known.clone(), tonic::Request::new(String::new()));
    assert_eq!(who.await.unwrap(), "acme/crm");
    let both = running.call_over(known, bearing("one"));
    assert_eq!(both.await.unwrap(), "acme/one", "the token says more");

    let unknown = connect(&running, shown("else.example")).await.unwrap();
    let who = running.call_over(unknown, tonic::Request::new(String::new()));
    assert_eq!(who.await.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_certificate_of_another_authority_lets_nobody_in() {
    let authority = Authority::new();
    authority.install("aftercall.example");
    let (_file, authenticator) = credentials(CERTIFICATE);
    let mut config = authority.config();
    config.tls.client_certificate_required = true;
    let running = start(config, authenticator).await;
    let (certificate, key) = Authority::new().give("crm.acme.example");
    let trusting = || authority.trusting("aftercall.example");
    for tls in [
        trusting(),
        trusting().identity(Identity::from_pem(certificate, key)),
    ] {
        let called = match connect(&running, tls).await {
            Some(channel) => {
                running
                    .call_over(channel, tonic::Request::new(String::new()))
                    .await
            }
            None => Err(Status::unavailable("")),
        };
        called.unwrap_err();
    }
    let plain = Endpoint::from_shared(format!("http://{}", running.address)).unwrap();
    let called = match plain.connect().await {
        Ok(channel) => running.call_over(channel, bearing("one")).await,
        Err(_) => Err(Status::unavailable("")),
    };
    called.unwrap_err();
}

#[tokio::test]
async fn a_new_certificate_is_shown_without_a_restart() {
    let authority = Authority::new();
    authority.install("old.example");
    let (_file, authenticator) = credentials(TOKEN);
    let running = start(authority.config(), authenticator).await;
    let shown = async |name: &str| connect(&running, authority.trusting(name)).await.is_some();
    assert!(shown("old.example").await && !shown("new.example").await);
    authority.install("new.example");
    while !shown("new.example").await {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_is_struck_out_of_the_file_is_out_and_its_streams_end() {
    let other = other_token();
    let (file, authenticator) = credentials(&format!("{TOKEN}{other}"));
    let running = start(config(), authenticator).await;
    let mut watch = running.watch_with("Watch", bearing("one")).await;
    assert_eq!(watch.message().await.unwrap().unwrap(), "first");

    std::fs::write(file.path(), other).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(60), watch.message());
    let ended = ended.await.expect("the stream ends").unwrap_err();
    assert_eq!(ended.code(), Code::Unauthenticated);
    let refused = running.call_with("WhoAmI", bearing("one")).await;
    assert_eq!(refused.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn who_stays_in_the_file_as_they_are_stays_connected() {
    let (file, authenticator) = credentials(TOKEN);
    let running = start(config(), authenticator).await;
    let mut watch = running.watch_with("Watch", bearing("one")).await;
    assert_eq!(watch.message().await.unwrap().unwrap(), "first");
    let text = std::fs::read_to_string(file.path()).unwrap();
    std::fs::write(file.path(), format!("{text}{}", other_token())).unwrap();
    while running.call_with("WhoAmI", bearing("two")).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert!(futures::poll!(Box::pin(watch.message())).is_pending());
    assert!(running.call_with("WhoAmI", bearing("one")).await.is_ok());
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_named() {
    let authority = Authority::new();
    authority.install("aftercall.example");
    let whole = authority.config().tls;
    let broken = authority.path("broken.pem");
    std::fs::write(&broken, "no certificate").unwrap();
    let cases = [
        (
            TlsConfig {
                key_file: None,
                ..whole.clone()
            },
            "server.tls.key_file",
        ),
        (
            TlsConfig {
                certificate_file: None,
                ..whole.clone()
            },
            "server.tls.certificate_file",
        ),
        (
            TlsConfig {
                certificate_file: Some(broken.clone()),
                ..whole.clone()
            },
            "broken.pem",
        ),
        (
            TlsConfig {
                key_file: Some(broken.clone()),
                ..whole.clone()
            },
            "broken.pem",
        ),
        (
            TlsConfig {
                client_ca_file: Some(broken),
                ..whole.clone()
            },
            "broken.pem",
        ),
        (
            TlsConfig {
                client_ca_file: None,
                client_certificate_required: true,
                ..whole
            },
            "server.tls.client_ca_file",
        ),
    ];
    for (tls, named) in cases {
        let config = ServerConfig { tls, ..config() };
        let refused = bind(&config, &Authenticator::development())
            .await
            .unwrap_err();
        assert!(matches!(refused, ServerError::Tls(_)), "{refused}");
        assert!(refused.to_string().contains(named), "{refused}");
    }
}
