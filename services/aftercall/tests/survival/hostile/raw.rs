//! Calls with any bytes as their message.

use aftercall_service::testing::Raw;
use bytes::Bytes;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::WATCH;

/// Calls `method` with one message, and waits for its status.
pub(crate) async fn call(channel: &Channel, method: &str, message: Bytes) -> Result<(), Status> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.expect("the server lives");
    let path = PathAndQuery::try_from(method).expect("a path");
    let answer = client
        .server_streaming(Request::new(message), path, Raw)
        .await;
    let mut answers = answer?.into_inner();
    if method == WATCH {
        return Ok(());
    }
    while answers.message().await?.is_some() {}
    Ok(())
}
