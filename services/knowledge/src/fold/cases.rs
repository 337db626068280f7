//! Cases come and go; their candidates rise and fall.

use aftercall_proto::model::v1::CandidateState;
use aftercall_view::{ApplyError, Txn};
use prost::Message;

use super::{Change, stored};
use crate::keys::{self, Ranking};
use crate::records::{Case, Tally};

/// Counts `case` for its candidate, or takes it back.
pub(super) fn shift(change: &mut Change<'_, '_>, case: &Case, by: i64) -> Result<(), ApplyError> {
    let Some(candidate_id) = case.candidate_id(change.tenant_id()) else {
        return Ok(());
    };
    let place = keys::candidate_case(
        change.tenant_id(),
        &candidate_id,
        case.occurred_at_us,
        change.interaction(),
    );
    match by > 0 {
        true => change.txn.put(place, "")?,
        false => change.txn.delete(place)?,
    }
    let tenant_id = &change.event.tenant_id;
    for party in case.parties().iter() {
        let (at_us, interaction) = (case.occurred_at_us, change.interaction());
        let place = keys::party_case(tenant_id, party, at_us, interaction);
        match by > 0 {
            true => change.txn.put(place, candidate_id.clone())?,
            false => change.txn.delete(place)?,
        }
    }
    let key = keys::candidate(tenant_id, &candidate_id);
    let before: Tally = stored(change.txn.get(&key)?)?.unwrap_or_default();
    let after = Tally {
        case_count: before.case_count.saturating_add_signed(by),
        reason_code: case.reason_code.clone(),
    };
    match after.case_count {
        0 => change.txn.delete(key)?,
        _ => change.txn.put(key, after.encode_to_vec())?,
    }
    let candidate = Ranked {
        tenant_id,
        candidate_id: &candidate_id,
        state: state(change.txn, tenant_id, &candidate_id)?,
    };
    candidate.remove(&before, change.txn)?;
    candidate.insert(&after, change.txn)
}

/// Moves a candidate from the open to the promoted ones.
pub(super) fn promote(
    txn: &mut Txn<'_>,
    tenant_id: &str,
    candidate_id: &str,
) -> Result<(), ApplyError> {
    let key = keys::candidate(tenant_id, candidate_id);
    let Some(tally) = stored::<Tally>(txn.get(key)?)? else {
        // Its cases may stand in a partition that is behind.
        return Ok(());
    };
    let mut candidate = Ranked {
        tenant_id,
        candidate_id,
        state: CandidateState::Open,
    };
    candidate.remove(&tally, txn)?;
    candidate.state = CandidateState::Promoted;
    candidate.insert(&tally, txn)
}

fn state(txn: &Txn<'_>, tenant_id: &str, candidate_id: &str) -> Result<CandidateState, ApplyError> {
    let promoted = txn.get(keys::promoted(tenant_id, candidate_id))?;
    Ok(match promoted {
        Some(_) => CandidateState::Promoted,
        None => CandidateState::Open,
    })
}

/// A candidate in the rankings.
struct Ranked<'a> {
    tenant_id: &'a str,
    candidate_id: &'a str,
    state: CandidateState,
}

impl Ranked<'_> {
    fn remove(&self, tally: &Tally, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        if tally.case_count > 0 {
            for ranking in self.rankings(tally) {
                txn.delete(ranking.place(tally.case_count, self.candidate_id))?;
            }
        }
        Ok(())
    }

    fn insert(&self, tally: &Tally, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        if tally.case_count > 0 {
            for ranking in self.rankings(tally) {
                txn.put(ranking.place(tally.case_count, self.candidate_id), "")?;
            }
        }
        Ok(())
    }

    fn rankings<'a>(&'a self, tally: &'a Tally) -> [Ranking<'a>; 2] {
        [None, Some(tally.reason_code.as_str())].map(|reason_code| Ranking {
            tenant_id: self.tenant_id,
            state: self.state,
            reason_code,
        })
    }
}
