//! Solutions go live, in their first version or in a later one.

use aftercall_domain::solution::Change;
use aftercall_ledger::Accepted;
use aftercall_proto::event::v1::{SolutionPublicationCause, SolutionPublished};
use aftercall_proto::model::v1::{SolutionChange, SolutionChangeKind, VersionState};
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;

use super::cases;
use super::rows::Subject;
use crate::heads;
use crate::keys;
use crate::records::micros;
use crate::searches;

/// A version went live.
pub(super) fn on_published(
    fact: &Accepted,
    published: &SolutionPublished,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let event = &fact.event;
    let (tenant_id, solution_id) = (event.tenant_id.as_str(), event.aggregate_id.as_str());
    let Some(mut solution) = published.solution.clone() else {
        return Ok(());
    };
    // Events of before there were versions name none of theirs.
    solution.version = solution.version.max(1);
    solution.solution_id = solution_id.to_owned();
    heads::with_defaults(&mut solution);
    solution.set_state(VersionState::Published);
    let version = solution.version;
    let mut subject = Subject::of(fact, txn)?;
    if let Some(verification) = &published.verification {
        subject.head.last_verified = Some(verification.clone());
    }
    subject.put(&solution, txn)?;
    subject.turn(&Change::Published(version), txn)?;
    let kind = match published.cause() {
        SolutionPublicationCause::RolledBack => SolutionChangeKind::RolledBack,
        _ => SolutionChangeKind::Published,
    };
    let other_version = match published.rolled_back_to {
        0 => published.superseded_version,
        version => version,
    };
    let change = SolutionChange {
        kind: kind.into(),
        version,
        other_version,
        reason: published.reason.clone(),
        ..SolutionChange::default()
    };
    subject.finish(change, txn)?;
    let of_reason = (solution_id, solution.reason_code.as_str());
    let since_us = micros(solution.published_at.as_ref());
    searches::exists(tenant_id, of_reason, since_us, txn)?;
    if published.candidate_id.is_empty() {
        return Ok(());
    }
    let answer = || Bytes::copy_from_slice(solution_id.as_bytes());
    keys::PROMOTIONS.remember(fact, solution_id, answer, txn)?;
    became(
        txn,
        tenant_id,
        solution_id,
        (&published.candidate_id, &published.near_candidate_ids),
    )
}

/// A candidate became a solution, live or a draft, and those that said nearly the same.
pub(super) fn became(
    txn: &mut Txn<'_>,
    tenant_id: &str,
    solution_id: &str,
    (candidate_id, near): (&str, &[String]),
) -> Result<(), ApplyError> {
    let near = near.iter().map(String::as_str);
    for candidate_id in std::iter::once(candidate_id).chain(near) {
        cases::promote(txn, tenant_id, candidate_id, solution_id)?;
    }
    Ok(())
}
