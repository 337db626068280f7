//! Single calls: what is tried again, what isn't, and what is remembered.

use std::collections::HashMap;
use std::time::Duration;

use aftercall_client::{Client, Error, Refusal, Token};
use aftercall_proto::alerts::v1::ListAlertsRequest;
use aftercall_proto::model::v1::Interaction;
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::server::{Script, Server, position, refusal};

/// A contact without a name.
fn contact() -> RecordInteractionRequest {
    RecordInteractionRequest {
        interaction: Some(Interaction::default()),
        ..Default::default()
    }
}

fn refused(error: Error) -> Refusal {
    match error {
        Error::Refused(refusal) => *refusal,
        other => panic!("{other:?}"),
    }
}

fn soon() -> Option<Duration> {
    Some(Duration::from_millis(1))
}

#[tokio::test]
async fn what_may_succeed_is_sent_again_as_it_was() {
    let server = Server::start(Script {
        failures: [
            refusal(Code::Unavailable, "LOG_UNAVAILABLE", soon()),
            refusal(Code::ResourceExhausted, "LOG_QUEUE_FULL", soon()),
            Status::unavailable("the connection broke"),
        ]
        .into(),
        ..Script::default()
    })
    .await;
    server.client().await.call(contact()).await.unwrap();
    let recorded = server.script.lock().recorded.clone();
    assert_eq!(recorded.len(), 4);
    let id = |at: usize| recorded[at].interaction.clone().unwrap().interaction_id;
    assert!(!id(0).is_empty(), "or it would be recorded twice");
    assert!(recorded.iter().all(|request| *request == recorded[0]));
}

#[tokio::test]
async fn two_contacts_are_never_one() {
    let server = Server::start(Script::default()).await;
    let client = server.client().await;
    client.call(contact()).await.unwrap();
    client.call(contact()).await.unwrap();
    let recorded = server.script.lock().recorded.clone();
    assert_ne!(recorded[0], recorded[1]);
}

#[tokio::test]
async fn what_can_not_succeed_is_sent_once_and_says_why() {
    let mut details = ErrorDetails::with_error_info("INVALID_REQUEST", "aftercall", HashMap::new());
    details.add_bad_request_violation("interaction.channel", "is required; give a value");
    let status = Status::with_error_details(Code::InvalidArgument, "wrong", details);
    let server = Server::start(Script {
        failures: [status].into(),
        ..Script::default()
    })
    .await;
    let error = server.client().await.call(contact()).await.unwrap_err();
    let refusal = refused(error);
    assert_eq!(
        (refusal.code, refusal.reason.as_str()),
        (Code::InvalidArgument, "INVALID_REQUEST")
    );
    assert_eq!(refusal.violations[0].field, "interaction.channel");
    let text = refusal.to_string();
    assert!(
        text.contains("\n  interaction.channel: is required; give a value"),
        "{text}"
    );
    assert_eq!(server.script.lock().recorded.len(), 1);
}

#[tokio::test]
async fn a_server_that_refuses_for_ever_is_given_up() {
    let busy = || refusal(Code::Unavailable, "LOG_UNAVAILABLE", soon());
    let server = Server::start(Script {
        failures: std::iter::repeat_with(busy).take(100).collect(),
        ..Script::default()
    })
    .await;
    let error = server.client().await.call(contact()).await.unwrap_err();
    assert_eq!(refused(error).reason, "LOG_UNAVAILABLE");
    assert_eq!(server.script.lock().recorded.len(), 6);
}

#[tokio::test]
async fn a_query_includes_the_last_write_if_that_is_asked_for() {
    let server = Server::start(Script {
        pages: vec![0],
        ..Script::default()
    })
    .await;
    let plain = server.client().await;
    let reader = server.builder().read_own_writes().connect().await.unwrap();
    for client in [&plain, &reader] {
        client.call(contact()).await.unwrap();
        client.call(ListAlertsRequest::default()).await.unwrap();
    }
    let own = ListAlertsRequest {
        min_position: "own".to_owned(),
        ..Default::default()
    };
    reader.call(own).await.unwrap();
    assert_eq!(plain.last_position(), position(1));
    let asked: Vec<_> = server
        .script
        .lock()
        .listed
        .iter()
        .map(|request| request.min_position.clone())
        .collect();
    assert_eq!(asked, [String::new(), position(2), "own".to_owned()]);
}

#[tokio::test]
async fn the_token_goes_with_every_call_and_is_never_shown() {
    let server = Server::start(Script::default()).await;
    let builder = server.builder().token(Token::new(" secret\n"));
    assert!(!format!("{builder:?}").contains("secret"));
    let client = builder.connect().await.unwrap();
    assert!(!format!("{client:?}").contains("secret"));
    client.call(contact()).await.unwrap();
    server.client().await.call(contact()).await.unwrap();
    let tokens = server.script.lock().tokens.clone();
    assert_eq!(tokens, [Some("Bearer secret".to_owned()), None]);
}

#[tokio::test]
async fn what_can_not_be_used_is_said_before_anything_is_sent() {
    for address in ["127.0.0.1:7400", "ftp://127.0.0.1", "http:// blank"] {
        let error = Client::builder(address).connect().await.unwrap_err();
        assert!(matches!(error, Error::AddressMalformed { .. }), "{error:?}");
    }
    let token = Token::new("line\u{7}break");
    let error = Client::builder("http://127.0.0.1:1").token(token);
    let error = error.connect().await.unwrap_err();
    assert!(matches!(error, Error::TokenMalformed), "{error:?}");
    let error = Client::builder("http://127.0.0.1:1").connect().await;
    assert!(matches!(error, Err(Error::Unreachable { .. })), "{error:?}");
}
