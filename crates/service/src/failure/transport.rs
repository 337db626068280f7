//! What the transport refuses by itself, before a service sees it. Its statuses have no details, so
//! they are told again as failures of ours.

use aftercall_domain::limits::ELEMENTS_MAX;
use tonic::{Code, Status};

use super::{Failure, to_status};
use crate::{Internal, Reason};

/// How the transport begins to say that bytes are no message,
const UNDECODABLE: &str = "failed to decode Protobuf message";
/// that they are framed or compressed wrongly,
const UNFRAMED: &str = "protocol error: ";
const UNCOMPRESSIBLE: &str = "Error decompressing";
/// that there are none, as when a caller gives up after its headers,
const MISSING: &str = "Missing request message";
/// and that they are compressed in a way that it does not know.
const COMPRESSED: &str = "Content is compressed";

#[derive(Debug, thiserror::Error)]
pub(crate) enum Untaken {
    #[error(
        "the message can't be decoded: it is not of the method's type, or holds text that is not \
         UTF-8; encode it as the proto says"
    )]
    Undecodable,
    #[error("the message is not framed or compressed as gRPC says; send it with a gRPC library")]
    Unframed,
    #[error("the call has no message; send one, which may be empty")]
    Missing,
    #[error("the message is larger than the server takes; shorten or split it")]
    TooLarge,
    #[error(
        "the lists and maps of the message have more than {ELEMENTS_MAX} elements; send fewer at a \
         time"
    )]
    TooManyElements,
    #[error("the message is compressed in a way that is not taken; use gzip, or none")]
    Compression,
    #[error("there is no such method here; check the service's name and version, and the method's")]
    Method,
}

impl Failure for Untaken {
    fn reason(&self) -> Reason {
        match self {
            Self::Undecodable | Self::Unframed | Self::Missing => Reason::InvalidRequest,
            Self::TooLarge | Self::TooManyElements => Reason::MessageTooLarge,
            Self::Compression => Reason::CompressionUnknown,
            Self::Method => Reason::MethodUnknown,
        }
    }
}

/// The status of a message that was not taken, with details; any other status as it is. For what a
/// stream of requests brings; single requests are seen to by the server.
pub fn explained(status: Status) -> Status {
    // What has details was said by a service; and who has gone away reads nothing any more.
    if !status.details().is_empty() || matches!(status.code(), Code::Ok | Code::Cancelled) {
        return status;
    }
    let mut explained = match untaken(&status) {
        Some(untaken) => to_status(untaken),
        None => to_status(Internal::new(status.to_string())),
    };
    // Such as what the server could have decompressed.
    *explained.metadata_mut() = status.metadata().clone();
    explained
}

fn untaken(status: &Status) -> Option<Untaken> {
    let says = |beginning| status.message().starts_with(beginning);
    match status.code() {
        Code::Internal if says(UNDECODABLE) => Some(Untaken::Undecodable),
        Code::Internal if says(UNFRAMED) || says(UNCOMPRESSIBLE) => Some(Untaken::Unframed),
        Code::Internal if says(MISSING) => Some(Untaken::Missing),
        Code::ResourceExhausted if says(UNCOMPRESSIBLE) => Some(Untaken::TooLarge),
        Code::OutOfRange => Some(Untaken::TooLarge),
        Code::Unimplemented if says(COMPRESSED) => Some(Untaken::Compression),
        Code::Unimplemented => Some(Untaken::Method),
        _ => None,
    }
}
