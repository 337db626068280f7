//! A promise is kept, or called off.

use aftercall_domain::commitment::{Cancel, Fulfil};
use aftercall_domain::limits::TEXT_BYTES_MAX;
use aftercall_proto::followups::v1::{CancelCommitmentRequest, FulfilCommitmentRequest};
use aftercall_service::Checker;
use aftercall_service::seal::RequestHash;

use super::{Head, Wish, cleaned, evidence, informed};
use crate::command::PromiseCommand;
use crate::failure::Refused;

impl TryFrom<FulfilCommitmentRequest> for PromiseCommand {
    type Error = Refused;

    fn try_from(request: FulfilCommitmentRequest) -> Result<Self, Refused> {
        let hash = RequestHash::of(&request);
        let FulfilCommitmentRequest {
            request_id,
            commitment_id,
            expected_version,
            fulfilled_at,
            evidence_interaction_id,
            mut note,
            evidence_message_id,
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
        let fulfilled_at = checker.time("fulfilled_at", fulfilled_at.as_ref());
        checker.id("evidence_interaction_id", &evidence_interaction_id);
        checker.id("evidence_message_id", &evidence_message_id);
        checker.text("note", &note, TEXT_BYTES_MAX);
        let wish = Wish::Fulfil(Fulfil {
            fulfilled_at,
            evidence: evidence(&evidence_interaction_id, evidence_message_id),
            note,
        });
        Ok(checker.done(head.command(warnings, wish))?)
    }
}

impl TryFrom<CancelCommitmentRequest> for PromiseCommand {
    type Error = Refused;

    fn try_from(request: CancelCommitmentRequest) -> Result<Self, Refused> {
        let hash = RequestHash::of(&request);
        let CancelCommitmentRequest {
            request_id,
            commitment_id,
            expected_version,
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
        let customer_informed = informed(
            &mut checker,
            &customer_informed_interaction_id,
            customer_informed_message_id,
        );
        checker.required_text("reason", &reason, TEXT_BYTES_MAX);
        let wish = Wish::Cancel(Cancel {
            customer_informed,
            reason,
        });
        Ok(checker.done(head.command(warnings, wish))?)
    }
}
