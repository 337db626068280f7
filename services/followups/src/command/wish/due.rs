//! Dues that move, and pauses.

use aftercall_domain::commitment::{Pausing, Reschedule};
use aftercall_domain::due::PauseReason;
use aftercall_domain::limits::TEXT_BYTES_MAX;
use aftercall_proto::followups::v1::{
    PauseCommitmentRequest, RescheduleCommitmentRequest, ResumeCommitmentRequest,
};
use aftercall_proto::model::v1 as wire;
use aftercall_service::Checker;
use aftercall_service::seal::RequestHash;
use jiff::Timestamp;

use super::{Head, Wish, cleaned, informed, plain};
use crate::command::PromiseCommand;
use crate::failure::Refused;

plain! {
    ResumeCommitmentRequest => Wish::Resume;
}

impl TryFrom<RescheduleCommitmentRequest> for PromiseCommand {
    type Error = Refused;

    fn try_from(request: RescheduleCommitmentRequest) -> Result<Self, Refused> {
        let hash = RequestHash::of(&request);
        let RescheduleCommitmentRequest {
            request_id,
            commitment_id,
            expected_version,
            promised_by,
            mut reason,
            customer_informed_interaction_id,
            customer_informed_message_id,
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
        let promised_by = checker.required_time("promised_by", promised_by.as_ref());
        let customer_informed = informed(
            &mut checker,
            &customer_informed_interaction_id,
            customer_informed_message_id,
        );
        checker.required_text("reason", &reason, TEXT_BYTES_MAX);
        let wish = Wish::Reschedule(Reschedule {
            // Without a due this is refused: the value stands in for none.
            promised_by: promised_by.unwrap_or(Timestamp::MIN),
            customer_informed,
            reason,
            target: None,
        });
        Ok(checker.done(head.command(warnings, wish))?)
    }
}

impl TryFrom<PauseCommitmentRequest> for PromiseCommand {
    type Error = Refused;

    fn try_from(request: PauseCommitmentRequest) -> Result<Self, Refused> {
        let hash = RequestHash::of(&request);
        let PauseCommitmentRequest {
            request_id,
            commitment_id,
            expected_version,
            reason,
            paused_until,
            mut note,
        } = request;
        let head = Head {
            request_id,
            commitment_id,
            expected_version,
            hash,
        };
        let warnings = cleaned("note", &mut note);
        let mut checker = Checker::new();
        head.check(&mut checker);
        let until = checker.time("paused_until", paused_until.as_ref());
        checker.text("note", &note, TEXT_BYTES_MAX);
        let given = checker.choice::<wire::PauseReason, PauseReason>("reason", reason);
        if reason == 0 {
            checker.found().required("reason");
        }
        let wish = Wish::Pause(Pausing {
            until,
            // Without a reason this is refused: the value stands in for none.
            reason: given.unwrap_or(PauseReason::AwaitingCustomer),
            note,
        });
        Ok(checker.done(head.command(warnings, wish))?)
    }
}
