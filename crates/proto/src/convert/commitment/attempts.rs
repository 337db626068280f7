//! Attempts to keep a promise.

use aftercall_domain::commitment as domain;

use super::parts::{evidence_from_wire, evidence_to_wire, required, specified};
use crate::convert::due::{duration_from_wire, duration_to_wire};
use crate::convert::{Unreadable, time};
use crate::model::v1 as wire;

impl From<domain::Attempt> for wire::Attempt {
    fn from(attempt: domain::Attempt) -> Self {
        let domain::Attempt {
            at,
            result,
            talk,
            evidence,
            by,
        } = attempt;
        let (evidence_interaction_id, evidence_message_id) = evidence_to_wire(evidence);
        Self {
            attempted_at: Some(time::to_wire(at)),
            result: wire::AttemptResult::from(result).into(),
            talk_time: talk.map(duration_to_wire),
            evidence_interaction_id,
            evidence_message_id,
            attempted_by: by,
        }
    }
}

impl TryFrom<wire::Attempt> for domain::Attempt {
    type Error = Unreadable;

    fn try_from(attempt: wire::Attempt) -> Result<Self, Unreadable> {
        Ok(Self {
            result: specified("attempt.result", attempt.result())?,
            at: required("attempt.attempted_at", attempt.attempted_at.as_ref())?,
            talk: attempt.talk_time.as_ref().and_then(duration_from_wire),
            evidence: evidence_from_wire(
                attempt.evidence_interaction_id,
                attempt.evidence_message_id,
            ),
            by: attempt.attempted_by,
        })
    }
}

impl From<domain::Tried> for wire::Tried {
    fn from(tried: domain::Tried) -> Self {
        let domain::Tried {
            attempts,
            counted,
            last_counted_at,
            dayparts,
            times,
        } = tried;
        Self {
            attempts,
            counted,
            last_counted_at: last_counted_at.map(time::to_wire),
            dayparts: dayparts.into(),
            attempted_at: times.into_iter().map(time::to_wire).collect(),
        }
    }
}

impl From<wire::Tried> for domain::Tried {
    fn from(tried: wire::Tried) -> Self {
        Self {
            attempts: tried.attempts,
            counted: tried.counted,
            last_counted_at: tried.last_counted_at.as_ref().and_then(time::from_wire),
            // No writer of ours sets more than three bits.
            dayparts: u8::try_from(tried.dayparts).unwrap_or_default(),
            times: tried
                .attempted_at
                .iter()
                .filter_map(time::from_wire)
                .collect(),
        }
    }
}
