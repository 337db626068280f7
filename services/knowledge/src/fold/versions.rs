//! Versions of solutions are written, reviewed and approved, found wrong, put out of use, merged.

use aftercall_domain::solution::{Change, End};
use aftercall_ledger::{Accepted, Solved};
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::event::v1::{
    Event, SolutionDrafted, SolutionEdited, SolutionMerged, SolutionRestored, SolutionReturnCause,
    SolutionReturned, SolutionSubmitted, SolutionUnmerged, SolutionVersionRecalled,
};
use aftercall_proto::model::v1::{
    Solution, SolutionChange, SolutionChangeKind as Kind, VersionState,
};
use aftercall_view::{ApplyError, Txn};
use jiff::Timestamp;

use super::cases;
use super::publications::became;
use super::rows::{Subject, change};
use super::standing;
use crate::heads;
use crate::keys::versions as keys;

/// Something became of a solution.
pub(super) fn on_solved(
    fact: &Accepted,
    solved: &Solved,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let mut subject = Subject::of(fact, txn)?;
    let happened_at = subject
        .at()
        .as_ref()
        .and_then(from_wire)
        .unwrap_or_default();
    let done = match solved {
        Solved::Drafted(drafted) => draft(&mut subject, fact, drafted, txn)?,
        Solved::Edited(edited) => edit(&mut subject, fact, edited, txn)?,
        Solved::Submitted(submitted) => submit(&mut subject, fact, submitted, txn)?,
        Solved::Returned(returned) => give_back(&mut subject, fact, returned, txn)?,
        Solved::Approved(approved) => {
            let (at, by) = (subject.at(), &fact.event.actor_id);
            subject.approve(approved.version, txn)?;
            subject.turn(&Change::Approved(approved.version), txn)?;
            subject.edit(approved.version, txn, |solution| {
                solution.approved_by.clone_from(by);
                solution.approved_at = at;
            })?;
            change(Kind::Approved, approved.version, &approved.note)
        }
        Solved::VersionRecalled(recalled) => {
            standing::recall(fact, recalled, txn)?;
            recall(&mut subject, fact, recalled, txn)?
        }
        Solved::Retired(retired) => {
            let replaced_by = Some(retired.replaced_by.clone()).filter(|id| !id.is_empty());
            let at = happened_at;
            subject.turn(&Change::Ended(End::Retired { replaced_by, at }), txn)?;
            SolutionChange {
                other_solution_id: retired.replaced_by.clone(),
                ..change(Kind::Retired, retired.version, &retired.reason)
            }
        }
        Solved::Restored(restored) => restore(&mut subject, restored, txn)?,
        Solved::Merged(merged) => merge(&mut subject, fact, (merged, happened_at), txn)?,
        Solved::Unmerged(unmerged) => unmerge(&mut subject, fact, unmerged, txn)?,
        Solved::ConfidenceChanged(changed) => standing::trust(&mut subject, fact, changed, txn)?,
        Solved::Flagged(flagged) => standing::flag(&mut subject, fact, flagged, txn)?,
        Solved::FlagResolved(resolved) => standing::resolve(&mut subject, fact, resolved, txn)?,
        Solved::Verified(verified) => standing::verify(&mut subject, fact, verified, txn)?,
    };
    subject.finish(done, txn)
}

/// A version as an event brings it, of the solution that the event is of.
fn brought(fact: &Accepted, solution: Option<&Solution>) -> Solution {
    let mut solution = solution.cloned().unwrap_or_default();
    solution.solution_id.clone_from(&fact.event.aggregate_id);
    heads::with_defaults(&mut solution);
    solution.set_state(VersionState::Draft);
    solution
}

fn draft(
    subject: &mut Subject<'_>,
    fact: &Accepted,
    drafted: &SolutionDrafted,
    txn: &mut Txn<'_>,
) -> Result<SolutionChange, ApplyError> {
    let solution = brought(fact, drafted.solution.as_ref());
    subject.put(&solution, txn)?;
    subject.turn(&Change::Drafted(solution.version), txn)?;
    if !drafted.candidate_id.is_empty() {
        let Event {
            tenant_id,
            aggregate_id,
            ..
        } = &fact.event;
        let candidates = (&*drafted.candidate_id, &*drafted.near_candidate_ids);
        became(txn, tenant_id, aggregate_id, candidates)?;
    }
    Ok(SolutionChange {
        other_version: solution.based_on_version,
        ..change(Kind::Drafted, solution.version, &solution.change_note)
    })
}

fn edit(
    subject: &mut Subject<'_>,
    fact: &Accepted,
    edited: &SolutionEdited,
    txn: &mut Txn<'_>,
) -> Result<SolutionChange, ApplyError> {
    let solution = brought(fact, edited.solution.as_ref());
    subject.put(&solution, txn)?;
    subject.turn(&Change::Edited(solution.version), txn)?;
    Ok(SolutionChange {
        changed_fields: edited.changed_fields.clone(),
        ..change(Kind::Edited, solution.version, &edited.reason)
    })
}

fn submit(
    subject: &mut Subject<'_>,
    fact: &Accepted,
    submitted: &SolutionSubmitted,
    txn: &mut Txn<'_>,
) -> Result<SolutionChange, ApplyError> {
    subject.turn(&Change::Submitted(submitted.version), txn)?;
    subject.edit(submitted.version, txn, |solution| {
        solution.reviewers.clone_from(&submitted.reviewers);
        solution.submitted_by.clone_from(&fact.event.actor_id);
    })?;
    Ok(change(Kind::Submitted, submitted.version, &submitted.note))
}

fn give_back(
    subject: &mut Subject<'_>,
    fact: &Accepted,
    returned: &SolutionReturned,
    txn: &mut Txn<'_>,
) -> Result<SolutionChange, ApplyError> {
    let (turn, kind) = match returned.cause() {
        SolutionReturnCause::Discarded => (Change::Discarded(returned.version), Kind::Discarded),
        SolutionReturnCause::TakenBack => (Change::Returned(returned.version), Kind::TakenBack),
        SolutionReturnCause::ChangesRequested | SolutionReturnCause::Unspecified => {
            (Change::Returned(returned.version), Kind::ChangesRequested)
        }
    };
    subject.turn(&turn, txn)?;
    subject.edit(returned.version, txn, |solution| {
        solution.approved_by.clear();
        solution.approved_at = None;
        solution.submitted_by.clear();
    })?;
    if subject.head.life().is_given_up() {
        let event = &fact.event;
        cases::free(txn, &event.tenant_id, &event.aggregate_id)?;
    }
    Ok(change(kind, returned.version, &returned.reason))
}

fn recall(
    subject: &mut Subject<'_>,
    fact: &Accepted,
    recalled: &SolutionVersionRecalled,
    txn: &mut Txn<'_>,
) -> Result<SolutionChange, ApplyError> {
    let event = &fact.event;
    let row = heads::version(txn, &event.tenant_id, &event.aggregate_id, recalled.version)?;
    let is_again = row.is_some_and(|row| row.state() == VersionState::Recalled);
    // What is said of it later does not move since when it is not live.
    let turn = match is_again {
        true => Change::Other,
        false => Change::Recalled(recalled.version),
    };
    subject.turn(&turn, txn)?;
    subject.edit(recalled.version, txn, |solution| {
        solution.recall_id.clone_from(&recalled.recall_id);
    })?;
    Ok(change(Kind::Recalled, recalled.version, &recalled.reason))
}

fn restore(
    subject: &mut Subject<'_>,
    restored: &SolutionRestored,
    txn: &mut Txn<'_>,
) -> Result<SolutionChange, ApplyError> {
    subject.turn(&Change::Revived, txn)?;
    if let Some(verification) = &restored.verification {
        subject.head.last_verified = Some(verification.clone());
        subject.edit(restored.version, txn, |solution| {
            solution.verify_by = restored.verify_by;
        })?;
    }
    Ok(change(Kind::Restored, restored.version, &restored.reason))
}

fn merge(
    subject: &mut Subject<'_>,
    fact: &Accepted,
    (merged, at): (&SolutionMerged, Timestamp),
    txn: &mut Txn<'_>,
) -> Result<SolutionChange, ApplyError> {
    let into = merged.merged_into.clone();
    let key = keys::source(&fact.event.tenant_id, &into, &fact.event.aggregate_id);
    txn.put(key, "")?;
    subject.turn(&Change::Ended(End::Merged { into, at }), txn)?;
    Ok(SolutionChange {
        other_solution_id: merged.merged_into.clone(),
        ..change(Kind::Merged, merged.version, &merged.reason)
    })
}

fn unmerge(
    subject: &mut Subject<'_>,
    fact: &Accepted,
    unmerged: &SolutionUnmerged,
    txn: &mut Txn<'_>,
) -> Result<SolutionChange, ApplyError> {
    let event = &fact.event;
    txn.delete(keys::source(
        &event.tenant_id,
        &unmerged.merged_into,
        &event.aggregate_id,
    ))?;
    subject.turn(&Change::Revived, txn)?;
    Ok(SolutionChange {
        other_solution_id: unmerged.merged_into.clone(),
        ..change(Kind::Unmerged, unmerged.version, &unmerged.reason)
    })
}
