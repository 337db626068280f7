//! Requests that are compressed, and how large they may be.

use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use aftercall_service::Role;
use aftercall_service::server::ServerConfig;
use aftercall_service::testing::{Caller, TestServer, call_raw};
use tonic::codec::CompressionEncoding;
use tonic::service::interceptor::InterceptedService;
use tonic::{Code, Request, Status};

use crate::contact::{id, interaction, request};
use crate::fixture::{Client, Fixture, reason_of};

const RECORD: &str = "/aftercall.recorder.v1.RecorderService/RecordInteraction";

fn caller() -> Caller {
    Caller::new("acme", "crm", &[Role::Integration])
}

fn compressing(server: &TestServer) -> Client {
    RecorderServiceClient::new(server.channel_of(caller()))
        .send_compressed(CompressionEncoding::Gzip)
}

#[tokio::test]
async fn a_request_in_gzip_is_taken() {
    let fixture = Fixture::new().await;
    let recorded = compressing(&fixture.server)
        .record_interaction(request(interaction(&id(1))))
        .await
        .unwrap();
    assert_eq!(recorded.into_inner().interaction_id, id(1));
    assert_eq!(fixture.log.len(), 1);
}

#[tokio::test]
async fn a_request_that_unfolds_beyond_the_limit_is_refused_as_too_large() {
    let fixture = Fixture::new().await;
    let mut bomb = interaction(&id(1));
    bomb.labels = vec!["x".repeat(16 << 20)];
    let refused = compressing(&fixture.server)
        .record_interaction(request(bomb))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(reason_of(&refused).0, "MESSAGE_TOO_LARGE");
    assert_eq!(fixture.log.len(), 0);
}

#[tokio::test]
async fn what_is_compressed_otherwise_is_refused_with_what_would_be_taken() {
    let fixture = Fixture::new().await;
    for encoding in ["deflate", "zstd", "snappy"] {
        let credentials = caller().credentials();
        let compressed = move |mut request: Request<()>| -> Result<Request<()>, Status> {
            let headers = request.metadata_mut();
            headers.insert("authorization", credentials.clone());
            headers.insert("grpc-encoding", encoding.parse().unwrap());
            Ok(request)
        };
        let channel = InterceptedService::new(fixture.server.channel(), compressed);
        let (_, refused) = call_raw(channel, RECORD, vec![Vec::new()]).await;
        assert_eq!(refused.code(), Code::Unimplemented, "{encoding}");
        assert_eq!(reason_of(&refused).0, "COMPRESSION_UNKNOWN");
        let taken = refused.metadata().get("grpc-accept-encoding").unwrap();
        assert!(taken.to_str().unwrap().contains("gzip"), "{taken:?}");
    }
}

#[tokio::test]
async fn the_settings_say_how_large_a_message_may_be() {
    let fixture = Fixture::new().await;
    let config = |message_bytes_max| ServerConfig {
        message_bytes_max,
        ..ServerConfig::default()
    };
    let mut large = interaction(&id(1));
    large.handling = Some(aftercall_proto::model::v1::Handling {
        summary: "x".repeat(8_000),
        ..Default::default()
    });
    let strict = fixture.behind(config(4_000)).await;
    let mut client = RecorderServiceClient::new(strict.channel_of(caller()));
    let refused = client.record_interaction(request(large.clone())).await;
    assert_eq!(reason_of(&refused.unwrap_err()).0, "MESSAGE_TOO_LARGE");
    assert_eq!(fixture.log.len(), 0);
    let generous = fixture.behind(config(16_000)).await;
    let mut client = RecorderServiceClient::new(generous.channel_of(caller()));
    client.record_interaction(request(large)).await.unwrap();
}

#[tokio::test]
async fn every_refusal_has_a_reason_also_the_transports() {
    let fixture = Fixture::new().await;
    let unknown = [
        "/aftercall.recorder.v1.RecorderService/ForgetInteraction",
        "/aftercall.recorder.v2.RecorderService/RecordInteraction",
        "/made.Up/Name",
        // A method of aftercall's, of a service that is not served here.
        "/aftercall.history.v1.HistoryService/GetInteraction",
    ];
    for path in unknown {
        let channel = fixture.server.channel_of(caller());
        let (_, refused) = call_raw(channel, path, vec![Vec::new()]).await;
        assert_eq!(refused.code(), Code::Unimplemented, "{path}");
        let (reason, details) = reason_of(&refused);
        assert_eq!(reason, "METHOD_UNKNOWN", "{path}");
        assert!(details.retry_info().is_none());
    }
}
