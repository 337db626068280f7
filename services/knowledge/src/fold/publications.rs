//! Solutions go live.

use aftercall_log::Position;
use aftercall_proto::event::v1::{Event, SolutionPublished};
use aftercall_proto::model::v1::Solution;
use aftercall_view::{ApplyError, Txn};
use prost::Message;

use super::{cases, stored};
use crate::keys;
use crate::records::{Corpus, Promotion, micros};
use crate::words;

/// A candidate became a solution.
pub(super) fn on_published(
    event: &Event,
    published: &SolutionPublished,
    position: Position,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let (tenant_id, solution_id) = (event.tenant_id.as_str(), event.aggregate_id.as_str());
    let key = keys::solution(tenant_id, solution_id);
    let Some(solution) = &published.solution else {
        return Ok(());
    };
    txn.put(key.clone(), solution.encode_to_vec())?;
    txn.touch(key);
    let published_at_us = micros(solution.published_at.as_ref());
    txn.put(keys::published(tenant_id, published_at_us, solution_id), "")?;
    let promotion = Promotion {
        request_hash: event.request_hash.to_vec(),
        partition: position.partition,
        offset: position.offset,
    };
    txn.put(
        keys::request(tenant_id, &event.request_id, solution_id),
        promotion.encode_to_vec(),
    )?;
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
