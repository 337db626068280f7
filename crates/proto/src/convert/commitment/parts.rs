//! The values that promises are made of.

use aftercall_domain::Handle;
use aftercall_domain::commitment as domain;
use jiff::Timestamp;

use crate::convert::enums::Closed;
use crate::convert::{Unreadable, text, time};
use crate::model::v1 as wire;

/// Ties the values of a domain enum to those of a wire enum.
macro_rules! same_values {
    ($domain:ident = $wire:ident { $($value:ident),+ $(,)? }) => {
        impl From<domain::$domain> for wire::$wire {
            fn from(value: domain::$domain) -> Self {
                match value {
                    $(domain::$domain::$value => Self::$value,)+
                }
            }
        }

        /// `Unspecified` says nothing, and so has no value.
        impl TryFrom<wire::$wire> for domain::$domain {
            type Error = ();

            fn try_from(value: wire::$wire) -> Result<Self, ()> {
                match value {
                    wire::$wire::Unspecified => Err(()),
                    $(wire::$wire::$value => Ok(Self::$value),)+
                }
            }
        }
    };
}

same_values!(
    CommitmentKind = CommitmentKind {
        CallBack,
        SendInfo,
        SendDocument,
        Refund,
        Replacement,
        TechVisit,
        Investigate,
        Escalate,
        StatusUpdate,
        SupervisorCall,
        CorrectMisinformation,
        RegulatoryAck,
        RegulatoryFinal,
        ReviewResponse,
        Coaching,
        Other,
    }
);
same_values!(Priority = Priority { P1, P2, P3, P4 });
same_values!(
    Lifecycle = CommitmentLifecycle {
        Proposed,
        Active,
        Paused,
        Fulfilled,
        Cancelled,
        Waived,
        Superseded,
        Expired,
    }
);
same_values!(
    Slip = DependencySlip {
        DueTooLate,
        Overdue,
        NotKept,
    }
);

same_values!(
    Timeliness = Timeliness {
        OnTrack,
        AtRisk,
        Overdue,
    }
);
same_values!(Clock = CommitmentClock { Promise, Internal });
same_values!(
    AttemptResult = AttemptResult {
        Reached,
        NoAnswer,
        Voicemail,
        Busy,
        WrongNumber,
        Refused,
    }
);
same_values!(
    HandoverEnd = HandoverEnd {
        TimedOut,
        Declined,
        Withdrawn,
    }
);
same_values!(
    Outcome = CommitmentOutcome {
        Kept,
        KeptLate,
        Broken,
        ReleasedByCustomer,
        NotApplicable,
        SatisfiedByCustomerReturn,
    }
);

impl From<domain::Origin> for wire::CommitmentOrigin {
    fn from(value: domain::Origin) -> Self {
        match value {
            domain::Origin::Given => Self::Unspecified,
            domain::Origin::DropRecovery => Self::DropRecovery,
            domain::Origin::Recall => Self::Recall,
            domain::Origin::Said => Self::Said,
        }
    }
}

impl From<wire::CommitmentOrigin> for domain::Origin {
    fn from(value: wire::CommitmentOrigin) -> Self {
        match value {
            wire::CommitmentOrigin::Unspecified => Self::Given,
            wire::CommitmentOrigin::DropRecovery => Self::DropRecovery,
            wire::CommitmentOrigin::Recall => Self::Recall,
            wire::CommitmentOrigin::Said => Self::Said,
        }
    }
}

impl From<domain::Owner> for wire::Owner {
    fn from(owner: domain::Owner) -> Self {
        let owner = match owner {
            domain::Owner::Agent(id) => wire::owner::Owner::AgentId(id),
            domain::Owner::Queue(id) => wire::owner::Owner::QueueId(id),
        };
        Self { owner: Some(owner) }
    }
}

/// The ids of the contact and of the message; empty where there is none.
pub(super) fn evidence_to_wire(evidence: domain::Evidence) -> (String, String) {
    let domain::Evidence {
        interaction_id,
        message_id,
    } = evidence;
    (
        interaction_id.unwrap_or_default(),
        message_id.unwrap_or_default(),
    )
}

/// Evidence by the ids of a contact and of a message.
pub(super) fn evidence_from_wire(interaction_id: String, message_id: String) -> domain::Evidence {
    domain::Evidence {
        interaction_id: text(interaction_id),
        message_id: text(message_id),
    }
}

/// The handles that say of what kind they are.
pub fn handles_from_wire(handles: &[wire::Handle]) -> Vec<Handle> {
    let handles = handles.iter();
    handles
        .filter_map(|handle| {
            Some(Handle {
                kind: handle.kind().known()?,
                value: handle.value.clone(),
                display_form: handle.display_form.clone(),
            })
        })
        .collect()
}

/// The owner, unless none is named.
pub fn owner_from_wire(owner: wire::Owner) -> Option<domain::Owner> {
    match owner.owner? {
        wire::owner::Owner::AgentId(id) => text(id).map(domain::Owner::Agent),
        wire::owner::Owner::QueueId(id) => text(id).map(domain::Owner::Queue),
    }
}

/// The value of an enum that must say something.
pub(in crate::convert) fn specified<W, D: TryFrom<W>>(
    field: &'static str,
    value: W,
) -> Result<D, Unreadable> {
    D::try_from(value).map_err(|_| Unreadable { field })
}

/// An instant that must be there.
pub(in crate::convert) fn required(
    field: &'static str,
    at: Option<&pbjson_types::Timestamp>,
) -> Result<Timestamp, Unreadable> {
    at.and_then(time::from_wire).ok_or(Unreadable { field })
}

/// The promise that one takes up again, and why.
pub(super) fn reopens_to_wire(reopens: Option<domain::Reopens>) -> (String, String) {
    reopens.map_or_else(Default::default, |it| (it.commitment_id, it.reason))
}

/// The same, read back.
pub(super) fn reopens_from_wire(commitment_id: String, reason: String) -> Option<domain::Reopens> {
    let commitment_id = text(commitment_id)?;
    Some(domain::Reopens {
        commitment_id,
        reason,
    })
}
