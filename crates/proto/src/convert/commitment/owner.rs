//! Who keeps a promise, and who wants to let it go.

use aftercall_domain::commitment as domain;

use super::parts::{owner_from_wire, required};
use crate::convert::{Unreadable, time};
use crate::model::v1 as wire;

/// Who is named.
pub(super) fn named(owner: Option<wire::Owner>) -> Result<domain::Owner, Unreadable> {
    owner
        .and_then(owner_from_wire)
        .ok_or(Unreadable { field: "to_owner" })
}

impl From<domain::Handover> for wire::Handover {
    fn from(handover: domain::Handover) -> Self {
        let domain::Handover {
            to,
            to_team_id,
            asked_by,
            asked_at,
            until,
        } = handover;
        Self {
            to_owner: Some(to.into()),
            to_team_id,
            asked_by,
            asked_at: Some(time::to_wire(asked_at)),
            accept_until: until.map(time::to_wire),
        }
    }
}

impl TryFrom<wire::Handover> for domain::Handover {
    type Error = Unreadable;

    fn try_from(handover: wire::Handover) -> Result<Self, Unreadable> {
        let wire::Handover {
            to_owner,
            to_team_id,
            asked_by,
            asked_at,
            accept_until,
        } = handover;
        Ok(Self {
            to: named(to_owner)?,
            to_team_id,
            asked_by,
            asked_at: required("handover.asked_at", asked_at.as_ref())?,
            until: accept_until.as_ref().and_then(time::from_wire),
        })
    }
}

impl From<domain::WaiverAsked> for wire::WaiverRequest {
    fn from(waiver: domain::WaiverAsked) -> Self {
        Self {
            requested_by: waiver.by,
            requested_at: Some(time::to_wire(waiver.at)),
            reason: waiver.reason,
        }
    }
}

impl TryFrom<wire::WaiverRequest> for domain::WaiverAsked {
    type Error = Unreadable;

    fn try_from(waiver: wire::WaiverRequest) -> Result<Self, Unreadable> {
        Ok(Self {
            at: required("waiver_request.requested_at", waiver.requested_at.as_ref())?,
            by: waiver.requested_by,
            reason: waiver.reason,
        })
    }
}
