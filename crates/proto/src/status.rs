//! A failure in a message is what a failed call's status is: the same code, text and details.

use prost::Message;

use crate::google::rpc::Status;

/// The status as a message carries it. What a call's status says in its details is a whole
/// `google.rpc.Status`; one without details has code and text alone.
pub fn to_wire(status: &tonic::Status) -> Status {
    let told = Status::decode(status.details()).ok();
    told.filter(|told| !told.details.is_empty())
        .unwrap_or_else(|| Status {
            code: status.code().into(),
            message: status.message().to_owned(),
            details: Vec::new(),
        })
}

/// The status that a call would have ended with.
pub fn from_wire(status: &Status) -> tonic::Status {
    let details = status.encode_to_vec().into();
    tonic::Status::with_details(tonic::Code::from(status.code), &*status.message, details)
}
