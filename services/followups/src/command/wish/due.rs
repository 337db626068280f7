//! Dues that move, and pauses.

use aftercall_domain::FieldPath;
use aftercall_domain::commitment::{Pausing, Reschedule};
use aftercall_domain::due::{DueSpec, PauseReason};
use aftercall_domain::limits::TEXT_BYTES_MAX;
use aftercall_proto::convert::due;
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
use crate::making::check_one_due;

/// Another due, as somebody gives it.
#[derive(Debug, Clone)]
pub(crate) struct Moving {
    /// How it is said, as long as no instant was made of it; none for what is an instant.
    pub(crate) said: Option<DueSpec>,
    /// The rest.
    pub(crate) wish: Reschedule,
}

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
            due,
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
        check_one_due(&mut checker, promised_by.is_some(), due.is_some());
        let promised_by = checker.time("promised_by", promised_by.as_ref());
        let at = FieldPath::of("due");
        let said = due.and_then(|due| due::read(due, "", at, checker.found()));
        let customer_informed = informed(
            &mut checker,
            &customer_informed_interaction_id,
            customer_informed_message_id,
        );
        checker.required_text("reason", &reason, TEXT_BYTES_MAX);
        let wish = Reschedule {
            // Without an instant of its own it is made of the words, or refused: the value stands in for none.
            promised_by: promised_by.unwrap_or(Timestamp::MIN),
            due: None,
            customer_informed,
            told_at: None,
            reason,
            target: None,
        };
        let wish = Wish::Reschedule(Box::new(Moving { said, wish }));
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
