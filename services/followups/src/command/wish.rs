//! What a caller may want of a promise or of its alerts, taken from the request.

mod alert;
mod attempt;
mod depend;
mod due;
mod end;
mod letting_go;
mod owner;

use aftercall_domain::alert::Rule;
use aftercall_domain::commitment::{
    Actor, AlertWish, Attempting, Cancel, Change, Commitment, Event, Evidence, Fulfil, Pausing,
    Reassign, Refusal, Supersede,
};
use aftercall_domain::due::Calendars;
use aftercall_domain::setting::FulfilmentPolicy;
use aftercall_domain::{Cleaner, CommitmentId, FieldPath, InteractionId, Warning};
use aftercall_proto::event::v1::EventType;
use aftercall_service::seal::RequestHash;
use aftercall_service::{Checker, given};
use jiff::Timestamp;

use super::{About, PromiseCommand};
pub(super) use due::Moving;

/// What a caller wants to happen.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    Confirm,
    Dismiss(String),
    Fulfil(Fulfil),
    Attempt(Attempting),
    Cancel(Cancel),
    Reschedule(Box<Moving>),
    Pause(Pausing),
    Resume,
    Reassign(Reassign),
    AcceptHandover,
    EndHandover,
    RequestWaiver(String),
    DeclineWaiver(String),
    Waive(String),
    Supersede(Supersede),
    Depend(Vec<String>),
    EndRecurrence(String),
    Alert(AlertWish),
}

impl Wish {
    /// The events that can come of it: by the first of them its requests are named, and found by any.
    pub(super) const fn methods(&self) -> &'static [EventType] {
        match self {
            Self::Confirm => &[EventType::CommitmentConfirmed],
            Self::Dismiss(_) => &[EventType::CommitmentDismissed],
            Self::Fulfil(_) => &[EventType::CommitmentFulfilled],
            Self::Attempt(_) => &[EventType::CommitmentAttempted],
            Self::Cancel(_) => &[EventType::CommitmentCancelled],
            Self::Reschedule(_) => &[EventType::CommitmentRescheduled],
            Self::Pause(_) => &[EventType::CommitmentPaused],
            Self::Resume => &[EventType::CommitmentResumed],
            Self::Reassign(_) => &[
                EventType::CommitmentReassigned,
                EventType::CommitmentHandoverAsked,
            ],
            Self::AcceptHandover => &[EventType::CommitmentHandoverAccepted],
            Self::EndHandover => &[EventType::CommitmentHandoverEnded],
            Self::RequestWaiver(_) => &[EventType::CommitmentWaiverRequested],
            Self::DeclineWaiver(_) => &[EventType::CommitmentWaiverDeclined],
            Self::Waive(_) => &[EventType::CommitmentWaived],
            Self::Supersede(_) => &[EventType::CommitmentSuperseded],
            Self::Depend(_) => &[EventType::CommitmentDependenciesSet],
            Self::EndRecurrence(_) => &[EventType::CommitmentRecurrenceEnded],
            Self::Alert(AlertWish::Acknowledge { .. }) => {
                &[EventType::AlertAcknowledged, EventType::ConcernAcknowledged]
            }
            Self::Alert(AlertWish::Snooze { .. }) => {
                &[EventType::AlertSnoozed, EventType::ConcernSnoozed]
            }
            Self::Alert(AlertWish::Close { .. }) => {
                &[EventType::AlertClosed, EventType::ConcernClosed]
            }
        }
    }

    /// When it happened: by the evidence, where there is any.
    pub(super) const fn occurred_at(event: &Event) -> Timestamp {
        match &event.change {
            Change::Fulfilled { fulfilled_at, .. } => *fulfilled_at,
            Change::Attempted { attempt, .. } => attempt.at,
            _ => event.recorded_at,
        }
    }

    /// The contact that the caller names as evidence, if there is one, and the request's field. That of a move was looked
    /// at before, because the new due is reckoned from it.
    pub(super) fn evidence(&self) -> Option<(&'static str, &str)> {
        let (field, evidence) = match self {
            Self::Fulfil(wish) => ("evidence_interaction_id", &wish.evidence),
            Self::Attempt(wish) => ("evidence_interaction_id", &wish.evidence),
            Self::Cancel(wish) => (INFORMED, &wish.customer_informed),
            _ => return None,
        };
        Some((field, evidence.interaction_id.as_deref()?))
    }

    /// What is to happen, to the promise or to the alert of it that is meant.
    pub(super) fn decide(
        self,
        (promise, alert): (&Commitment, Option<(Rule, u32)>),
        actor: Actor<'_>,
        now: Timestamp,
        (calendars, fulfilment): (&impl Calendars, Option<&FulfilmentPolicy>),
    ) -> Result<Event, Refusal> {
        match self {
            Self::Confirm => promise.confirm(actor, now),
            Self::Dismiss(reason) => promise.dismiss(reason, actor, now),
            Self::Fulfil(wish) => {
                if let Some(policy) = fulfilment.filter(|_| promise.is_open()) {
                    promise.check_proof(&wish, actor, now, policy)?;
                }
                promise.fulfil(wish, actor, now)
            }
            Self::Attempt(wish) => promise.attempt(wish, actor, now, fulfilment),
            Self::Cancel(wish) => promise.cancel(wish, actor, now),
            Self::Reschedule(moving) => promise.reschedule(moving.wish, actor, now, calendars),
            Self::Pause(wish) => promise.pause(wish, actor, now, calendars),
            Self::Resume => promise.resume(actor, now, calendars),
            Self::Reassign(wish) => promise.reassign(wish, actor, now),
            Self::AcceptHandover => promise.accept_handover(actor, now),
            Self::EndHandover => promise.end_handover(actor, now),
            Self::RequestWaiver(reason) => promise.ask_waiver(reason, actor, now),
            Self::DeclineWaiver(reason) => promise.decline_waiver(reason, actor, now),
            Self::Waive(reason) => promise.waive(reason, actor, now),
            Self::Supersede(wish) => promise.supersede(wish, actor, now),
            Self::Depend(for_ids) => promise.depend_on(for_ids, actor, now),
            Self::EndRecurrence(reason) => promise.end_recurrence(reason, actor, now),
            Self::Alert(wish) => {
                let of = alert.ok_or(Refusal::AlertOver)?;
                promise.handle_alert(of, wish, (actor, now), calendars)
            }
        }
    }
}

/// What the customer is told in: the request's field of the contact.
pub(super) const INFORMED: &str = "customer_informed_interaction_id";

/// What every command about a promise begins with.
struct Head {
    request_id: String,
    commitment_id: String,
    expected_version: u64,
    hash: RequestHash,
}

impl Head {
    fn check(&self, checker: &mut Checker) {
        checker.required_id("request_id", &self.request_id);
        checker.required_id("commitment_id", &self.commitment_id);
    }

    fn command(self, warnings: Vec<Warning>, wish: Wish) -> PromiseCommand {
        PromiseCommand {
            request_id: self.request_id,
            about: About::Commitment(CommitmentId::read(&self.commitment_id)),
            expected_version: self.expected_version,
            hash: self.hash,
            warnings,
            wish,
        }
    }
}

/// Takes a request of a command that says nothing but what it is about.
macro_rules! plain {
    ($($request:ident => $wish:expr;)+) => {$(
        impl TryFrom<$request> for PromiseCommand {
            type Error = Refused;

            fn try_from(request: $request) -> Result<Self, Refused> {
                let hash = RequestHash::of(&request);
                let $request {
                    request_id,
                    commitment_id,
                    expected_version,
                } = request;
                let head = Head { request_id, commitment_id, expected_version, hash };
                let mut checker = Checker::new();
                head.check(&mut checker);
                Ok(checker.done(head.command(Vec::new(), $wish))?)
            }
        }
    )+};
}

/// Takes a request of a command that says why.
macro_rules! with_reason {
    ($($request:ident => $wish:expr;)+) => {$(
        impl TryFrom<$request> for PromiseCommand {
            type Error = Refused;

            fn try_from(request: $request) -> Result<Self, Refused> {
                let hash = RequestHash::of(&request);
                let $request {
                    request_id,
                    commitment_id,
                    expected_version,
                    mut reason,
                } = request;
                let head = Head { request_id, commitment_id, expected_version, hash };
                let warnings = cleaned("reason", &mut reason);
                let mut checker = Checker::new();
                head.check(&mut checker);
                checker.required_text("reason", &reason, TEXT_BYTES_MAX);
                Ok(checker.done(head.command(warnings, $wish(reason)))?)
            }
        }
    )+};
}

use {plain, with_reason};

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
    checker.id(INFORMED, interaction_id);
    checker.id("customer_informed_message_id", &message_id);
    evidence(interaction_id, message_id)
}

/// Puts a text right as people's programs send it, and notes what was dropped.
fn cleaned(field: &'static str, text: &mut String) -> Vec<Warning> {
    let mut cleaner = Cleaner::default();
    cleaner.text(FieldPath::of(field), text);
    cleaner.into_warnings()
}
