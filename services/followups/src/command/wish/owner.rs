//! Who keeps a promise, and whether it is one.

use aftercall_domain::commitment::Reassign;
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations};
use aftercall_proto::convert::commitment::owner_from_wire;
use aftercall_proto::convert::due::duration;
use aftercall_proto::followups::v1::{
    AcceptHandoverRequest, ConfirmCommitmentRequest, EndHandoverRequest, ReassignCommitmentRequest,
};
use aftercall_service::Checker;
use aftercall_service::seal::RequestHash;
use jiff::SignedDuration;
use pbjson_types::Duration;

use super::{Head, Wish, plain};
use crate::command::PromiseCommand;
use crate::failure::Refused;

/// How long somebody has to accept a promise at most.
const ACCEPT_WITHIN_MAX: SignedDuration = SignedDuration::from_hours(24 * 30);

plain! {
    ConfirmCommitmentRequest => Wish::Confirm;
    AcceptHandoverRequest => Wish::AcceptHandover;
    EndHandoverRequest => Wish::EndHandover;
}

impl TryFrom<ReassignCommitmentRequest> for PromiseCommand {
    type Error = Refused;

    fn try_from(request: ReassignCommitmentRequest) -> Result<Self, Refused> {
        let hash = RequestHash::of(&request);
        let ReassignCommitmentRequest {
            request_id,
            commitment_id,
            expected_version,
            to_owner,
            to_team_id,
            accept_within,
            at_once,
        } = request;
        let head = Head {
            request_id,
            commitment_id,
            expected_version,
            hash,
        };
        let mut checker = Checker::new();
        head.check(&mut checker);
        checker.id("to_team_id", &to_team_id);
        let Some(to) = to_owner.and_then(owner_from_wire) else {
            checker.found().required("to_owner");
            return Err(checker.into_found().into());
        };
        checker.id("to_owner", to.id());
        if at_once && accept_within.is_some() {
            let text =
                "says how long to wait for what at_once does not wait for; give one of the two";
            checker.conflicting("accept_within", text);
        }
        let within = accepting(accept_within, checker.found());
        let wish = Wish::Reassign(Reassign {
            to,
            to_team_id,
            at_once,
            accept_within: within,
        });
        Ok(checker.done(head.command(Vec::new(), wish))?)
    }
}

/// How long they have, if the request says it.
fn accepting(asked: Option<Duration>, found: &mut Violations) -> Option<SignedDuration> {
    let at = FieldPath::of("accept_within");
    let within = duration(Some(asked?), at, found)?;
    if within <= SignedDuration::ZERO || within > ACCEPT_WITHIN_MAX {
        let text = "is out of range; give more than nothing, at most 30 days";
        found.add(at, Reason::OutOfRange, text);
    }
    Some(within)
}
