//! Promises that are let go, or that another one takes the place of.

use aftercall_domain::CommitmentId;
use aftercall_domain::commitment::Supersede;
use aftercall_domain::limits::TEXT_BYTES_MAX;
use aftercall_proto::followups::v1::{
    DeclineWaiverRequest, DismissCommitmentRequest, EndRecurrenceRequest, RequestWaiverRequest,
    SupersedeCommitmentRequest, WaiveCommitmentRequest,
};
use aftercall_service::Checker;
use aftercall_service::seal::RequestHash;

use super::{Head, Wish, cleaned, with_reason};
use crate::command::PromiseCommand;
use crate::failure::Refused;

with_reason! {
    DismissCommitmentRequest => Wish::Dismiss;
    RequestWaiverRequest => Wish::RequestWaiver;
    DeclineWaiverRequest => Wish::DeclineWaiver;
    WaiveCommitmentRequest => Wish::Waive;
    EndRecurrenceRequest => Wish::EndRecurrence;
}

impl TryFrom<SupersedeCommitmentRequest> for PromiseCommand {
    type Error = Refused;

    fn try_from(request: SupersedeCommitmentRequest) -> Result<Self, Refused> {
        let hash = RequestHash::of(&request);
        let SupersedeCommitmentRequest {
            request_id,
            commitment_id,
            expected_version,
            superseded_by,
            mut reason,
        } = request;
        let head = Head {
            request_id,
            commitment_id,
            expected_version,
            hash,
        };
        let warnings = cleaned("reason", &mut reason);
        let mut checker = Checker::new();
        head.check(&mut checker);
        checker.required_id("superseded_by", &superseded_by);
        checker.required_text("reason", &reason, TEXT_BYTES_MAX);
        let wish = Wish::Supersede(Supersede {
            by_commitment_id: CommitmentId::read(&superseded_by).into_string(),
            reason,
        });
        Ok(checker.done(head.command(warnings, wish))?)
    }
}
