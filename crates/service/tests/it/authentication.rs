//! Who may call, and as whom.

use std::io::Write;

use aftercall_service::server::{ServerConfig, ServerError, bind};
use aftercall_service::{ActorKind, Authenticator, Principal, Reason, Role};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use proptest::prelude::*;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_types::StatusExt;

use crate::probe::{SERVICE, config, start};

/// The tokens are `first token` and `second token`.
fn authenticator() -> Authenticator {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let text = r#"
        [[token]]
        sha256 = "FIRST"
        tenant = "acme"
        actor = "crm"
        kind = "INTEGRATION"
        roles = ["integration"]

        [[token]]
        sha256 = "SECOND"
        tenant = "globex"
        actor = "ann"
        kind = "SUPERVISOR"
        roles = ["supervisor", "auditor"]
        country = "CH"
    "#;
    let text = text
        .replace("FIRST", &hash("first token"))
        .replace("SECOND", &hash("second token"));
    file.write_all(text.as_bytes()).unwrap();
    Authenticator::from_file(file.path()).unwrap()
}

fn hash(token: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(token)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn with(authorization: &str) -> tonic::Request<String> {
    let mut request = tonic::Request::new(String::new());
    request
        .metadata_mut()
        .insert("authorization", authorization.parse().unwrap());
    request
}

fn principal(authorization: &[u8]) -> Option<Principal> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, authorization.try_into().unwrap());
    authenticator()
        .principal(&headers, jiff::Timestamp::UNIX_EPOCH)
        .ok()
}

#[tokio::test]
async fn a_token_decides_tenant_and_actor() {
    let running = start(config(), authenticator()).await;
    let first = running
        .call_with("WhoAmI", with("Bearer first token"))
        .await;
    let second = running
        .call_with("WhoAmI", with("bearer second token"))
        .await;
    assert_eq!(first.unwrap(), "acme/crm");
    assert_eq!(second.unwrap(), "globex/ann");
}

#[tokio::test]
async fn without_a_known_token_nothing_is_served() {
    let running = start(config(), authenticator()).await;
    let attempts = [
        tonic::Request::new(String::new()),
        with("Bearer first toke"),
        with("Bearer first token "),
        with("Basic first token"),
        with("Bearer "),
        with("Bearer"),
    ];
    for attempt in attempts {
        let status = running.call_with("WhoAmI", attempt).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
        let info = status.get_details_error_info().unwrap();
        assert_eq!(info.reason, Reason::Unauthenticated.name());
        assert_eq!(info.domain, "aftercall");
    }
}

#[tokio::test]
async fn health_and_reflection_need_no_token() {
    let running = start(config(), authenticator()).await;
    let request = HealthCheckRequest {
        service: SERVICE.to_owned(),
    };
    let mut health = HealthClient::new(running.channel().await);
    assert_eq!(health.check(request).await.unwrap().into_inner().status, 1);

    let list = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut reflection = ServerReflectionClient::new(running.channel().await);
    let answers = reflection
        .server_reflection_info(tokio_stream::iter([list]))
        .await
        .unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(listed)) = answer.message_response else {
        panic!("no list of services");
    };
    let mut listed: Vec<_> = listed.service.iter().map(|one| one.name.as_str()).collect();
    listed.sort_unstable();
    assert_eq!(
        listed,
        [
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection",
            SERVICE,
        ],
        "what is served, and nothing else that is described"
    );
}

#[tokio::test]
async fn in_development_everybody_is_the_developer() {
    let running = start(config(), Authenticator::development()).await;
    assert_eq!(running.call("WhoAmI").await.unwrap(), "default/developer");
}

#[tokio::test]
async fn without_credentials_only_loopback_is_bound() {
    let open = ServerConfig {
        listen: "0.0.0.0:0".parse().unwrap(),
        ..config()
    };
    let refused = bind(&open, &Authenticator::development())
        .await
        .unwrap_err();
    assert!(
        matches!(refused, ServerError::Credentials { .. }),
        "{refused}"
    );
    assert!(
        refused.to_string().contains("server.credentials"),
        "{refused}"
    );
    let readable = bind(&open, &authenticator()).await.unwrap_err();
    assert!(matches!(readable, ServerError::Open { .. }), "{readable}");
    assert!(
        readable.to_string().contains("server.tls_proxy"),
        "{readable}"
    );
    let behind = ServerConfig {
        tls_proxy: Some("lb-1".to_owned()),
        ..open
    };
    assert!(bind(&behind, &authenticator()).await.is_ok());
    let metrics = ServerConfig {
        metrics_listen: Some("0.0.0.0:0".parse().unwrap()),
        ..config()
    };
    let readable = bind(&metrics, &authenticator()).await.unwrap_err();
    assert!(matches!(readable, ServerError::Open { .. }), "{readable}");
    for loopback in ["127.0.0.1:0", "127.9.9.9:0", "[::ffff:127.0.0.1]:0"] {
        let config = ServerConfig {
            listen: loopback.parse().unwrap(),
            ..config()
        };
        let bound = bind(&config, &Authenticator::development()).await;
        assert!(
            !matches!(bound, Err(ServerError::Credentials { .. })),
            "{loopback}"
        );
    }
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_setting() {
    let taken = bind(&config(), &Authenticator::development())
        .await
        .unwrap();
    let address = taken.local_addr().unwrap();
    let again = ServerConfig {
        listen: address,
        ..config()
    };
    let refused = bind(&again, &Authenticator::development())
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains(&address.to_string()),
        "{refused}"
    );
    assert!(refused.to_string().contains("server.listen"), "{refused}");
}

#[test]
fn a_token_carries_its_roles() {
    let ann = principal(b"Bearer second token").unwrap();
    assert_eq!(ann.actor_kind, ActorKind::Supervisor);
    assert_eq!(ann.country, "CH".parse().ok());
    assert_eq!(
        ann.roles.iter().collect::<Vec<_>>(),
        [Role::Supervisor, Role::Auditor]
    );
    assert_eq!(ann.require_any(&[Role::Agent, Role::Supervisor]), Ok(()));
    let refused = ann
        .require_any(&[Role::Agent, Role::KbPublisher])
        .unwrap_err();
    assert!(
        refused.to_string().contains("agent, kb_publisher"),
        "{refused}"
    );
}

#[test]
fn tokens_appear_in_no_debug_output() {
    assert_eq!(format!("{:?}", authenticator()), "Authenticator(2 tokens)");
}

proptest! {
    #[test]
    fn no_other_header_is_accepted(header in "[\\x20-\\x7e]{0,40}") {
        let accepted = ["first token", "second token"].iter().any(|token| {
            header.get(7..) == Some(*token) && header[..7].eq_ignore_ascii_case("bearer ")
        });
        prop_assert_eq!(principal(header.as_bytes()).is_some(), accepted);
    }
}
