//! What reviewers decide on candidates.

use aftercall_ledger::{Accepted, Candidates};
use aftercall_proto::model::v1::CandidateState;
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use prost::Message;

use super::cases::{self, rerank};
use super::stored;
use crate::keys;
use crate::lent::Lent;
use crate::records::{Decision, micros};

/// A decision on candidates of one reason, whose code is the event's aggregate. All of them stand in one
/// partition, so that the last one counts wherever their cases stand.
pub(super) fn on_decided(
    fact: &Accepted,
    decided: &Candidates,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let event = &fact.event;
    let (tenant_id, reason_code) = (event.tenant_id.as_str(), event.aggregate_id.as_str());
    let mut decision = decision(decided);
    decision.decided_by.clone_from(&event.actor_id);
    decision.decided_at_us = micros(event.occurred_at.as_ref());
    decision.sequence = event.sequence;
    if let Some(lent) = &mut decision.lent {
        lent.merged_by.clone_from(&event.actor_id);
        lent.merged_at = event.occurred_at;
        let key = keys::lent(tenant_id, &decision.solution_id);
        let mut all: Lent = stored(txn.get(&key)?)?.unwrap_or_default();
        all.add((reason_code, event.sequence), lent.clone());
        txn.put(key, all.encode_to_vec())?;
        txn.touch(keys::solution(tenant_id, &decision.solution_id));
    }
    if let Candidates::Released(released) = decided
        && !released.solution_id.is_empty()
    {
        let key = keys::lent(tenant_id, &released.solution_id);
        let mut all: Lent = stored(txn.get(&key)?)?.unwrap_or_default();
        all.remove((reason_code, released.merge_sequence));
        txn.put(key, all.encode_to_vec())?;
        txn.touch(keys::solution(tenant_id, &released.solution_id));
    }
    let key: Bytes = keys::decision(tenant_id, reason_code, event.sequence).into();
    txn.put(key.clone(), decision.encode_to_vec())?;
    let sequence = event.sequence.to_be_bytes().to_vec();
    txn.put(keys::head(tenant_id, reason_code), sequence)?;
    for named in &decision.candidate_ids {
        for candidate_id in cases::named(txn, tenant_id, named)? {
            rerank(txn, tenant_id, &candidate_id, |txn| {
                cases::decide(txn, tenant_id, &candidate_id, &key)
            })?;
        }
    }
    keys::DECISIONS.remember(fact, reason_code, Bytes::new, txn)
}

fn decision(decided: &Candidates) -> Decision {
    let (state, candidate_ids) = match decided {
        Candidates::Claimed(claimed) => (CandidateState::Claimed, &claimed.candidate_ids),
        Candidates::Released(released) => (CandidateState::Open, &released.candidate_ids),
        Candidates::PutOff(put_off) => (CandidateState::PutOff, &put_off.candidate_ids),
        Candidates::Rejected(rejected) => (CandidateState::Rejected, &rejected.candidate_ids),
        Candidates::Merged(merged) => (CandidateState::Merged, &merged.candidate_ids),
    };
    let mut decision = Decision {
        state: state.into(),
        candidate_ids: candidate_ids.clone(),
        ..Decision::default()
    };
    match decided {
        Candidates::Claimed(claimed) => decision.until_us = Some(micros(claimed.until.as_ref())),
        Candidates::Released(released) => decision.reason.clone_from(&released.reason),
        Candidates::PutOff(put_off) => {
            decision.until_us = Some(micros(put_off.until.as_ref()));
            decision.reason.clone_from(&put_off.reason);
        }
        Candidates::Rejected(rejected) => decision.reason.clone_from(&rejected.reason),
        Candidates::Merged(merged) => {
            decision.solution_id.clone_from(&merged.solution_id);
            decision.lent = Some(merged.lent.clone().unwrap_or_default());
        }
    }
    decision
}
