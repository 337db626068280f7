//! What a contact does not show that is named as evidence.

use aftercall_domain::Violations;
use aftercall_domain::commitment::NotShown;
use aftercall_domain::violation::Reason;

use super::Refused;

/// Which field of the request is wrong, and why.
const fn wrong(not_shown: NotShown) -> (&'static str, Reason) {
    match not_shown {
        NotShown::ToldWhenMade | NotShown::ToldBefore => {
            ("customer_informed_interaction_id", Reason::Conflicting)
        }
        NotShown::ToldAhead => ("customer_informed_interaction_id", Reason::InFuture),
        NotShown::DoneWhenMade | NotShown::DoneInEarlier => ("fulfilled_at", Reason::Required),
        NotShown::DoneBeforeContact | NotShown::DoneAfterContact => {
            ("fulfilled_at", Reason::Conflicting)
        }
        NotShown::TriedWhenMade | NotShown::TriedBefore => {
            ("evidence_interaction_id", Reason::Conflicting)
        }
        NotShown::TriedBeforeContact | NotShown::TriedAfterContact => {
            ("attempted_at", Reason::Conflicting)
        }
        NotShown::NobodyReached | NotShown::NobodyAnswered => ("result", Reason::Conflicting),
        NotShown::TalkedLess => ("talk_time", Reason::Conflicting),
    }
}

/// The same in words, with the remedy.
const fn text(not_shown: NotShown) -> &'static str {
    match not_shown {
        NotShown::ToldWhenMade => {
            "is the contact in which it was promised; name a later one in which the customer was told, or give \
             a message's id in its own field"
        }
        NotShown::ToldBefore => {
            "is a contact that did not begin after it was promised; name a later one in which the customer was \
             told, or give a message's id in its own field"
        }
        NotShown::ToldAhead => {
            "is a contact that begins more than five minutes ahead of our clock; name one that there was, or \
             correct when it began"
        }
        NotShown::DoneWhenMade => {
            "is required, because evidence_interaction_id is the contact in which it was promised; give the \
             time in it at which it was done, or name the contact in which it was done"
        }
        NotShown::DoneInEarlier => {
            "is required, because the contact of evidence_interaction_id began before it was promised; give \
             the time in it at which it was done, or name the contact in which it was done"
        }
        NotShown::DoneBeforeContact | NotShown::TriedBeforeContact => {
            "is before the contact of evidence_interaction_id began; give a time within it, or name the contact \
             of that time"
        }
        NotShown::DoneAfterContact | NotShown::TriedAfterContact => {
            "is after the contact of evidence_interaction_id was over; give a time within it, or name the \
             contact of that time"
        }
        NotShown::TriedWhenMade => {
            "is the contact in which it was promised, which can't follow it up; name the one in which the \
             customer was tried"
        }
        NotShown::TriedBefore => {
            "is a contact that began before it was promised; name the one in which the customer was tried"
        }
        NotShown::NobodyReached => {
            "is REACHED, but in the contact of evidence_interaction_id a voicemail answered; say VOICEMAIL, or \
             name the contact in which the customer was reached"
        }
        NotShown::NobodyAnswered => {
            "is REACHED, but the contact of evidence_interaction_id does not show that the customer answered a \
             person of ours: what was sent reaches nobody yet, nor does a bot; say NO_ANSWER, or name the contact in \
             which they answered"
        }
        NotShown::TalkedLess => {
            "is longer than the customer was talked to in the contact of evidence_interaction_id; leave it \
             out, and the contact tells it"
        }
    }
}

impl From<NotShown> for Refused {
    fn from(not_shown: NotShown) -> Self {
        let (field, reason) = wrong(not_shown);
        let mut found = Violations::new();
        found.add(field, reason, text(not_shown));
        Self::Invalid(found)
    }
}
