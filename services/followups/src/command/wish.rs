//! What a caller may want of a promise, taken from the request.

use aftercall_domain::commitment::{
    Actor, Cancel, Change, Commitment, Event, Evidence, Fulfil, Refusal, Reschedule,
};
use aftercall_domain::limits::TEXT_BYTES_MAX;
use aftercall_domain::{Cleaner, CommitmentId, FieldPath, InteractionId, Warning};
use aftercall_proto::event::v1::EventType;
use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, FulfilCommitmentRequest, RescheduleCommitmentRequest,
};
use aftercall_service::seal::RequestHash;
use aftercall_service::{Checker, given};
use jiff::Timestamp;

use super::PromiseCommand;
use crate::failure::Refused;

/// What a caller wants to happen to a promise.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    Fulfil(Fulfil),
    Cancel(Cancel),
    Reschedule(Reschedule),
}

impl Wish {
    pub(super) const fn event_type(&self) -> EventType {
        match self {
            Self::Fulfil(_) => EventType::CommitmentFulfilled,
            Self::Cancel(_) => EventType::CommitmentCancelled,
            Self::Reschedule(_) => EventType::CommitmentRescheduled,
        }
    }

    /// When it happened: by the evidence, where there is any.
    pub(super) const fn occurred_at(event: &Event) -> Timestamp {
        match &event.change {
            Change::Fulfilled { fulfilled_at, .. } => *fulfilled_at,
            _ => event.recorded_at,
        }
    }

    /// The contact that the caller names as evidence, if there is one, and the request's field.
    pub(super) fn evidence(&self) -> Option<(&'static str, &str)> {
        let (field, evidence) = match self {
            Self::Fulfil(wish) => ("evidence_interaction_id", &wish.evidence),
            Self::Cancel(wish) => ("customer_informed_interaction_id", &wish.customer_informed),
            Self::Reschedule(wish) => ("customer_informed_interaction_id", &wish.customer_informed),
        };
        Some((field, evidence.interaction_id.as_deref()?))
    }

    pub(super) fn decide(
        &self,
        commitment: &Commitment,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        match self.clone() {
            Self::Fulfil(wish) => commitment.fulfil(wish, actor, now),
            Self::Cancel(wish) => commitment.cancel(wish, actor, now),
            Self::Reschedule(wish) => commitment.reschedule(wish, actor, now),
        }
    }
}

/// The contact and the message, as far as they are given.
fn evidence(interaction_id: &str, message_id: String) -> Evidence {
    let contact = || InteractionId::read(interaction_id).into_string();
    Evidence {
        interaction_id: (!interaction_id.is_empty()).then(contact),
        message_id: given(message_id),
    }
}

/// The contact or message in which the customer was told, checked.
fn informed(checker: &mut Checker, interaction_id: &str, message_id: String) -> Evidence {
    checker.id("customer_informed_interaction_id", interaction_id);
    checker.id("customer_informed_message_id", &message_id);
    evidence(interaction_id, message_id)
}

/// Puts a text right as people's programs send it, and notes what was dropped.
fn cleaned(field: &'static str, text: &mut String) -> Vec<Warning> {
    let mut cleaner = Cleaner::default();
    cleaner.text(FieldPath::of(field), text);
    cleaner.into_warnings()
}

fn check_ids(checker: &mut Checker, request_id: &str, commitment_id: &str) {
    checker.required_id("request_id", request_id);
    checker.required_id("commitment_id", commitment_id);
}

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
        let warnings = cleaned("note", &mut note);
        let mut checker = Checker::new();
        check_ids(&mut checker, &request_id, &commitment_id);
        let fulfilled_at = checker.time("fulfilled_at", fulfilled_at.as_ref());
        checker.id("evidence_interaction_id", &evidence_interaction_id);
        checker.id("evidence_message_id", &evidence_message_id);
        checker.text("note", &note, TEXT_BYTES_MAX);
        let command = Self {
            request_id,
            commitment_id: CommitmentId::read(&commitment_id),
            expected_version,
            hash,
            warnings,
            wish: Wish::Fulfil(Fulfil {
                fulfilled_at,
                evidence: evidence(&evidence_interaction_id, evidence_message_id),
                note,
            }),
        };
        Ok(checker.done(command)?)
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
        let warnings = cleaned("reason", &mut reason);
        let mut checker = Checker::new();
        check_ids(&mut checker, &request_id, &commitment_id);
        let customer_informed = informed(
            &mut checker,
            &customer_informed_interaction_id,
            customer_informed_message_id,
        );
        checker.required_text("reason", &reason, TEXT_BYTES_MAX);
        let command = Self {
            request_id,
            commitment_id: CommitmentId::read(&commitment_id),
            expected_version,
            hash,
            warnings,
            wish: Wish::Cancel(Cancel {
                customer_informed,
                reason,
            }),
        };
        Ok(checker.done(command)?)
    }
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
        let warnings = cleaned("reason", &mut reason);
        let mut checker = Checker::new();
        check_ids(&mut checker, &request_id, &commitment_id);
        let promised_by = checker.required_time("promised_by", promised_by.as_ref());
        let customer_informed = informed(
            &mut checker,
            &customer_informed_interaction_id,
            customer_informed_message_id,
        );
        checker.required_text("reason", &reason, TEXT_BYTES_MAX);
        let command = Self {
            request_id,
            commitment_id: CommitmentId::read(&commitment_id),
            expected_version,
            hash,
            warnings,
            wish: Wish::Reschedule(Reschedule {
                // Without a due this is refused: the value stands in for none.
                promised_by: promised_by.unwrap_or(Timestamp::MIN),
                customer_informed,
                reason,
            }),
        };
        Ok(checker.done(command)?)
    }
}
