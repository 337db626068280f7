//! Solutions go live.

use aftercall_ledger::Accepted;
use aftercall_proto::event::v1::SolutionPublished;
use aftercall_proto::model::v1::Solution;
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use prost::Message;

use super::{cases, stored};
use crate::keys;
use crate::records::{Corpus, micros};
use crate::words;

/// A candidate became a solution.
pub(super) fn on_published(
    fact: &Accepted,
    published: &SolutionPublished,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let event = &fact.event;
    let (tenant_id, solution_id) = (event.tenant_id.as_str(), event.aggregate_id.as_str());
    let key = keys::solution(tenant_id, solution_id);
    let Some(solution) = &published.solution else {
        return Ok(());
    };
    txn.put(key.clone(), solution.encode_to_vec())?;
    txn.touch(key);
    let published_at_us = micros(solution.published_at.as_ref());
    txn.put(keys::published(tenant_id, published_at_us, solution_id), "")?;
    let answer = || Bytes::copy_from_slice(solution_id.as_bytes());
    keys::PROMOTIONS.remember(fact, solution_id, answer, txn)?;
    measure(tenant_id, solution, txn)?;
    // The ranking asks for the state, so it changes before the mark is set.
    cases::promote(txn, tenant_id, &published.candidate_id)?;
    let mark = keys::promoted(tenant_id, &published.candidate_id);
    txn.put(mark, solution_id.to_owned())?;
    Ok(())
}

/// Adds the solution's text to the measure of the tenant's corpus.
fn measure(tenant_id: &str, solution: &Solution, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let key = keys::corpus(tenant_id);
    let mut corpus: Corpus = stored(txn.get(&key)?)?.unwrap_or_default();
    corpus.solutions += 1;
    corpus.terms += words::document(solution).terms() as u64;
    txn.put(key, corpus.encode_to_vec())?;
    Ok(())
}
