//! Addresses that are not sent to, whatever leads there; and who receivers are.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use aftercall_notify::{Resolve, Resolving};
use aftercall_proto::model::v1::WebhookFailure;
use aftercall_proto::notify::v1::{TestWebhookRequest, TestWebhookResponse};
use parking_lot::Mutex;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

use crate::receiver::Receiver;
use crate::world::{With, World, webhook};

/// Resolves each name to what a test says.
#[derive(Debug, Default)]
struct Names(Mutex<Vec<IpAddr>>);

impl Names {
    fn lead_to(&self, addresses: &[&str]) {
        *self.0.lock() = addresses.iter().map(|text| text.parse().unwrap()).collect();
    }
}

impl Resolve for Names {
    fn resolve(&self, _: &str, port: u16) -> Resolving {
        let addresses = self.0.lock().clone().into_iter();
        let addresses = addresses.map(|address| SocketAddr::new(address, port));
        let addresses: Vec<_> = addresses.collect();
        Box::pin(async move { Ok(addresses) })
    }
}

fn with(names: &Arc<Names>, networks: &[&str]) -> With {
    let networks = networks.iter();
    let networks = networks.map(|text| (*text).to_owned().try_into().unwrap());
    let mut with = With {
        resolver: Arc::clone(names) as Arc<dyn Resolve>,
        ..With::default()
    };
    with.config.private_networks = networks.collect();
    with
}

async fn test(world: &World, webhook_id: &str) -> TestWebhookResponse {
    let request = TestWebhookRequest {
        webhook_id: webhook_id.to_owned(),
        latest: true,
        ..TestWebhookRequest::default()
    };
    let tested = world.admin().test_webhook(request).await.unwrap();
    tested.into_inner()
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_connected_to() {
    let (names, receiver) = (Arc::new(Names::default()), Receiver::start().await);
    // Something private is allowed, but not this.
    let world = World::with(with(&names, &["10.255.0.0/16"])).await;
    let port = receiver.address.port();
    let plain = webhook(format!("http://inside.example:{port}/"));
    let plain = world.create(plain).await.webhook.unwrap();
    let secure = webhook(format!("https://inside.example:{port}/"));
    let secure = world.create(secure).await.webhook.unwrap();
    for addresses in [
        &["127.0.0.1"][..],
        &["::ffff:127.0.0.1"],
        &["0.0.0.0"],
        &["::"],
        &["::1"],
        &["::ffff:0.0.0.0"],
        &["::127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["2002:7f00:1::"],
        &["169.254.169.254"],
        &["fe80::1"],
        &["10.254.255.255"],
        &["127.0.0.1", "0.0.0.0", "::1"],
    ] {
        names.lead_to(addresses);
        for webhook in [&plain, &secure] {
            let tested = test(&world, &webhook.webhook_id).await;
            let failure = tested.attempt.unwrap().failure();
            assert_eq!(failure, WebhookFailure::AddressForbidden, "{addresses:?}");
            assert!(tested.description.contains("notify.private_networks"));
        }
    }
    // In clear to where everybody is: not even that.
    names.lead_to(&["1.1.1.1"]);
    let tested = test(&world, &plain.webhook_id).await;
    assert_eq!(
        tested.attempt.unwrap().failure(),
        WebhookFailure::AddressForbidden
    );
    names.lead_to(&[]);
    let tested = test(&world, &plain.webhook_id).await;
    assert_eq!(
        tested.attempt.unwrap().failure(),
        WebhookFailure::NameNotResolved
    );
    assert_eq!(receiver.connections(), 0);
    world.stop().await;
}

#[tokio::test]
async fn of_several_addresses_only_those_that_are_allowed_are_connected_to() {
    let (names, receiver) = (Arc::new(Names::default()), Receiver::start().await);
    let world = World::with(with(&names, &["127.0.0.1/32"])).await;
    let url = format!("http://inside.example:{}/", receiver.address.port());
    let made = world.create(webhook(url)).await.webhook.unwrap();
    for (addresses, delivered) in [
        (&["0.0.0.0", "127.0.0.2"][..], false),
        (&["127.0.0.2", "127.0.0.1"], true),
        (&["::ffff:127.0.0.1"], true),
    ] {
        names.lead_to(addresses);
        let tested = test(&world, &made.webhook_id).await;
        assert_eq!(tested.delivered, delivered, "{tested:?}");
    }
    assert_eq!(receiver.connections(), 2);
    assert_eq!(receiver.so_far()[0].json()["type"], "aftercall.test");
    world.stop().await;
}

#[tokio::test]
async fn this_machines_own_name_is_inside() {
    let receiver = Receiver::start().await;
    let mut with = With::default();
    with.config.private_networks = vec!["10.0.0.0/8".to_owned().try_into().unwrap()];
    let world = World::with(with).await;
    let url = format!("http://localhost:{}/", receiver.address.port());
    let made = world.create(webhook(url)).await.webhook.unwrap();
    let tested = test(&world, &made.webhook_id).await;
    assert_eq!(
        tested.attempt.unwrap().failure(),
        WebhookFailure::AddressForbidden
    );
    assert_eq!(receiver.connections(), 0);
    world.stop().await;
}

/// An authority of its own, and what a receiver of this name needs.
fn certified(name: &str) -> (TempDir, PathBuf, Arc<ServerConfig>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, params.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let own = KeyPair::generate().unwrap();
    let params = CertificateParams::new([name.to_owned()]).unwrap();
    let certificate = params.signed_by(&own, &issuer).unwrap().pem();
    let chain = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let own = PrivateKeyDer::from_pem_slice(own.serialize_pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth();
    let config = config.with_single_cert(vec![chain], own).unwrap();
    (dir, path, Arc::new(config))
}

#[tokio::test]
async fn a_receiver_proves_who_it_is() {
    let names = Arc::new(Names::default());
    names.lead_to(&["127.0.0.1"]);
    let (_dir, authority, tls) = certified("hooks.example");
    let receiver = Receiver::secure(tls).await;
    let mut trusting = with(&names, &["127.0.0.0/8"]);
    trusting.config.ca_file = Some(authority);
    let world = World::with(trusting).await;
    let url = |name: &str| format!("https://{name}:{}/x", receiver.address.port());
    let made = world.create(webhook(url("hooks.example"))).await;
    let id = made.webhook.unwrap().webhook_id;
    let tested = test(&world, &id).await;
    assert!(tested.delivered, "{tested:?}");
    assert!(receiver.so_far()[0].is_signed_by(&made.secret));
    let other = world
        .create(webhook(url("other.example")))
        .await
        .webhook
        .unwrap();
    let tested = test(&world, &other.webhook_id).await;
    assert_eq!(tested.attempt.unwrap().failure(), WebhookFailure::Tls);
    // Who does not trust its authority does not send to it.
    let own = with(&names, &["127.0.0.0/8"]);
    let world = world
        .restarted_with(|with| (with.config, with.resolver) = (own.config, own.resolver))
        .await;
    let tested = test(&world, &id).await;
    assert_eq!(tested.attempt.unwrap().failure(), WebhookFailure::Tls);
    assert_eq!(receiver.so_far().len(), 1);
    world.stop().await;
}
