//! The customer was tried.

use aftercall_domain::commitment::{AttemptResult, Attempting};
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations};
use aftercall_proto::convert::due::duration;
use aftercall_proto::followups::v1::RecordAttemptRequest;
use aftercall_proto::model::v1 as wire;
use aftercall_service::Checker;
use aftercall_service::seal::RequestHash;
use jiff::SignedDuration;
use pbjson_types::Duration;

use super::{Head, Wish, evidence};
use crate::command::PromiseCommand;
use crate::failure::Refused;

/// Nobody talks for longer.
const TALK_MAX: SignedDuration = SignedDuration::from_hours(24);

impl TryFrom<RecordAttemptRequest> for PromiseCommand {
    type Error = Refused;

    fn try_from(request: RecordAttemptRequest) -> Result<Self, Refused> {
        let hash = RequestHash::of(&request);
        let RecordAttemptRequest {
            request_id,
            commitment_id,
            expected_version,
            result,
            attempted_at,
            talk_time,
            evidence_interaction_id,
            evidence_message_id,
        } = request;
        let head = Head {
            request_id,
            commitment_id,
            expected_version,
            hash,
        };
        let mut checker = Checker::new();
        head.check(&mut checker);
        if result == 0 {
            checker.found().required("result");
        }
        let given = checker.choice::<wire::AttemptResult, AttemptResult>("result", result);
        let at = checker.time("attempted_at", attempted_at.as_ref());
        let talk = talk_time.and_then(|talk| talked(talk, checker.found()));
        checker.id("evidence_interaction_id", &evidence_interaction_id);
        checker.id("evidence_message_id", &evidence_message_id);
        let wish = Wish::Attempt(Attempting {
            at,
            // Without a result this is refused: the value stands in for none.
            result: given.unwrap_or(AttemptResult::NoAnswer),
            talk,
            // Only a contact shows it.
            by_message: false,
            evidence: evidence(&evidence_interaction_id, evidence_message_id),
        });
        Ok(checker.done(head.command(Vec::new(), wish))?)
    }
}

fn talked(talk: Duration, found: &mut Violations) -> Option<SignedDuration> {
    let at = FieldPath::of("talk_time");
    let talk = duration(Some(talk), at, found)?;
    if !(SignedDuration::ZERO..=TALK_MAX).contains(&talk) {
        found.add(
            at,
            Reason::OutOfRange,
            "is out of range; give at most a day",
        );
    }
    Some(talk)
}
