//! Calls with messages that no client would encode.

use bytes::{Buf, BufMut};
use futures::stream;
use http::uri::PathAndQuery;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::{Body as HttpBody, Bytes, StdError};
use tonic::{Request, Status};

/// Encodes and decodes nothing: what goes out is what the test wrote, and what comes is as it came.
#[derive(Debug, Clone, Copy, Default)]
pub struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, bytes: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(bytes);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(bytes.copy_to_bytes(bytes.remaining())))
    }
}

/// Calls the method at `path` with these messages, and gives the answers and how the call ended.
///
/// # Panics
/// When there is no connection, or `path` is none.
pub async fn call_raw<C>(channel: C, path: &str, messages: Vec<Vec<u8>>) -> (Vec<Vec<u8>>, Status)
where
    C: GrpcService<Body>,
    C::ResponseBody: HttpBody<Data = Bytes> + Send + 'static,
    <C::ResponseBody as HttpBody>::Error: Into<StdError> + Send,
{
    let mut grpc = tonic::client::Grpc::new(channel);
    assert!(grpc.ready().await.is_ok(), "no connection");
    let path = PathAndQuery::try_from(path).expect("a method's path");
    let messages = messages.into_iter().map(Bytes::from);
    let requests = Request::new(stream::iter(messages));
    let mut answers = match grpc.streaming(requests, path, Raw).await {
        Ok(answers) => answers.into_inner(),
        Err(status) => return (Vec::new(), status),
    };
    let mut received = Vec::new();
    loop {
        match answers.message().await {
            Ok(Some(answer)) => received.push(answer.to_vec()),
            Ok(None) => return (received, Status::ok("")),
            Err(status) => return (received, status),
        }
    }
}
