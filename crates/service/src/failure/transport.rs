//! What the transport refuses by itself, before a service sees it. Its statuses have no details, so
//! they are told again as failures of ours.

use tonic::Status;

use super::{Failure, to_status};
use crate::Reason;

/// How prost begins to say that bytes are no message.
const UNDECODABLE: &str = "failed to decode Protobuf message";

#[derive(Debug, thiserror::Error)]
enum Untaken {
    #[error(
        "the message can't be decoded: it is not of the method's type, or holds text that is not \
         UTF-8; encode it as the proto says"
    )]
    Undecodable,
    #[error("the message is larger than the server takes; shorten or split it")]
    TooLarge,
}

impl Failure for Untaken {
    fn reason(&self) -> Reason {
        match self {
            Self::Undecodable => Reason::InvalidRequest,
            Self::TooLarge => Reason::MessageTooLarge,
        }
    }
}

/// The status of a message that was not taken, with details; any other status as it is. For what a
/// stream of requests brings; single requests are seen to by the server.
pub fn explained(status: Status) -> Status {
    match untaken(&status) {
        Some(untaken) => to_status(untaken),
        None => status,
    }
}

fn untaken(status: &Status) -> Option<Untaken> {
    match status.code() {
        tonic::Code::Internal if status.message().starts_with(UNDECODABLE) => {
            Some(Untaken::Undecodable)
        }
        tonic::Code::OutOfRange if status.details().is_empty() => Some(Untaken::TooLarge),
        _ => None,
    }
}
