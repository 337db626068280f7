//! Why the domain refuses a wish.

use aftercall_domain::Violations;
use aftercall_domain::commitment::{Lacking, Refusal};
use aftercall_domain::violation::Reason;
use aftercall_service::Unread;

use super::Refused;
use super::state::{State, StateKind};

/// What a policy asks for as proof, and in which field.
const fn proof(lacking: Lacking) -> (&'static str, &'static str) {
    match lacking {
        Lacking::Reached => (
            "note",
            "by its policy the promise is kept when the customer is reached; record the attempt that reached \
             them, with its contact, or have a team lead say so with a note",
        ),
        Lacking::Attempts => (
            "note",
            "by its policy the promise is kept when the customer was reached or tried often enough; record the \
             attempts, or have a team lead say so with a note",
        ),
        Lacking::Contact => (
            "evidence_interaction_id",
            "by its policy the promise is kept by reaching the customer, which a contact shows; give the one in \
             which they were reached, or have a team lead say with a note that the promise was kept",
        ),
        Lacking::Message => (
            "evidence_message_id",
            "by its policy the promise is kept with a message; give the id of the message that was delivered",
        ),
        Lacking::Evidence => (
            "evidence_interaction_id",
            "by its policy the promise is kept when the case is resolved; give the contact or message in which \
             it was",
        ),
        Lacking::Note => (
            "note",
            "by its policy somebody says how the promise was kept; give a note",
        ),
    }
}

/// Which field of the request is wrong, and what of it; none for a refusal that is about something else.
const fn wrong(refusal: Refusal) -> Option<(&'static str, Reason, &'static str)> {
    const PUT_OFF: &str =
        "an alert is put off to a time that lies ahead, within 24 hours; give such a time";
    Some(match refusal {
        Refusal::FulfilledInFuture => (
            "fulfilled_at",
            Reason::InFuture,
            "it is more than five minutes ahead of our clock; check the sender's clock",
        ),
        Refusal::FulfilledBeforeMade => (
            "fulfilled_at",
            Reason::OutOfRange,
            "it is earlier than the contact in which the promise was made; check the commitment",
        ),
        Refusal::DueNotAhead => (
            "promised_by",
            Reason::DueInPast,
            "the new due is not in the future; give a later time",
        ),
        Refusal::DueTooFar => (
            "promised_by",
            Reason::OutOfRange,
            "the new due is more than 1095 days ahead; give an earlier time",
        ),
        Refusal::AttemptedInFuture => (
            "attempted_at",
            Reason::InFuture,
            "it is more than five minutes ahead of our clock; check the sender's clock",
        ),
        Refusal::AttemptedBeforeMade => (
            "attempted_at",
            Reason::OutOfRange,
            "it is earlier than the contact in which the promise was made; check the commitment",
        ),
        Refusal::PauseEndOutOfRange => (
            "paused_until",
            Reason::OutOfRange,
            "a pause ends in the future, at most 1095 days ahead; give such a time, or leave it out",
        ),
        Refusal::SupersededByItself => (
            "superseded_by",
            Reason::Conflicting,
            "is the promise itself; name the one that took its place",
        ),
        Refusal::SeenToOutOfRange => ("acknowledged_until", Reason::OutOfRange, PUT_OFF),
        Refusal::SnoozeOutOfRange => ("snoozed_until", Reason::OutOfRange, PUT_OFF),
        Refusal::NotProven(lacking) => {
            let (field, text) = proof(lacking);
            (field, Reason::Required, text)
        }
        _ => return None,
    })
}

impl Refused {
    /// Why the domain refused a wish about `commitment_id`.
    pub(crate) fn by_rule(refusal: Refusal, commitment_id: &str) -> Self {
        if let Some((field, reason, text)) = wrong(refusal) {
            let mut found = Violations::new();
            found.add(field, reason, text);
            return Self::Invalid(found);
        }
        let commitment_id = commitment_id.to_owned();
        if let Some(kind) = StateKind::of(refusal) {
            return Self::State(State {
                commitment_id,
                kind,
            });
        }
        match refusal {
            Refusal::AlreadyClosed => Self::AlreadyClosed { commitment_id },
            Refusal::MovedTooOften => Self::MovedTooOften { commitment_id },
            Refusal::NotPermitted(permission) => Self::NotPermitted(permission),
            Refusal::AlertOver => Self::AlertOver,
            // Nobody but the tracker asks for what is due.
            refusal => {
                let text = format!("a caller's wish was refused as a timer's: {refusal:?}");
                Self::Unread(Unread::internal(text))
            }
        }
    }
}
